// SPDX-License-Identifier: Apache-2.0
import type { AppProtocol, EndpointReason } from '@signet/model';
import fc from 'fast-check';
import type { World, WorldPod, WorldPolicy, WorldService } from './golden-world.ts';

const namespaces = ['shop', 'warehouse'];
const names = ['server', 'client', 'stock', 'mail'];
const protocols: readonly AppProtocol[] = ['http', 'http2', 'grpc', 'tcp', 'tls', 'server-first'];
const withheld: readonly (EndpointReason | undefined)[] = [
  undefined,
  undefined,
  'NOT_READY',
  'FOREIGN_ORIGIN',
  'BARE_POD',
];

const pod = fc.record({
  namespace: fc.constantFrom(...namespaces),
  app: fc.constantFrom(...names),
  enrolled: fc.boolean(),
  hostNetwork: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  withheld: fc.constantFrom(...withheld),
});

const service = fc.record({
  namespace: fc.constantFrom(...namespaces),
  app: fc.constantFrom(...names),
  isHeadless: fc.boolean(),
  protocols: fc.array(fc.constantFrom(...protocols), { minLength: 1, maxLength: 3 }),
});

const source = fc.constantFrom(
  { principals: ['cluster.local/ns/shop/sa/client'] },
  { notNamespaces: ['warehouse'] },
  { namespaces: ['*-prod', 'shop'] },
  { ipBlocks: ['10.0.0.0/8'] },
);
const operation = fc.constantFrom(
  { methods: ['GET', 'P*'] },
  { paths: ['/a*'], notHosts: ['*.b'] },
  { ports: ['1000'] },
);
const rule = fc.record(
  {
    from: fc.constant(source).chain((one) => one.map((value) => [{ source: value }])),
    to: operation.map((value) => [{ operation: value }]),
  },
  { requiredKeys: [] },
);
const spec = fc.oneof(
  fc.record({
    kind: fc.constant('AuthorizationPolicy'),
    spec: fc.record({ action: fc.constantFrom('ALLOW', 'DENY'), rules: fc.array(rule, { maxLength: 2 }) }),
  }),
  fc.record({
    kind: fc.constant('PeerAuthentication'),
    spec: fc.record({ mtls: fc.record({ mode: fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE') }) }),
  }),
  fc.record({
    kind: fc.constant('TransportPolicy'),
    spec: fc.record({
      mode: fc.constantFrom('SIMPLE_TLS', 'MUTUAL_TLS'),
      selector: fc.constant({ matchLabels: { app: 'server' } }),
    }),
  }),
);

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

/** Policies of one namespace. */
export function arbitraryPolicies(namespace: fc.Arbitrary<string>): fc.Arbitrary<readonly WorldPolicy[]> {
  return fc
    .array(fc.tuple(namespace, spec), { maxLength: 4 })
    .map((list) => list.map(([ns, policy], index) => ({ ...policy, metadata: { name: `p${index}`, namespace: ns } })));
}

/** Worlds with an enrolled pod `shop/subject` in them. */
export const arbitraryWorld: fc.Arbitrary<World> = fc
  .record({
    pods: fc.array(pod, { maxLength: 8 }),
    services: fc.array(service, { maxLength: 5 }),
    policies: arbitraryPolicies(fc.constantFrom('shop', 'warehouse', 'signet-system')),
  })
  .map(({ pods, services, policies }) => ({
    pods: [
      { name: 'subject', ip: '10.0.1.1', labels: { app: 'server' } },
      ...pods.map((entry, index): WorldPod => ({
        namespace: entry.namespace,
        name: `pod-${index}`,
        account: entry.app,
        ip: `10.0.0.${index + 1}`,
        labels: { app: entry.app },
        enrolled: entry.enrolled && !entry.hostNetwork,
        hostNetwork: entry.hostNetwork,
        ...(entry.withheld === undefined ? {} : { withheld: entry.withheld }),
      })),
    ],
    services: uniqueBy(services, (entry) => `${entry.namespace}/${entry.app}`).map((entry, index): WorldService => ({
      namespace: entry.namespace,
      name: entry.app,
      ...(entry.isHeadless ? {} : { ip: `10.96.0.${index + 1}` }),
      ports: entry.protocols.map((protocol, offset) => ({ port: 1000 + offset, protocol })),
    })),
    policies,
  }));
