// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { SignetError, type InventorySnapshot } from '@signet/model';
import { samplePod, sampleSnapshot } from '../test/sample-inventory.ts';
import type { KnownIssuance } from './issuance-cache.ts';
import { identifyStream, type StreamIdentityDeps } from './stream-identity.ts';

const spiffeId = 'spiffe://cluster.local/ns/shop/sa/web';
const issuance: KnownIssuance = {
  serial: '0a',
  spiffeId,
  podUid: 'uid-web',
  namespace: 'shop',
  podName: 'web',
  notAfter: new Date(),
};
const peer = { raw: Buffer.alloc(0), serial: '0a', spiffeId, notAfter: new Date() };
const good = 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local';

function identify(o: {
  id?: string;
  issuance?: Partial<KnownIssuance> | SignetError;
  snapshots?: readonly (InventorySnapshot | undefined)[];
  peer?: typeof peer | undefined;
}) {
  const snapshots = [...(o.snapshots ?? [sampleSnapshot(1, samplePod('web', '10.0.0.1'))])];
  let elapsed = 0;
  const deps: StreamIdentityDeps = {
    issuances: {
      async find() {
        if (o.issuance instanceof SignetError) throw o.issuance;
        return { ...issuance, ...o.issuance };
      },
    },
    snapshot: () => snapshots[0],
    async nextSnapshot(ms) {
      if (snapshots.length > 1) snapshots.shift();
      else elapsed += ms;
    },
    trustDomain: 'cluster.local',
    elapsedMs: () => elapsed,
  };
  const node = { id: o.id ?? good, cluster: '', version: '1.40.0', metadata: new Map() };
  return identifyStream(deps, node, { peer: 'peer' in o ? o.peer : peer, signal: new AbortController().signal });
}

describe('identifyStream', () => {
  test('serial, ledger, pod and node id agree', async () => {
    await expect(identify({})).resolves.toEqual({ podUid: 'uid-web', namespace: 'shop', pod: 'web', serial: '0a' });
  });

  test.each([
    ['no certificate', { peer: undefined }, 'CREDENTIAL_MISSING'],
    ['a serial that the ledger does not have', { issuance: new SignetError('SERIAL_UNKNOWN', '') }, 'SERIAL_UNKNOWN'],
    ['the CA does not answer', { issuance: new SignetError('CA_DOWN', '') }, 'CA_DOWN'],
    [
      'the ledger has another identity',
      { issuance: { spiffeId: 'spiffe://cluster.local/ns/shop/sa/db' } },
      'SERIAL_UNKNOWN',
    ],
    ['an identity without a pod', { issuance: { podUid: '' } }, 'CALLER_NOT_ALLOWED'],
    ['another pod', { id: 'sidecar~10.0.0.1~db.shop~shop.svc.cluster.local' }, 'NODE_ID_MISMATCH'],
    ['another namespace', { id: 'sidecar~10.0.0.1~web.bank~bank.svc.cluster.local' }, 'NODE_ID_MISMATCH'],
    ['another address', { id: 'sidecar~10.0.0.2~web.shop~shop.svc.cluster.local' }, 'NODE_ID_MISMATCH'],
    ['another trust domain', { id: 'sidecar~10.0.0.1~web.shop~shop.svc.evil.example' }, 'NODE_ID_MISMATCH'],
    ['a router', { id: 'router~10.0.0.1~web.shop~shop.svc.cluster.local' }, 'NODE_ID_MISMATCH'],
    ['more parts', { id: `${good}~x` }, 'NODE_ID_MISMATCH'],
    ['empty', { id: '' }, 'NODE_ID_MISMATCH'],
    ['a pod that never appears', { snapshots: [sampleSnapshot(1)] }, 'POD_NOT_VISIBLE'],
    ['no inventory', { snapshots: [undefined] }, 'INVENTORY_NOT_SYNCED'],
    [
      'a finished pod',
      { snapshots: [sampleSnapshot(1, samplePod('web', '10.0.0.1', { phase: 'Failed' }))] },
      'POD_TERMINATING',
    ],
  ] as const)('%s', async (_, o, reason) => {
    await expect(identify(o)).rejects.toMatchObject({ reason });
  });

  test('waits for the pod and then for its address', async () => {
    const snapshots = [
      undefined,
      sampleSnapshot(1),
      sampleSnapshot(2, samplePod('web', '', { ips: [] })),
      sampleSnapshot(3, samplePod('web', '10.0.0.1')),
    ];
    await expect(identify({ snapshots })).resolves.toMatchObject({ podUid: 'uid-web' });
  });
});
