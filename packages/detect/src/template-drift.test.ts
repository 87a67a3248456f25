// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { at, originsOf, shop, verdicts } from '../test/cluster-builder.ts';

const app = { name: 'app', image: 'checkout:1', imageDigest: 'sha256:checkout', command: [], args: [], ports: [] };

describe('a pod that names the real ReplicaSet and runs something else', () => {
  const forged = { containers: [{ ...app, command: ['sh', '-c', 'steal'] }] };

  test('is no endpoint when it has displaced every honest replica', () => {
    const cluster = shop();
    const first = cluster.attest();
    cluster.pod('x', 'checkout', forged);
    for (const name of ['checkout-1', 'checkout-2']) cluster.change(name, { isTerminating: true });
    const second = cluster.attest({ origins: originsOf(first), memory: first.memory, now: at(1) });
    expect(verdicts(second)['x']).toBe('-FOREIGN_ORIGIN');
    cluster.pod('y', 'checkout', { containers: [{ ...app, image: 'evil:1' }] });
    // Discovery has been restarted since.
    const third = cluster.attest({ origins: originsOf(first), now: at(2) });
    expect(verdicts(third)).toMatchObject({ x: '-FOREIGN_ORIGIN', y: '-FOREIGN_ORIGIN' });
  });

  test('control: what admission writes into every replica is not held against any', () => {
    const cluster = shop();
    for (const name of ['checkout-1', 'checkout-2']) {
      cluster.change(name, { containers: [{ ...app, image: 'mirror/checkout:1', command: ['vault-env'] }] });
    }
    expect(verdicts(cluster.attest())).toEqual({ 'checkout-1': '+ATTESTED', 'checkout-2': '+ATTESTED' });
  });
});
