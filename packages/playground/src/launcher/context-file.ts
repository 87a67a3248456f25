// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { writeFileAtomically } from '../atomic-file.ts';
import { controlPlaneId } from '../kubelet/agent-settings.ts';
import type { StatePaths } from '../state-paths.ts';

/** What a client of the APIs needs; `signet` reads it when it is given no flags. */
export interface Context {
  readonly discoveryGrpc: string;
  readonly discoveryRest: string;
  readonly configGrpc: string;
  readonly caToken: string;
  readonly caMtls: string;
  readonly rootsFile: string;
  /** Token of signet-system/signet-operator. */
  readonly tokenFile: string;
  readonly controlPlaneIds: readonly string[];
  readonly execCommand: { readonly socket: string };
  readonly pid: number;
}

/** Describes the playground on this state and port base. */
export function createContext(paths: StatePaths, portBase: number): Context {
  const address = (offset: number): string => `127.0.0.1:${portBase + offset}`;
  return {
    discoveryGrpc: address(22),
    discoveryRest: `https://${address(23)}`,
    configGrpc: address(16),
    caToken: address(12),
    caMtls: address(11),
    rootsFile: paths.rootsFile,
    tokenFile: path.join(paths.tokens, 'signet-operator'),
    controlPlaneIds: [controlPlaneId],
    execCommand: { socket: path.join(paths.sockets, 'exec.sock') },
    pid: process.pid,
  };
}

/** Files in which clients look: SIGNET_CONTEXT, else the default place; and the state directory in any case. */
function contextFiles(paths: StatePaths, env: NodeJS.ProcessEnv): string[] {
  const stateHome = env['XDG_STATE_HOME'] || path.join(env['HOME'] ?? homedir(), '.local/state');
  return [...new Set([env['SIGNET_CONTEXT'] || path.join(stateHome, 'signet', 'context.json'), paths.contextFile])];
}

/** Lets clients find this playground; returns what makes them forget it, unless another has taken the place since. */
export function publishContext(context: Context, paths: StatePaths, env: NodeJS.ProcessEnv): () => void {
  const files = contextFiles(paths, env);
  for (const file of files) writeFileAtomically(file, `${JSON.stringify(context, undefined, 2)}\n`, 0o600);
  return () => {
    for (const file of files) if (isOurs(file)) rmSync(file, { force: true });
  };
}

function isOurs(file: string): boolean {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Context).pid === process.pid;
  } catch {
    return false;
  }
}
