// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Reason } from '@signet/model';
import { at, event, podEvent, revision } from '../../test/inventory-events.ts';
import type { LivePods } from '../inventory/live-pods.ts';
import { PodDirectory } from '../inventory/pod-directory.ts';
import { createPodChecker, silenceMaxMs, type ClaimedPod, type PodChecker } from './check-pod.ts';

let now: Date;
let directory: PodDirectory;
let livePods: LivePods;
let liveReads: number;
let checker: PodChecker;
const live = {
  uid: 'cart',
  namespace: 'shop',
  name: 'cart',
  serviceAccount: 'cart',
  node: 'node-a',
  ips: [],
  isTerminating: false,
  hasEnded: false,
};

beforeEach(() => {
  now = at(0);
  directory = new PodDirectory(() => undefined);
  liveReads = 0;
  livePods = {
    read: ({ uid }) => {
      liveReads += 1;
      return Promise.resolve(uid === 'cart' ? live : undefined);
    },
    close: () => Promise.resolve(),
  };
  checker = createPodChecker({ directory, livePods, clock: { now: () => now } });
});

function know(...events: readonly Parameters<typeof event>[0][]): void {
  for (const one of [...events, revision()]) directory.apply(event(one), now);
}

function claim(change: Partial<ClaimedPod> = {}): ClaimedPod {
  return {
    namespace: 'shop',
    name: 'cart',
    uid: 'cart',
    serviceAccount: 'cart',
    node: 'node-a',
    issuedAt: at(-1),
    ...change,
  };
}

async function reasonOf(change: Partial<ClaimedPod> = {}): Promise<Reason | undefined> {
  return await checker.check(claim(change), new AbortController().signal).then(
    () => undefined,
    (error: { reason: Reason }) => error.reason,
  );
}

describe('by a fresh inventory', () => {
  test('a living pod passes, and nobody else is asked', async () => {
    know(podEvent('cart'));
    expect(await checker.check(claim(), new AbortController().signal)).toEqual({ node: 'node-a' });
    expect(liveReads).toBe(0);
  });

  test.each<[string, Reason, Parameters<typeof podEvent>[1], Partial<ClaimedPod>]>([
    ['terminating', 'POD_TERMINATING', { terminating: true }, {}],
    ['finished', 'POD_TERMINATING', { phase: 'Failed' }, {}],
    ['under another account', 'POD_ACCOUNT_MISMATCH', { serviceAccount: 'other' }, {}],
    ['on another node', 'POD_NODE_MISMATCH', { node: 'node-b' }, {}],
    ['not scheduled yet', 'POD_NOT_VISIBLE', { node: '' }, {}],
    ['of another name', 'POD_UNKNOWN', {}, { name: 'payments' }],
    ['of another namespace', 'POD_UNKNOWN', {}, { namespace: 'other' }],
  ])('a pod %s: %s', async (_name, reason, change, claimed) => {
    know(podEvent('cart', change));
    expect(await reasonOf(claimed)).toBe(reason);
  });

  test('a credential without a node is not compared by node', async () => {
    know(podEvent('cart'));
    expect(await reasonOf({ node: '' })).toBeUndefined();
  });

  test('an unknown pod is waited for until 30 s after its credential was made', async () => {
    know();
    expect(await reasonOf({ issuedAt: at(-29) })).toBe('POD_NOT_VISIBLE');
    expect(await reasonOf({ uid: 'b', issuedAt: at(-31) })).toBe('POD_UNKNOWN');
  });

  test('a credential from the future gains nothing: the first sight counts', async () => {
    know();
    expect(await reasonOf({ issuedAt: at(3600) })).toBe('POD_NOT_VISIBLE');
    now = at(31);
    know();
    expect(await reasonOf({ issuedAt: at(3600) })).toBe('POD_UNKNOWN');
  });

  test('a pod whose removal was seen is refused at once', async () => {
    know(podEvent('cart'));
    know({ deleted: { kind: 'workload', namespace: 'shop', name: 'cart', uid: 'cart' } });
    expect(await reasonOf()).toBe('POD_UNKNOWN');
  });
});

describe('by a silent inventory', () => {
  beforeEach(() => {
    know(podEvent('cart', { terminating: true }));
    now = new Date(now.getTime() + silenceMaxMs + 1);
  });

  test('the pod itself is read', async () => {
    expect(await reasonOf()).toBeUndefined();
    expect(liveReads).toBe(1);
  });

  test('a pod that is not there is refused after its grace', async () => {
    expect(await reasonOf({ uid: 'gone', issuedAt: at(-60) })).toBe('POD_UNKNOWN');
    expect(await reasonOf({ uid: 'young', issuedAt: now })).toBe('POD_NOT_VISIBLE');
  });

  test('without a source nobody is vouched for', async () => {
    checker = createPodChecker({ directory, livePods: undefined, clock: { now: () => now } });
    expect(await reasonOf()).toBe('INVENTORY_NOT_SYNCED');
  });
});
