// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { ConnectedProxy } from '@signet/xds';
import { desiredState, encoded } from '../../xds/test/sample-resources.ts';
import { driveSession } from '../../xds/test/session-driver.ts';
import { samplePod, sampleSnapshot } from '../test/sample-inventory.ts';
import { judgeConvergence } from './convergence.ts';

const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener';
const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

/** A proxy that settled on a revision, having rejected something or not. */
function proxyAt(
  id: number,
  revision: number,
  o: { isRejecting?: boolean; drainsUntilMs?: number } = {},
): ConnectedProxy {
  const driver = driveSession('delta');
  const bad = encoded(listenerType, 'l', new Uint8Array([10, 1, 108]));
  driver.desire(desiredState(revision, ...(o.isRejecting === true ? [bad] : [])));
  const [clusters] = driver.request({ typeUrl: clusterType });
  const [listeners] = driver.request({ typeUrl: listenerType });
  if (clusters === undefined || listeners === undefined) throw new Error('no response');
  driver.ack(clusters);
  if (o.isRejecting === true) driver.nack(listeners, 'bad');
  else driver.ack(listeners);
  return {
    id,
    identity: { podUid: '', namespace: '', pod: '', serial: '' },
    node: { id: '', cluster: '', version: '', metadata: new Map() },
    variant: 'delta',
    connectionId: 1,
    connectedAt: new Date(),
    drainsUntilMs: o.drainsUntilMs ?? 0,
    stream: {
      session: driver.session,
      receive: () => {},
      desire: () => {},
      fail: () => {},
      end: () => {},
      async *responses() {},
    },
  };
}

function judge(
  proxies: Readonly<Record<string, readonly ConnectedProxy[]>>,
  o: { target?: number; final?: number | undefined } = {},
) {
  const final = 'final' in o ? o.final : 5;
  const pods = Object.keys(proxies).map((name, index) => samplePod(name, `10.0.0.${index}`));
  return judgeConvergence({
    target: { source: o.target ?? 5, ledger: 0 },
    final: final === undefined ? undefined : { source: final, ledger: 0 },
    snapshot: sampleSnapshot(
      5,
      ...pods,
      samplePod('outside', '10.0.1.1', { isEnrolled: false }),
      samplePod('ending', '10.0.1.2', { isTerminating: true }),
    ),
    registry: { ofPod: (uid) => proxies[uid.slice('uid-'.length)] ?? [] },
    nowMs: 1000,
  });
}

describe('judgeConvergence', () => {
  test('done when every enrolled running pod has acknowledged', () => {
    expect(judge({ a: [proxyAt(1, 5)], b: [proxyAt(2, 6)] })).toMatchObject({
      isDone: true,
      acked: ['shop/a', 'shop/b'],
      pending: [],
    });
  });

  test('a pod without a stream is pending', () => {
    expect(judge({ a: [proxyAt(1, 5)], b: [] })).toMatchObject({
      isDone: false,
      acked: ['shop/a'],
      pending: ['shop/b'],
    });
  });

  test('an older state is pending, and the newest stream counts', () => {
    expect(judge({ a: [proxyAt(1, 5), proxyAt(2, 4)] })).toMatchObject({ isDone: false, pending: ['shop/a'] });
  });

  test('a rejection is an answer', () => {
    expect(judge({ a: [proxyAt(1, 5, { isRejecting: true })] })).toMatchObject({ isDone: true, nacked: ['shop/a'] });
  });

  test('drains count', () => {
    expect(judge({ a: [proxyAt(1, 5, { drainsUntilMs: 1001 })] })).toMatchObject({
      isDone: false,
      acked: ['shop/a'],
      pending: [],
    });
    expect(judge({ a: [proxyAt(1, 5, { drainsUntilMs: 1000 })] })).toMatchObject({ isDone: true });
  });

  test('nothing is done before the revision is compiled and final', () => {
    expect(judge({ a: [proxyAt(1, 5)] }, { final: undefined })).toMatchObject({ isDone: false, pending: ['shop/a'] });
    expect(judge({ a: [proxyAt(1, 5)] }, { final: 4 })).toMatchObject({ isDone: false });
    expect(judge({ a: [proxyAt(1, 5)] }, { target: 6 })).toMatchObject({ isDone: false });
  });

  test('no snapshot, nothing done', () => {
    const input = {
      target: { source: 0, ledger: 0 },
      final: undefined,
      snapshot: undefined,
      registry: { ofPod: () => [] },
      nowMs: 0,
    };
    expect(judgeConvergence(input)).toMatchObject({ isDone: false });
  });
});
