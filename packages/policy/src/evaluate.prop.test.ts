// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { AppProtocol, PolicyObject } from '@signet/model';
import fc from 'fast-check';
import { buildPod, buildPolicy, buildService, buildSnapshot } from '../test/inventory.ts';
import { evaluateSnapshot, reach } from '../test/judge.ts';

const runs = { numRuns: 60, seed: 20260101 };
const accounts = ['client', 'server', 'stock'];
const namespaces = ['shop', 'warehouse', 'signet-system'];
const callers = [
  undefined,
  ...['shop', 'warehouse'].flatMap((ns) => accounts.map((name) => `spiffe://cluster.local/ns/${ns}/sa/${name}`)),
];
const protocols: readonly AppProtocol[] = ['http', 'grpc', 'tcp', 'server-first'];

const subset = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const principals = subset([
  ...['shop', 'warehouse'].flatMap((ns) => accounts.map((name) => `cluster.local/ns/${ns}/sa/${name}`)),
  'cluster.local/ns/shop/*',
  '*/sa/client',
  '*',
]);
const source = fc.oneof(
  fc.record({ principals }),
  fc.record({ notPrincipals: principals }),
  fc.record({ namespaces: subset(['shop', 'ware*', '*']) }),
  fc.record({ notNamespaces: subset(['shop', 'warehouse']) }),
  fc.record({ ipBlocks: subset(['10.0.0.0/8', '::1']) }),
);
const operation = fc.oneof(
  fc.record({ methods: subset(['GET', 'PO*']) }),
  fc.record({ notPaths: subset(['/admin*', '/']) }),
  fc.record({ ports: subset(['1000', '1001', '7']) }),
  fc.record({ notPorts: subset(['1000', '9']) }),
);
const rule = fc.record(
  {
    from: fc.array(fc.record({ source }), { minLength: 1, maxLength: 2 }),
    to: fc.array(fc.record({ operation }), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const selector = fc.option(fc.constantFrom({ matchLabels: { app: 'server' } }, { matchLabels: { app: 'client' } }), {
  nil: undefined,
});
const authorization = (action: fc.Arbitrary<string>) =>
  fc.record({ action, selector, rules: fc.array(rule, { maxLength: 3 }), namespace: fc.constantFrom(...namespaces) });
const peer = fc.record({
  selector,
  namespace: fc.constantFrom(...namespaces),
  mtls: fc.record({ mode: fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE', 'UNSET', 'NONSENSE') }),
  day: fc.integer({ min: 1, max: 3 }),
});

const policies = fc
  .tuple(fc.array(authorization(fc.constantFrom('ALLOW', 'DENY')), { maxLength: 4 }), fc.array(peer, { maxLength: 4 }))
  .map(([access, transport]): readonly PolicyObject[] => [
    ...access.map(({ namespace, ...spec }, index) =>
      buildPolicy('AuthorizationPolicy', spec, { namespace, name: `a${index}` }),
    ),
    ...transport.map(({ namespace, day, ...spec }, index) =>
      buildPolicy('PeerAuthentication', spec, {
        namespace,
        name: `p${index}`,
        createdAt: new Date(Date.UTC(2026, 0, day)),
      }),
    ),
  ]);

const pods = [
  buildPod('server', { ips: ['10.0.0.1'] }),
  buildPod('client', { ips: ['10.0.0.2'] }),
  buildPod('stock', { namespace: 'warehouse', ips: ['10.0.0.3'] }),
];
const services = [
  buildService('server', Object.fromEntries(protocols.map((protocol, index) => [1000 + index, protocol]))),
  buildService('stock', { 1000: 'http' }, 'warehouse'),
];

function graphOf(list: readonly PolicyObject[]) {
  return evaluateSnapshot(buildSnapshot({ pods, services, policies: list })).graph;
}

function expectNoGain(before: readonly PolicyObject[], after: readonly PolicyObject[]): void {
  const [old, fresh] = [reach(graphOf(before), callers), reach(graphOf(after), callers)];
  const gained = [...fresh].filter(([edge, rank]) => rank > (old.get(edge) ?? 0)).map(([edge]) => edge);
  expect(gained).toEqual([]);
}

describe('evaluate', () => {
  test('does not depend on the order of its inputs', () => {
    fc.assert(
      fc.property(
        policies.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          const forward = evaluateSnapshot(buildSnapshot({ pods, services, policies: list }));
          const backward = evaluateSnapshot(
            buildSnapshot({ pods: pods.toReversed(), services: services.toReversed(), policies: shuffled }),
          );
          expect(backward).toEqual(forward);
          expect([...backward.graph.workloads.keys()]).toEqual([...forward.graph.workloads.keys()]);
        },
      ),
      runs,
    );
  });

  test('a DENY never adds an edge', () => {
    fc.assert(
      fc.property(policies, authorization(fc.constant('DENY')), (list, { namespace, ...spec }) => {
        expectNoGain(list, [...list, buildPolicy('AuthorizationPolicy', spec, { namespace, name: 'new' })]);
      }),
      runs,
    );
  });

  test('an ALLOW that loses a rule never adds an edge', () => {
    fc.assert(
      fc.property(policies, authorization(fc.constant('ALLOW')), (list, { namespace, ...spec }) => {
        const build = (rules: readonly unknown[]) => [
          ...list,
          buildPolicy('AuthorizationPolicy', { ...spec, rules }, { namespace, name: 'new' }),
        ];
        expectNoGain(build(spec.rules), build(spec.rules.slice(1)));
      }),
      runs,
    );
  });

  test('a field that is not understood never adds an edge', () => {
    fc.assert(
      fc.property(
        policies,
        authorization(fc.constantFrom('ALLOW', 'DENY')),
        fc.constantFrom('spec', 'rule', 'source'),
        (list, { namespace, ...spec }, where) => {
          const build = (value: unknown) => [
            ...list,
            buildPolicy('AuthorizationPolicy', value, { namespace, name: 'new' }),
          ];
          const first = spec.rules[0] ?? {};
          const broken = {
            spec: { ...spec, surprise: true },
            rule: { ...spec, rules: [{ ...first, surprise: [] }, ...spec.rules.slice(1)] },
            source: {
              ...spec,
              rules: [{ ...first, from: [{ source: { remoteIpBlocks: ['10.0.0.1'] } }] }, ...spec.rules.slice(1)],
            },
          }[where];
          expectNoGain(build({ ...spec, rules: [first, ...spec.rules.slice(1)] }), build(broken));
        },
      ),
      runs,
    );
  });

  test('policies of another namespace change nothing here', () => {
    const elsewhere = authorization(fc.constantFrom('ALLOW', 'DENY')).map((spec) => ({
      ...spec,
      namespace: 'warehouse',
    }));
    fc.assert(
      fc.property(policies, elsewhere, (list, { namespace, ...spec }) => {
        const before = graphOf(list);
        const after = graphOf([...list, buildPolicy('AuthorizationPolicy', spec, { namespace, name: 'new' })]);
        expect(after.workloads.get('shop-server')).toEqual(before.workloads.get('shop-server'));
        expect(after.outbound).toEqual(before.outbound);
      }),
      runs,
    );
  });

  test('never throws, and never serves plaintext because of a spec that is not understood', () => {
    const kinds = fc.constantFrom('AuthorizationPolicy', 'PeerAuthentication', 'TransportPolicy', 'NetworkPolicy');
    const spec = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom('selector', 'rules', 'mtls', 'portLevelMtls', 'mode', 'ports', 'action', 'permissiveUntil'),
        fc.jsonValue(),
      ),
    );
    fc.assert(
      fc.property(kinds, spec, (kind, value) => {
        const strict = buildPolicy(
          'PeerAuthentication',
          { mtls: { mode: 'STRICT' } },
          { namespace: 'signet-system', name: 'mesh' },
        );
        const snapshot = buildSnapshot({ pods, services, policies: [strict, buildPolicy(kind, value)] });
        const { graph, statuses } = evaluateSnapshot(snapshot);
        expect(statuses.length).toBe(2);
        const modes = [...graph.workloads.values()].flatMap((workload) =>
          [...workload.ports, workload.undeclared].map((port) => port.mode),
        );
        const isSpelledOut = /PERMISSIVE|PLAINTEXT|DISABLE|SIMPLE_TLS/.test(JSON.stringify(value));
        if (!isSpelledOut) expect(new Set(modes)).toEqual(new Set(['MUTUAL_TLS']));
      }),
      { ...runs, numRuns: 300 },
    );
  });
});
