// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { InventoryEvent, InventoryEvent__Output } from '@signet/proto';
import { inventory } from '@signet/proto';
import { podEvent, revisionEvent, serviceEvents } from '../test/sample-inventory.ts';
import { createInventoryMirror } from './inventory-mirror.ts';

/** What arrives after a trip over the wire, defaults filled in. */
function received(event: InventoryEvent): InventoryEvent__Output {
  const { responseSerialize, responseDeserialize } = inventory.WatchInventory;
  return responseDeserialize(responseSerialize(event));
}

function feed(...events: readonly InventoryEvent[]) {
  const mirror = createInventoryMirror();
  return { mirror, snapshots: events.map((event) => mirror.apply(received(event))) };
}

describe('the mirror', () => {
  test('publishes at synced revisions only', () => {
    const { snapshots } = feed(podEvent('a', '10.0.0.1'), revisionEvent(1, { synced: false }), revisionEvent(2));
    expect(snapshots.map((snapshot) => snapshot?.revision.source)).toEqual([undefined, undefined, 2]);
  });

  test('reads pods, Services and endpoints', () => {
    const { snapshots } = feed(
      podEvent('a', '10.0.0.1'),
      ...serviceEvents('a', '10.1.0.1', '10.0.0.1'),
      revisionEvent(1),
    );
    const snapshot = snapshots.at(-1);
    expect(snapshot?.workloads.get('uid-a')).toMatchObject({
      name: 'a',
      ips: ['10.0.0.1'],
      isEnrolled: true,
      spiffeId: 'spiffe://cluster.local/ns/shop/sa/a',
      phase: 'Running',
      certificate: undefined,
    });
    expect(snapshot?.services.get('shop/a')).toMatchObject({
      clusterIps: ['10.1.0.1'],
      ports: [{ port: 80, targetPort: 'http', protocol: 'http' }],
    });
    expect(snapshot?.endpoints.get('shop/a')).toMatchObject([{ isOffered: true, reason: 'ATTESTED', podUid: 'uid-a' }]);
  });

  test('an endpoint that needs mTLS and names no readable identity is withheld', () => {
    const endpoint = {
      namespace: 'shop',
      service: 'a',
      address: '10.0.0.1',
      port: 1,
      offered: true,
      reason: 'ATTESTED',
    };
    const endpoints = [
      { ...endpoint, mutualTls: true },
      { ...endpoint, mutualTls: false, spiffeId: 'nonsense' },
      { ...endpoint, mutualTls: false },
    ];
    const { snapshots } = feed({ endpoints: { namespace: 'shop', service: 'a', endpoints } }, revisionEvent(1));
    expect(
      snapshots
        .at(-1)
        ?.endpoints.get('shop/a')
        ?.map(({ isOffered }) => isOffered),
    ).toEqual([false, false, true]);
  });

  test('policies carry their spec; one that is not JSON breaks the watch instead of being dropped', () => {
    const policy = { apiVersion: 'v1', kind: 'PeerAuthentication', namespace: 'shop', name: 'p', generation: 3 };
    const { mirror, snapshots } = feed(
      { policy: { ...policy, specJson: '{"mtls":{"mode":"STRICT"}}' } },
      revisionEvent(1),
    );
    expect(snapshots.at(-1)?.policies.get('PeerAuthentication/shop/p')).toMatchObject({
      generation: 3,
      spec: { mtls: { mode: 'STRICT' } },
    });
    expect(() => mirror.apply(received({ policy: { ...policy, specJson: '{' } }))).toThrow('PeerAuthentication shop/p');
  });

  test('what is deleted is gone, and earlier snapshots do not change', () => {
    const policy = { kind: 'PeerAuthentication', namespace: 'shop', name: 'p', specJson: '{}' };
    const { mirror, snapshots } = feed(
      { namespace: { name: 'shop' } },
      podEvent('a', '10.0.0.1'),
      ...serviceEvents('a', '10.1.0.1', '10.0.0.1'),
      { policy },
      revisionEvent(1),
    );
    const before = snapshots.at(-1);
    for (const deleted of [
      { kind: 'namespace', name: 'shop' },
      { kind: 'workload', namespace: 'shop', name: 'a', uid: 'uid-a' },
      { kind: 'service', namespace: 'shop', name: 'a' },
      { kind: 'endpoints', namespace: 'shop', name: 'a' },
      { kind: 'policy', namespace: 'shop', name: 'p', uid: 'PeerAuthentication' },
    ]) {
      mirror.apply(received({ deleted }));
    }
    const after = mirror.apply(received(revisionEvent(2)));
    expect([
      after?.namespaces.size,
      after?.workloads.size,
      after?.services.size,
      after?.endpoints.size,
      after?.policies.size,
    ]).toEqual([0, 0, 0, 0, 0]);
    expect([before?.namespaces.size, before?.workloads.size, before?.policies.size]).toEqual([1, 1, 1]);
  });

  test('tables without changes keep their identity', () => {
    const { mirror, snapshots } = feed(podEvent('a', '10.0.0.1'), revisionEvent(1));
    const next = mirror.apply(received(revisionEvent(2)));
    expect(next?.workloads).toBe(snapshots.at(-1)?.workloads);
  });
});
