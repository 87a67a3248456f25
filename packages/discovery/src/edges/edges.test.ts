// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { formatSpiffeId, type Workload } from '@signet/model';
import type { Flow__Output } from '@signet/proto';
import { emptyInventory } from '../inventory/inventory-view.ts';
import type { KnownCertificate } from '../ledger/certificate-ledger.ts';
import { edgeFromFlow, hostOf } from './edge-from-flow.ts';
import { EdgeTable, type Edge } from './edge-table.ts';
import { TrafficReporters } from './traffic-reporters.ts';

const spiffeId = formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'checkout' });

function workload(name: string, ip: string): Workload {
  return {
    uid: `uid-${name}`,
    namespace: 'shop',
    name,
    owners: [{ kind: 'Deployment', name: 'checkout', uid: 'd', isVerified: true }],
    serviceAccount: 'checkout',
    node: 'node-1',
    ips: [ip],
    labels: {},
    annotations: {},
    containers: [],
    isEnrolled: true,
    spiffeId,
    certificate: undefined,
    phase: 'Running',
    isReady: true,
    isTerminating: false,
    usesHostNetwork: false,
    createdAt: new Date(0),
  };
}

function certificate(pod: string): KnownCertificate {
  return {
    sequence: 1,
    serial: pod === 'a' ? '0a' : '0b',
    spiffeId,
    profile: 'workload',
    podUid: `uid-${pod}`,
    podName: pod,
    namespace: 'shop',
    notBefore: new Date(0),
    notAfter: new Date(0),
  };
}

const snapshot = {
  ...emptyInventory,
  workloads: new Map([workload('a', '10.0.0.1'), workload('b', '10.0.0.2')].map((one) => [one.uid, one])),
};
const context = {
  snapshot,
  reporter: certificate('a'),
  findCertificate: (serial: string) =>
    serial === '0b' ? certificate('b') : serial === '0c' ? { ...certificate('c') } : undefined,
};

function flow(overrides: Partial<Flow__Output>): Flow__Output {
  return {
    inbound: true,
    peerSpiffeId: '',
    peerSerial: '',
    peerAddress: '10.0.0.2:40000',
    port: 8080,
    transport: 'plaintext',
    verdict: 'ALLOWED',
    rule: '',
    calls: 2,
    lastSeen: { seconds: 100, nanos: 0 },
    tlsVersion: '',
    localSerial: '',
    target: '',
    failure: '',
    ...overrides,
  };
}

describe('edgeFromFlow', () => {
  test.each<[string, Partial<Flow__Output>, Partial<Edge> | undefined]>([
    [
      'inbound mTLS is attributed by serial, whatever the address',
      { transport: 'mtls', peerSerial: '0b', peerSpiffeId: spiffeId, peerAddress: '10.9.9.9:1' },
      {
        source: 'shop/checkout',
        sourcePod: 'b',
        sourceSerial: '0b',
        destination: 'shop/checkout',
        destinationPod: 'a',
        destinationSerial: '0a',
      },
    ],
    [
      'a caller that is gone keeps its name',
      { transport: 'mtls', peerSerial: '0c' },
      { source: 'shop/c', sourcePod: 'c' },
    ],
    [
      'plaintext from a known address',
      {},
      { source: 'shop/checkout', sourcePod: 'b', sourceSerial: '', destinationSerial: '' },
    ],
    [
      'a caller turned away before any handshake saw no certificate',
      { transport: '', verdict: 'DENIED', failure: 'transport not accepted' },
      { destinationSerial: '', rule: 'transport not accepted' },
    ],
    ['plaintext from elsewhere', { peerAddress: '[2001:db8::1]:99' }, { source: '2001:db8::1', sourcePod: '' }],
    ['outbound mTLS is the other side’s to report', { inbound: false, transport: 'mtls' }, undefined],
    [
      'outbound mTLS that failed is reported here',
      { inbound: false, transport: 'mtls', verdict: 'FAILED', failure: 'SAN mismatch' },
      { sourcePod: 'a', destinationPod: 'b', verdict: 'FAILED', rule: 'SAN mismatch', sourceSpiffeId: spiffeId },
    ],
    [
      'outbound plaintext proves nothing',
      { inbound: false, peerAddress: '192.0.2.1:5432', port: 5432 },
      {
        source: 'shop/checkout',
        destination: '192.0.2.1',
        destinationPort: 5432,
        sourceSpiffeId: '',
        sourceSerial: '',
      },
    ],
  ])('%s', (_, overrides, expected) => {
    const edge = edgeFromFlow(flow(overrides), context);
    if (expected === undefined) expect(edge).toBeUndefined();
    else expect(edge).toMatchObject(expected);
  });

  test.each([9e15, -9e15, Number.NaN])('a time that is none (%d) does not reach those who read it', (seconds) => {
    const edge = edgeFromFlow(flow({ lastSeen: { seconds, nanos: 0 } }), context);
    expect(edge?.lastSeen).toEqual(new Date(0));
  });

  test('text of the caller is cut', () => {
    expect(edgeFromFlow(flow({ rule: 'x'.repeat(100_000) }), context)?.rule).toHaveLength(512);
  });

  test.each([
    ['10.0.0.1:80', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['[::1]:80', '::1'],
    ['::1', '::1'],
    ['', ''],
  ])('host of %j', (address, host) => {
    expect(hostOf(address)).toBe(host);
  });
});

describe('EdgeTable', () => {
  const edge = edgeFromFlow(flow({}), context);
  if (edge === undefined) throw new Error('no edge');

  test('sums up, and keeps the newest call', () => {
    const table = new EdgeTable();
    table.add(edge, 'pod');
    table.add({ ...edge, calls: 5, lastSeen: new Date(1) }, 'pod');
    expect(table.list()).toEqual([{ ...edge, calls: 7, lastSeen: new Date(100_000) }]);
  });

  test('is bounded: the edge without a call for longest gives way', () => {
    const table = new EdgeTable(2);
    for (const source of ['a', 'b', 'a', 'c']) table.add({ ...edge, source }, 'pod');
    expect(table.list().map(({ source }) => source)).toEqual(['a', 'c']);
  });

  test('what one pod makes up drives out its own edges only', () => {
    const table = new EdgeTable(10, 2);
    table.add({ ...edge, source: 'honest' }, 'other');
    for (let n = 0; n < 50; n += 1) table.add({ ...edge, source: `made up ${n}` }, 'pod');
    expect(table.list().map(({ source }) => source)).toEqual(['honest', 'made up 48', 'made up 49']);
  });
});

describe('TrafficReporters', () => {
  test('a question reaches every agent, and ends when all have answered', async () => {
    const reporters = new TrafficReporters();
    const agents = [reporters.add(), reporters.add()];
    const answering = agents.map(async (agent) => {
      for await (const id of agent.requests()) agent.answered(id);
    });
    const startedAt = performance.now();
    await reporters.refresh(5000);
    await reporters.refresh(5000);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    reporters.close();
    await Promise.all(answering);
  });

  test('an agent that does not answer costs the limit, one that goes costs nothing', async () => {
    const reporters = new TrafficReporters();
    const silent = reporters.add();
    const startedAt = performance.now();
    await reporters.refresh(50);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(45);
    const asked = reporters.refresh(60_000);
    silent.remove();
    await asked;
    await reporters.refresh(60_000);
  });
});
