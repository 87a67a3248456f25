// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import type { FlowKey } from './flow.ts';
import { createFlowAggregator, overflowFailure } from './flow-aggregator.ts';

const key: FlowKey = {
  isInbound: true,
  peerSpiffeId: 'spiffe://cluster.local/ns/shop/sa/frontend',
  peerSerial: '0a',
  peerAddress: '10.0.0.7',
  port: 8080,
  transport: 'mtls',
  verdict: 'ALLOWED',
  rule: '',
  tlsVersion: 'TLSv1.3',
  localSerial: '0b',
  target: '',
  failure: '',
};
const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const total = (flows: readonly { readonly calls: number }[]): number =>
  flows.reduce((sum, flow) => sum + flow.calls, 0);

test('calls with one key are one flow with the newest time', () => {
  const flows = createFlowAggregator();
  flows.add(key, at(1));
  flows.add({ ...key }, at(3));
  flows.add(key, at(2));
  flows.add({ ...key, peerSerial: '0c' }, at(4));
  expect(flows.take()).toEqual([
    { ...key, calls: 2 + 1, lastSeen: at(3) },
    { ...key, peerSerial: '0c', calls: 1, lastSeen: at(4) },
  ]);
  expect(flows.take()).toEqual([]);
});

test('what could not be reported is counted with what came since', () => {
  const flows = createFlowAggregator();
  flows.add(key, at(1));
  const taken = flows.take();
  flows.add(key, at(5));
  flows.restore(taken);
  expect(flows.take()).toEqual([{ ...key, calls: 2, lastSeen: at(5) }]);
});

test('at the limit details go, counts stay', () => {
  const flows = createFlowAggregator(10);
  for (let index = 0; index < 1_000; index += 1) flows.add({ ...key, peerAddress: `10.0.${index}.1` }, at(0));
  flows.add({ ...key, verdict: 'DENIED', peerAddress: 'another' }, at(0));
  const taken = flows.take();
  expect(total(taken)).toBe(1_001);
  expect(taken.length).toBe(12);
  expect(taken.filter((flow) => flow.failure === overflowFailure).map((flow) => [flow.verdict, flow.calls])).toEqual([
    ['ALLOWED', 990],
    ['DENIED', 1],
  ]);
});
