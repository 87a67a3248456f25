// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { at, ClusterBuilder, originsOf, type PodOverrides } from '../test/cluster-builder.ts';

const seed = 20_260_101;

interface PodSpec {
  readonly app: string;
  readonly overrides: PodOverrides;
}

const podSpec: fc.Arbitrary<PodSpec> = fc.record({
  app: fc.constantFrom('checkout', 'clone', 'cart'),
  overrides: fc.record(
    {
      isEnrolled: fc.boolean(),
      isReady: fc.boolean(),
      isTerminating: fc.boolean(),
      serviceAccount: fc.constantFrom('checkout', 'cart', 'default'),
      labels: fc.constantFrom({ app: 'checkout' }, { app: 'cart' }, { app: 'none' }),
      createdAt: fc.integer({ min: -900, max: 0 }).map(at),
      owners: fc.constantFrom([], [{ kind: 'ReplicaSet', name: 'checkout-1', uid: 'invented', isVerified: false }]),
      node: fc.constantFrom('node-1', 'node-2', ''),
    },
    { requiredKeys: [] },
  ),
});

function build(specs: readonly (PodSpec & { readonly index: number })[]): ClusterBuilder {
  const cluster = new ClusterBuilder().namespace('shop').service('checkout').service('cart');
  for (const app of ['checkout', 'clone', 'cart']) cluster.deployment(app);
  for (const { app, overrides, index } of specs)
    cluster.pod(`p${index}`, app, { ips: [`10.1.0.${index}`], ...overrides });
  return cluster;
}

const cluster = fc.array(podSpec, { maxLength: 8 }).map((specs) => specs.map((spec, index) => ({ ...spec, index })));

test('the order of the inputs does not matter', () => {
  fc.assert(
    fc.property(cluster, fc.integer(), (specs, turn) => {
      const turned = specs
        .map((_, n) => specs[(n + Math.abs(turn % specs.length)) % specs.length])
        .filter((one) => one !== undefined);
      expect(build([...turned].reverse()).attest()).toEqual(build(specs).attest());
    }),
    { seed },
  );
});

test('what is offered is ready, alive, and in the mesh with its own identity', () => {
  fc.assert(
    fc.property(cluster, (specs) => {
      const built = build(specs);
      for (const endpoint of [...built.attest().endpoints.values()].flat().filter((one) => one.isOffered)) {
        const pod = built.workloads.get(endpoint.podUid);
        expect(pod).toMatchObject({
          isReady: true,
          isTerminating: false,
          isEnrolled: true,
          spiffeId: endpoint.spiffeId,
        });
        expect(pod?.owners[0]?.isVerified).toBe(true);
      }
    }),
    { seed },
  );
});

test('another pod never changes what was offered before it came', () => {
  fc.assert(
    fc.property(cluster, podSpec, (specs, extra) => {
      const before = build(specs).attest();
      const grown = build([...specs, { ...extra, index: 99 }]);
      const next = grown.attest({ origins: originsOf(before), memory: before.memory, now: at(1) });
      for (const [service, endpoints] of before.endpoints) {
        const known = new Map(next.endpoints.get(service)?.map((one) => [one.podUid, one]));
        for (const endpoint of endpoints.filter((one) => one.isOffered)) {
          expect(known.get(endpoint.podUid)).toEqual(endpoint);
        }
      }
    }),
    { seed },
  );
});

test('every finding names at least two signals, and accused newcomers are never offered', () => {
  fc.assert(
    fc.property(cluster, (specs) => {
      const result = build(specs).attest();
      const offered = new Set(
        [...result.endpoints.values()]
          .flat()
          .filter((one) => one.isOffered)
          .map((one) => one.podUid),
      );
      for (const finding of result.findings.values()) {
        expect(finding.signals.length).toBeGreaterThanOrEqual(2);
        if (finding.detector === 'bare-pod') expect(offered.has(finding.podUid)).toBe(false);
      }
    }),
    { seed },
  );
});
