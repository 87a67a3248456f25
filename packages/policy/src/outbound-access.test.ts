// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { Endpoint, EndpointReason, PolicyObject, Workload } from '@signet/model';
import { buildPod, buildPolicy, buildService, buildSnapshot } from '../test/inventory.ts';
import { evaluateSnapshot } from '../test/judge.ts';
import { transitionGraph } from './index.ts';

const server = buildPod('server');

describe('outbound', () => {
  const endpoint = (pod: Workload, options: Partial<Endpoint>): Endpoint => ({
    namespace: 'shop',
    service: 'server',
    portName: 'p80',
    address: pod.ips[0] ?? '',
    port: 80,
    podUid: pod.uid,
    pod: pod.name,
    isReady: true,
    isTerminating: false,
    isOffered: true,
    reason: 'ATTESTED',
    message: '',
    spiffeId: pod.spiffeId,
    ...options,
  });
  const outboundOf = (
    pods: readonly Workload[],
    endpoints: readonly Endpoint[],
    policies: readonly PolicyObject[] = [],
  ) =>
    evaluateSnapshot(buildSnapshot({ pods, endpoints, services: [buildService('server', { 80: 'http' })], policies }))
      .graph.outbound;

  test('offers attested endpoints under their identity', () => {
    expect(outboundOf([server], [endpoint(server, {})]).services[0]?.ports[0]).toMatchObject({
      endpoints: [{ address: '10.0.0.1', port: 80, spiffeId: server.spiffeId }],
      identities: [server.spiffeId],
    });
  });

  test.each<EndpointReason>(['FOREIGN_ORIGIN', 'BARE_POD', 'NOT_ENROLLED', 'IDENTITY_MISMATCH', 'ADDRESS_MISMATCH'])(
    '%s is no endpoint, and its address is withheld',
    (reason) => {
      const intruder = buildPod('intruder', { ips: ['10.0.0.66'], isEnrolled: false });
      const outbound = outboundOf(
        [server, intruder],
        [endpoint(server, {}), endpoint(intruder, { isOffered: false, reason })],
      );
      expect(outbound.services[0]?.ports[0]?.endpoints).toHaveLength(1);
      expect(outbound.withheldAddresses).toEqual(['10.0.0.66']);
    },
  );

  test.each<EndpointReason>(['FOREIGN_ORIGIN', 'BARE_POD', 'IDENTITY_MISMATCH'])(
    '%s of an enrolled pod withholds its address too',
    (reason) => {
      const intruder = buildPod('intruder', { ips: ['10.0.0.66'] });
      const accused = endpoint(intruder, { isOffered: false, reason });
      expect(outboundOf([server, intruder], [accused]).withheldAddresses).toEqual(['10.0.0.66']);
      // A Service of its own clears nobody.
      const own = endpoint(intruder, { service: 'own' });
      expect(outboundOf([server, intruder], [accused, own]).withheldAddresses).toEqual(['10.0.0.66']);
    },
  );

  test.each([{}, { isOffered: false, reason: 'NOT_READY' } as const])(
    'a controlled pod that belongs to another Service may be dialled (%j)',
    (elsewhere) => {
      const owners = [{ kind: 'ReplicaSet', name: 'canary', uid: 'rs', isVerified: true }];
      const canary = buildPod('canary', { ips: ['10.0.0.7'], owners });
      const accused = endpoint(canary, { isOffered: false, reason: 'FOREIGN_ORIGIN' });
      const own = endpoint(canary, { service: 'canary', ...elsewhere });
      expect(outboundOf([server, canary], [accused, own]).withheldAddresses).toEqual([]);
    },
  );

  test('nobody makes the address of others unreachable by writing it into a slice', () => {
    const mine = buildPod('mine', { ips: ['10.0.0.66'], isEnrolled: false });
    const database = buildPod('database', { ips: ['10.0.0.9'], isEnrolled: false, namespace: 'data' });
    const held = { isOffered: false, reason: 'ADDRESS_MISMATCH' } as const;
    for (const address of ['10.0.0.9', '10.96.0.1', '8.8.8.8', '010.0.0.1', 'nonsense', '10.0.0.1']) {
      for (const podUid of [mine.uid, '']) {
        const outbound = outboundOf([server, mine, database], [endpoint(mine, { ...held, address, podUid })]);
        expect(outbound).toMatchObject({ withheldAddresses: [], withheldSockets: [] });
      }
    }
  });

  test.each<EndpointReason>(['NOT_READY', 'TERMINATING', 'NO_CERTIFICATE'])(
    '%s is no endpoint, but may be dialled',
    (reason) => {
      const outbound = outboundOf([server], [endpoint(server, { isOffered: false, reason })]);
      expect(outbound.services[0]?.ports[0]).toMatchObject({ endpoints: [], identities: [] });
      expect(outbound).toMatchObject({ withheldAddresses: [], pods: [{ addresses: ['10.0.0.1'] }] });
    },
  );

  test('a pretender with the address of an enrolled pod does not hide that pod', () => {
    const thief = buildPod('thief', { ips: ['10.0.0.1'], isEnrolled: false });
    const outbound = outboundOf([server, thief], [endpoint(thief, { isOffered: false, reason: 'ADDRESS_MISMATCH' })]);
    expect(outbound.withheldAddresses).toEqual([]);
  });

  test('DISABLE tells clients to use plaintext, in two steps', () => {
    const before = buildSnapshot({
      pods: [server],
      endpoints: [endpoint(server, {})],
      services: [buildService('server', { 80: 'http' })],
    });
    const disable = buildPolicy('PeerAuthentication', { mtls: { mode: 'DISABLE' } });
    const after = { ...before, policies: new Map([['PeerAuthentication/shop/policy', disable]]) };
    const [strict, plain] = [evaluateSnapshot(before).graph, evaluateSnapshot(after).graph];
    expect(plain.outbound.services[0]?.ports[0]?.endpoints[0]?.spiffeId).toBeUndefined();
    for (const [previous, next] of [
      [strict, plain],
      [plain, strict],
    ] as const) {
      const step = transitionGraph({ previous, next, snapshot: after });
      expect(step?.workloads.get(server.uid)?.ports[0]).toMatchObject({
        mode: 'PLAINTEXT',
        isPlaintextForClients: false,
      });
      expect(step?.outbound.services[0]?.ports[0]?.endpoints[0]?.spiffeId).toBe(server.spiffeId);
    }
    expect(transitionGraph({ previous: strict, next: strict, snapshot: before })).toBeUndefined();
  });
});
