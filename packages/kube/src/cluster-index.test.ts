// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { ClusterIndex } from './cluster-index.ts';
import { parseKubeObject } from './kube-object.ts';

const state = { revision: 1, isSynced: true, isStale: false, fileProblems: [] };

function put(index: ClusterIndex, value: unknown): void {
  const object = parseKubeObject(value);
  if (!object.ok) throw new Error(object.error);
  index.upsert({ object: object.value, origin: '' });
}

/** A pod with the UID `pod`, under a ReplicaSet of that name and UID, or under none. */
function putPod(index: ClusterIndex, controller: { name: string; uid?: string } | undefined): void {
  const owner = controller && { apiVersion: 'apps/v1', kind: 'ReplicaSet', uid: controller.name, ...controller };
  const ownerReferences = owner === undefined ? [] : [{ ...owner, controller: true }];
  const labels = { app: controller?.name ?? '' };
  const metadata = { name: 'x', namespace: 'shop', uid: 'pod', labels, ownerReferences };
  put(index, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } });
}

describe('a pod is adopted', () => {
  test.each([
    ['when it came bare', [undefined, { name: 'a' }], ['pod']],
    ['when another controller had it', [{ name: 'a' }, { name: 'b' }], ['pod']],
    ['when it was given away in between', [{ name: 'a' }, undefined, { name: 'b' }], ['pod']],
    ['not when it came with its controller', [{ name: 'a' }, { name: 'a' }], []],
    ['not when its controller was made again', [{ name: 'a' }, undefined, { name: 'a', uid: 'again' }], []],
    ['not while it has none', [{ name: 'a' }, undefined], []],
  ])('%s', (_, steps, expected) => {
    const index = new ClusterIndex({ trustDomain: 'cluster.local' });
    for (const controller of steps) putPod(index, controller);
    expect([...index.snapshot(state).adopted]).toEqual(expected);
  });
});
