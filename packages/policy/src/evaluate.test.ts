// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { AppProtocol, PolicyObject } from '@signet/model';
import { buildPod, buildPolicy, buildService, buildSnapshot } from '../test/inventory.ts';
import { evaluateSnapshot } from '../test/judge.ts';
import { explainAccess } from './index.ts';

const selector = { matchLabels: { app: 'server' } };
const server = buildPod('server');
const uid = server.uid;
const client = 'spiffe://cluster.local/ns/shop/sa/client';

function snapshotWith(
  policies: readonly PolicyObject[],
  ports: Readonly<Record<number, AppProtocol>> = { 80: 'http' },
) {
  return buildSnapshot({
    pods: [server, buildPod('client', { ips: ['10.0.0.2'] })],
    services: [buildService('server', ports)],
    policies,
  });
}

function modesOf(policies: readonly PolicyObject[], ports?: Readonly<Record<number, AppProtocol>>, now?: Date) {
  const workload = evaluateSnapshot(snapshotWith(policies, ports), now).graph.workloads.get(uid);
  return Object.fromEntries(
    [...(workload?.ports ?? []), ...(workload === undefined ? [] : [workload.undeclared])].map((port) => [
      port.port,
      port.mode,
    ]),
  );
}

const peer = (
  mode: string,
  options: { namespace?: string; name?: string; createdAt?: Date; selector?: object; ports?: object } = {},
) =>
  buildPolicy(
    'PeerAuthentication',
    { mtls: { mode }, selector: options.selector, portLevelMtls: options.ports },
    options,
  );

describe('transport mode', () => {
  test.each<readonly [string, readonly PolicyObject[], string]>([
    ['without a policy', [], 'PERMISSIVE'],
    ['mesh', [peer('STRICT', { namespace: 'signet-system' })], 'MUTUAL_TLS'],
    ['namespace over mesh', [peer('STRICT', { namespace: 'signet-system' }), peer('DISABLE')], 'PLAINTEXT'],
    [
      'workload over namespace',
      [peer('DISABLE', { name: 'a' }), peer('STRICT', { name: 'b', selector })],
      'MUTUAL_TLS',
    ],
    ['UNSET inherits', [peer('STRICT', { name: 'a' }), peer('UNSET', { name: 'b', selector })], 'MUTUAL_TLS'],
    [
      'the oldest of a scope',
      [
        peer('PERMISSIVE', { name: 'a', createdAt: new Date(2) }),
        peer('STRICT', { name: 'b', createdAt: new Date(1) }),
      ],
      'MUTUAL_TLS',
    ],
    ['same age: by name', [peer('PERMISSIVE', { name: 'b' }), peer('STRICT', { name: 'a' })], 'MUTUAL_TLS'],
    ['root namespace with selector', [peer('STRICT', { namespace: 'signet-system', selector })], 'PERMISSIVE'],
    ['another selector', [peer('STRICT', { selector: { matchLabels: { app: 'other' } } })], 'PERMISSIVE'],
    ['invalid mode', [peer('STRICKT')], 'MUTUAL_TLS'],
    ['invalid selector', [peer('DISABLE', { selector: { matchLabels: { app: 1 } } })], 'MUTUAL_TLS'],
    [
      'TransportPolicy first',
      [peer('STRICT', { selector }), buildPolicy('TransportPolicy', { selector, mode: 'SIMPLE_TLS' })],
      'SIMPLE_TLS',
    ],
  ])('%s', (_, policies, mode) => {
    expect(modesOf(policies)).toEqual({ 0: mode, 80: mode });
  });

  test('port level', () => {
    expect(
      modesOf([peer('STRICT', { selector, ports: { 80: { mode: 'PERMISSIVE' }, 7000: { mode: 'DISABLE' } } })]),
    ).toEqual({
      0: 'MUTUAL_TLS',
      80: 'PERMISSIVE',
      7000: 'PLAINTEXT',
    });
  });

  test('port level UNSET takes the workload’s', () => {
    expect(modesOf([peer('STRICT', { selector, ports: { 80: { mode: 'UNSET' } } })])).toMatchObject({
      80: 'MUTUAL_TLS',
    });
  });

  test.each<readonly [string, Date | undefined, string]>([
    ['before', new Date('2026-05-31T23:59:59Z'), 'PERMISSIVE'],
    ['at the end', new Date('2026-06-01T00:00:00Z'), 'MUTUAL_TLS'],
    ['without a clock', undefined, 'MUTUAL_TLS'],
  ])('permissiveUntil %s', (_, now, mode) => {
    const policy = buildPolicy('TransportPolicy', { mode: 'PERMISSIVE', permissiveUntil: '2026-06-01T00:00:00Z' });
    expect(modesOf([policy], undefined, now)).toMatchObject({ 80: mode });
  });

  test('nextChange is the next end', () => {
    const policy = buildPolicy('TransportPolicy', { mode: 'PERMISSIVE', permissiveUntil: '2026-06-01T00:00:00Z' });
    expect(evaluateSnapshot(snapshotWith([policy]), new Date(0)).nextChange).toEqual(new Date('2026-06-01T00:00:00Z'));
  });

  test('a server-first port is never PERMISSIVE, and the status says so', () => {
    const { graph, statuses } = evaluateSnapshot(snapshotWith([peer('PERMISSIVE')], { 3306: 'server-first' }));
    expect(graph.workloads.get(uid)?.ports[0]).toMatchObject({ mode: 'MUTUAL_TLS', admitted: { certificates: 'any' } });
    expect(statuses[0]).toMatchObject({
      isAccepted: false,
      reason: 'NotHonoured',
      messages: [expect.stringContaining('port 3306')],
    });
  });
});

