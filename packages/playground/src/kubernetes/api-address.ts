// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { run } from '../child-process.ts';
import { startForward } from '../socket-forward.ts';
import type { StatePaths } from '../state-paths.ts';

const kubeconfigShape = z.looseObject({
  'current-context': z.string(),
  contexts: z.array(z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string() }) })),
  clusters: z.array(z.looseObject({ name: z.string(), cluster: z.looseObject({ server: z.url() }) })),
});

/** Where a kube-apiserver is. */
export interface ApiAddress {
  readonly host: string;
  readonly port: number;
}

/** Address of the kubeconfig's current cluster. */
export function readApiAddress(kubeconfig: string): ApiAddress {
  const config = kubeconfigShape.parse(parse(readFileSync(kubeconfig, 'utf8')));
  const context = config.contexts.find(({ name }) => name === config['current-context']);
  const cluster = config.clusters.find(({ name }) => name === context?.context.cluster);
  if (cluster === undefined) throw new Error(`${kubeconfig}: the current context names no cluster`);
  const url = new URL(cluster.cluster.server);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
}

/** Socket over which the cluster's network namespace reaches the API. */
export function apiSocket(paths: StatePaths): string {
  return path.join(paths.sockets, 'kube-api.sock');
}

/**
 * Makes the API reachable from inside the cluster's namespaces under the very address that the kubeconfig names, so that
 * certificates are judged as always: the address goes on the loopback interface, a host name into /etc/hosts.
 */
export async function serveApiInside({ host, port }: ApiAddress, paths: StatePaths): Promise<void> {
  const isLoopback = host === 'localhost' || host.startsWith('127.') || host === '::1';
  if (!isLoopback && isIP(host) !== 0) await run('ip', ['addr', 'add', host, 'dev', 'lo']);
  if (!isLoopback && isIP(host) === 0) {
    const file = path.join(paths.controlPlane, 'hosts');
    writeFileSync(file, `${readFileSync('/etc/hosts', 'utf8')}\n127.0.0.1 ${host}\n`);
    await run('mount', ['--bind', file, '/etc/hosts']);
  }
  await startForward({ host: isIP(host) === 0 ? '127.0.0.1' : host, port }, { path: apiSocket(paths) });
}
