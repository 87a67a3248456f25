// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { InventorySnapshot, PolicyObject } from '@signet/model';
import { emptyInventory } from '../inventory/inventory-view.ts';
import { eventKinds, eventsBetween } from './to-events.ts';

const all = new Set(eventKinds);

function policy(name: string, origin = ''): PolicyObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    namespace: 'shop',
    name,
    uid: name,
    generation: 1,
    createdAt: new Date(0),
    spec: { rules: [] },
    annotations: {},
    origin,
  };
}

function snapshot(overrides: Partial<InventorySnapshot>): InventorySnapshot {
  return { ...emptyInventory, isSynced: true, ...overrides };
}

describe('eventsBetween', () => {
  const shop = { name: 'shop', labels: { 'signet.dev/inject': 'enabled' } };

  test('from nothing: everything, then the revision', () => {
    const now = snapshot({ namespaces: new Map([['shop', shop]]), revision: { source: 5, ledger: 2 } });
    expect(eventsBetween(undefined, now, all)).toEqual([
      { namespace: { name: 'shop', labels: shop.labels, enrolled: true } },
      { revision: { revision: { source: 5, ledger: 2 }, synced: true, stale: false } },
    ]);
  });

  test('only what is another value, and what is gone', () => {
    const kept = policy('kept');
    const before = snapshot({
      policies: new Map([
        ['k', kept],
        ['g', policy('gone')],
        ['c', policy('changed')],
      ]),
    });
    const now = snapshot({
      policies: new Map([
        ['k', kept],
        ['c', policy('changed')],
      ]),
    });
    const events = eventsBetween(before, now, all);
    expect(events.map((event) => event.policy?.name ?? event.deleted?.name ?? 'revision')).toEqual([
      'changed',
      'gone',
      'revision',
    ]);
    expect(events[1]?.deleted).toEqual({ kind: 'policy', namespace: 'shop', name: 'gone', uid: 'AuthorizationPolicy' });
  });

  test('kinds that were not asked for are left out', () => {
    const now = snapshot({ namespaces: new Map([['shop', shop]]), policies: new Map([['k', policy('k')]]) });
    expect(eventsBetween(undefined, now, new Set(['policy'] as const)).map((event) => Object.keys(event)[0])).toEqual([
      'policy',
      'revision',
    ]);
  });

  test('a file that breaks shows at the policies that were read from it', () => {
    const policies = new Map([
      ['a', policy('a', '/m/a.yaml:3')],
      ['b', policy('b', '/m/b.yaml:1')],
    ]);
    const before = snapshot({ policies });
    const now = snapshot({ policies, fileProblems: ['/m/a.yaml:7:1: spec: bad'] });
    expect(eventsBetween(before, now, all).map((event) => event.policy?.problems)).toEqual([
      ['/m/a.yaml:7:1: spec: bad'],
      undefined,
    ]);
  });
});
