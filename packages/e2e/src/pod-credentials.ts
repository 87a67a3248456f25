// SPDX-License-Identifier: Apache-2.0
import path from 'node:path';
import type { Playground } from './playground.ts';
import type { WorkloadRow } from './pods.ts';

/** File with the projected token of a pod. */
export function podTokenFile(mesh: Playground, pod: WorkloadRow): string {
  return path.join(mesh.stateDir, 'pods', pod.uid, 'tokens/signet-token');
}

/** What the proxy of a pod calls itself on ADS. */
export function nodeIdOf(pod: WorkloadRow): string {
  return `sidecar~${pod.ips[0]}~${pod.name}.${pod.namespace}~${pod.namespace}.svc.cluster.local`;
}
