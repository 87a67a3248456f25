// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TokenSubject } from './token-issuer.ts';

const namespace = 'bench';
const serviceAccount = 'worker';
const node = { name: 'node-1', uid: 'node-1-uid' };

type BoundSubject = TokenSubject & { readonly pod: { readonly name: string; readonly uid: string } };

function podManifest(pod: { readonly name: string; readonly uid: string }, index: number): object {
  const ip = `10.99.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      ...pod,
      creationTimestamp: new Date().toISOString(),
      labels: { app: serviceAccount },
      annotations: { 'signet.dev/agent': 'bench' },
    },
    spec: { serviceAccountName: serviceAccount, nodeName: node.name, containers: [{ name: 'app', image: 'bench' }] },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'app', image: 'bench', imageID: 'bench@sha256:00', ready: true }],
    },
  };
}

/** Writes the manifests of a cluster with running, enrolled pods; returns whom tokens may be bound to. */
export function writeBenchCluster(directory: string, podCount: number): readonly BoundSubject[] {
  mkdirSync(directory, { recursive: true });
  const write = (name: string, value: object): void =>
    writeFileSync(path.join(directory, `${name}.json`), JSON.stringify(value));
  write('namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, uid: 'ns-bench', labels: { 'signet.dev/inject': 'enabled' } },
  });
  write('account', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name: serviceAccount, uid: 'sa-worker' },
  });
  return Array.from({ length: podCount }, (_, index) => {
    const pod = { name: `worker-${index}`, uid: `pod-${index}` };
    write(`pod-${index}`, podManifest(pod, index));
    return { namespace, serviceAccount, pod, node };
  });
}
