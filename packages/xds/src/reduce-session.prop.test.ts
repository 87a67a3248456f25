// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSimulatedProxy } from '../test/simulated-proxy.ts';
import {
  desiredState,
  cluster,
  endpoints,
  httpListener,
  routes,
  rules,
  tcpListener,
} from '../test/sample-resources.ts';
import { typeUrls } from './resource-types.ts';
import type { EncodedResource } from '@signet/envoy';

/** A consistent set: everything that is named exists. */
const consistentSet = fc
  .record({
    clusters: fc.uniqueArray(
      fc.record({ id: fc.integer({ min: 0, max: 4 }), variant: fc.integer({ min: 1, max: 3 }) }),
      {
        selector: ({ id }) => id,
      },
    ),
    listeners: fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 0, max: 3 }),
        target: fc.nat(),
        kind: fc.constantFrom('http', 'tcp'),
        variant: fc.integer({ min: 1, max: 3 }),
        action: fc.constantFrom('allow', 'deny'),
      }),
      { selector: ({ id }) => id },
    ),
  })
  .map(({ clusters, listeners }): readonly EncodedResource[] => {
    const found = clusters.flatMap(({ id, variant }) => [cluster(`c${id}`, variant), endpoints(`c${id}`, variant)]);
    for (const one of listeners) {
      const target = clusters[one.target % Math.max(1, clusters.length)];
      if (target === undefined) continue;
      const to = `c${target.id}`;
      if (one.kind === 'tcp') found.push(tcpListener(`l${one.id}`, to, { variant: one.variant }));
      else {
        found.push(httpListener(`l${one.id}`, { routes: `r${one.id}`, rules: `x${one.id}`, variant: one.variant }));
        found.push(
          routes(`r${one.id}`, to, one.variant),
          rules(`x${one.id}`, one.action === 'allow' ? 'allow' : 'deny'),
        );
      }
    }
    return found;
  });

const action = fc.oneof(
  { weight: 2, arbitrary: consistentSet.map((resources) => ({ kind: 'desire' as const, resources })) },
  { weight: 6, arbitrary: fc.constant({ kind: 'toServer' as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'toProxy' as const }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 4000 }).map((ms) => ({ kind: 'pass' as const, ms })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reconnect' as const }) },
);

/** About one content in eight is bad, by its hash. */
const isBad = (resource: EncodedResource): boolean =>
  resource.typeUrl !== typeUrls.endpoints && Number.parseInt(resource.hash.slice(0, 2), 16) % 8 === 0;

describe.each(['delta', 'sotw'] as const)('%s: whatever the order of events', (variant) => {
  test.each([
    ['a good proxy ends with exactly what is wanted', () => false, true],
    ['with bad resources named, the others arrive', isBad, true],
    ['with bad resources unnamed, the others arrive', isBad, false],
  ] as const)('%s', (_, judge, namesCulprits) => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), consistentSet, (actions, last) => {
        const proxy = createSimulatedProxy({ variant, isBad: judge, namesCulprits });
        let revision = 1;
        for (const one of actions) {
          if (one.kind === 'desire') proxy.desire(desiredState(revision++, ...one.resources));
          else if (one.kind === 'pass') proxy.pass(one.ms);
          else proxy[one.kind]();
        }
        const wanted = desiredState(revision, ...last);
        proxy.desire(wanted);
        proxy.run();
        expect(proxy.violations).toEqual([]);
        for (const [typeUrl, held] of proxy.held) {
          const goal = [...(wanted.set.byType.get(typeUrl)?.values() ?? [])].filter((one) => !judge(one));
          const expected = goal
            .filter((one) => proxy.isAskedFor(typeUrl, one.name))
            .map((one) => `${one.name} ${one.hash}`);
          const actual = [...held].map(([name, hash]) => `${name} ${hash}`);
          for (const entry of expected) expect(actual).toContain(entry);
          if (judge === isBad || typeUrl === typeUrls.endpoints) continue;
          expect(actual.filter((entry) => proxy.isAskedFor(typeUrl, entry.split(' ')[0] ?? '')).sort()).toEqual(
            expected.sort(),
          );
        }
        expect(proxy.session().settled).toBe(wanted);
      }),
      { numRuns: 150 },
    );
  });
});