describe('status', () => {
  test('names the pods and accepts what is in force as written', () => {
    expect(evaluateSnapshot(snapshotWith([peer('STRICT', { selector })])).statuses).toEqual([
      {
        kind: 'PeerAuthentication',
        namespace: 'shop',
        name: 'policy',
        isAccepted: true,
        reason: 'Accepted',
        messages: [],
        workloads: ['shop/server'],
      },
    ]);
  });

  test('says which older policy holds', () => {
    const [young] = evaluateSnapshot(
      snapshotWith([
        peer('STRICT', { name: 'a', createdAt: new Date(2) }),
        peer('STRICT', { name: 'b', createdAt: new Date(1) }),
      ]),
    ).statuses;
    expect(young).toMatchObject({
      reason: 'NotHonoured',
      messages: [expect.stringContaining('PeerAuthentication/shop/b is older')],
    });
  });

  test('HTTP attributes on a TCP port are named', () => {
    const spec = { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
    const { graph, statuses } = evaluateSnapshot(
      snapshotWith([buildPolicy('AuthorizationPolicy', spec)], { 5432: 'tcp' }),
    );
    expect(statuses[0]?.messages).toEqual([
      expect.stringMatching(/rules\[0\] has HTTP attributes, and port 5432 .* admits nobody/),
    ]);
    expect(graph.workloads.get(uid)?.ports[0]).toMatchObject({ allow: [], isAllowRequired: true });
  });

  test('a DENY with HTTP attributes refuses more on a TCP port', () => {
    const rule = {
      from: [{ source: { namespaces: ['bad'] } }],
      to: [{ operation: { notPaths: ['/health'], ports: ['5432'] } }],
    };
    const { graph } = evaluateSnapshot(
      snapshotWith([buildPolicy('AuthorizationPolicy', { action: 'DENY', rules: [rule] })], {
        5432: 'tcp',
        6000: 'tcp',
      }),
    );
    const [first, second] = graph.workloads.get(uid)?.ports ?? [];
    expect(first?.deny).toMatchObject([{ source: { kind: 'principal' }, target: { kind: 'always' } }]);
    expect(second?.deny).toEqual([]);
  });
});

describe('server-first ports', () => {
  const admittedBy = (...policies: readonly PolicyObject[]) =>
    evaluateSnapshot(snapshotWith(policies, { 3306: 'server-first' })).graph.workloads.get(uid)?.ports[0]?.admitted;
  const access = (action: string, source: unknown, name = action.toLowerCase()) =>
    buildPolicy('AuthorizationPolicy', { action, rules: [{ from: [{ source }] }] }, { name });

  test('names are taken as they are', () => {
    expect(admittedBy(access('ALLOW', { namespaces: ['shop'] }))).toEqual({
      certificates: [{ kind: 'prefix', value: 'spiffe://cluster.local/ns/shop/sa/' }],
      isAnonymousAdmitted: false,
    });
  });
  test('a DENY leaves the others by name', () => {
    expect(admittedBy(access('DENY', { principals: ['cluster.local/ns/shop/sa/server'] }))).toEqual({
      certificates: [{ kind: 'exact', value: client }],
      isAnonymousAdmitted: true,
    });
  });
  test('what cannot be judged in a handshake counts against the caller', () => {
    expect(admittedBy(access('ALLOW', { ipBlocks: ['10.0.0.0/8'] }))).toEqual({
      certificates: [],
      isAnonymousAdmitted: false,
    });
    expect(admittedBy(access('DENY', { ipBlocks: ['10.0.0.0/8'] }))).toEqual({
      certificates: [],
      isAnonymousAdmitted: false,
    });
  });
});

describe('explainAccess', () => {
  const allow = buildPolicy(
    'AuthorizationPolicy',
    { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/client'] } }] }] },
    { name: 'allow' },
  );
  const explain = (caller: string | undefined, ...policies: readonly PolicyObject[]) =>
    explainAccess(evaluateSnapshot(snapshotWith(policies)).graph, { caller, workloadUid: uid, port: 80 });

  test('names the rule that admits', () => {
    expect(explain(client, allow)).toEqual({
      verdict: 'allowed',
      rules: ['AuthorizationPolicy/shop/allow/0'],
      policies: ['AuthorizationPolicy/shop/allow'],
      transport: 'default',
    });
  });
  test('no ALLOW matches', () => {
    expect(explain('spiffe://cluster.local/ns/shop/sa/other', allow)).toMatchObject({
      verdict: 'refused',
      rules: [],
      policies: ['AuthorizationPolicy/shop/allow'],
    });
  });
  test('the transport refuses', () => {
    expect(explain(undefined, peer('STRICT'))).toMatchObject({
      verdict: 'refused',
      rules: ['PeerAuthentication/shop/policy'],
    });
  });
  test('it depends on the request', () => {
    const deny = buildPolicy(
      'AuthorizationPolicy',
      { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/admin'] } }] }] },
      { name: 'deny' },
    );
    expect(explain(client, allow, deny)).toMatchObject({ verdict: 'conditional' });
  });
});
