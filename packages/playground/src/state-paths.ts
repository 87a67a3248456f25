// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where one playground keeps its things; everything is below `root`, the sockets excepted when their path would be too long. */
export interface StatePaths {
  readonly root: string;
  /** Generated Kubernetes objects, one JSON file each; discovery reads them. */
  readonly objects: string;
  /** Key of the token issuer and its JWKS. */
  readonly issuer: string;
  readonly jwksFile: string;
  /** Tokens of control plane and operator. */
  readonly tokens: string;
  /** Configuration and master key of the control plane. */
  readonly controlPlane: string;
  /** What every pod may read: the trust bundle. */
  readonly publicDir: string;
  readonly rootsFile: string;
  /** One directory for each pod, by UID. */
  readonly pods: string;
  /** What the agents of ended pods recorded: every certificate that they received, by pod UID. */
  readonly issuances: string;
  readonly database: string;
  readonly logs: string;
  /** Unix sockets. */
  readonly sockets: string;
  readonly lockFile: string;
  readonly contextFile: string;
  readonly clusterConfigFile: string;
}

// A Unix socket's path has at most 107 bytes; the longest name below is `.s.PGSQL.5432.lock`.
const maxSocketDirectoryLength = 85;

/** Lays out a state directory. */
export function statePaths(root: string): StatePaths {
  const own = path.join(root, 'sockets');
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12);
  return {
    root,
    objects: path.join(root, 'cluster'),
    issuer: path.join(root, 'issuer'),
    jwksFile: path.join(root, 'issuer', 'jwks.json'),
    tokens: path.join(root, 'tokens'),
    controlPlane: path.join(root, 'control-plane'),
    publicDir: path.join(root, 'public'),
    rootsFile: path.join(root, 'public', 'roots.pem'),
    pods: path.join(root, 'pods'),
    issuances: path.join(root, 'issuances'),
    database: path.join(root, 'database'),
    logs: path.join(root, 'logs'),
    sockets: Buffer.byteLength(own) <= maxSocketDirectoryLength ? own : path.join(tmpdir(), `signet-${hash}`),
    lockFile: path.join(root, 'lock'),
    contextFile: path.join(root, 'context.json'),
    clusterConfigFile: path.join(root, 'cluster.json'),
  };
}
