// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, waitFor, type PostgresServer } from '@signet/testing';
import { DiscoveryWorld, pod, slice } from '../discovery-world.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => server.stop(), 30_000);

const replica = { 'checkout-1-a': '10.1.0.1' };

async function createWorld(): Promise<DiscoveryWorld> {
  const { url } = await server.createDatabase();
  const world = await DiscoveryWorld.start({ database: { url } });
  world.write(pod('checkout-1-a', '10.1.0.1'));
  world.write(slice(replica));
  await waitFor(() => world.app?.isReady(), { timeoutMs: 20_000, what: 'discovery to be ready' });
  world.certify('checkout-1-a');
  await waitFor(async () => (await world.endpoints()).some((one) => one.offered));
  return world;
}

async function restart(world: DiscoveryWorld): Promise<void> {
  await world.startApp();
  await waitFor(() => world.app?.isReady(), { timeoutMs: 20_000, what: 'discovery to be ready again' });
}

describe('over a restart of discovery', () => {
  test('an intruder that came meanwhile, when nobody else was there, does not found an origin', async () => {
    const world = await createWorld();
    try {
      await world.stopApp();
      for (const kind of ['Deployment', 'ReplicaSet'])
        world.remove(kind, kind === 'ReplicaSet' ? 'checkout-1' : 'checkout');
      world.remove('Pod', 'checkout-1-a');
      world.write(pod('intruder', '10.1.0.66', { owner: false }));
      world.write(slice({ intruder: '10.1.0.66' }));
      world.certify('intruder');
      await restart(world);
      const endpoints = await waitFor(async () => {
        const all = await world.endpoints();
        return all.length > 0 ? all : undefined;
      });
      expect(endpoints).toMatchObject([{ pod: 'intruder', offered: false, reason: 'BARE_POD' }]);
    } finally {
      await world.stop();
    }
  }, 60_000);

  test('a finding keeps its date, and a pod that was adopted meanwhile stays out', async () => {
    const world = await createWorld();
    try {
      world.write(pod('intruder', '10.1.0.66', { owner: false }));
      world.write(slice({ ...replica, intruder: '10.1.0.66' }));
      world.certify('intruder');
      const [before] = await waitFor(async () => {
        const found = await world.findings();
        return found.length > 0 ? found : undefined;
      });
      await world.stopApp();
      await restart(world);
      const [after] = await world.findings();
      expect(after?.firstSeen).toEqual(before?.firstSeen);
      await world.stopApp();
      world.write(pod('intruder', '10.1.0.66'));
      await restart(world);
      const intruder = (await world.endpoints()).find((one) => one.pod === 'intruder');
      expect(intruder).toMatchObject({ offered: false, reason: 'FOREIGN_ORIGIN' });
      expect(intruder?.message).toContain('adopted');
    } finally {
      await world.stop();
    }
  }, 60_000);
});

describe('started before the others', () => {
  test('it waits for the CA: endpoints of enrolled pods are withheld and nothing is synced', async () => {
    const world = await DiscoveryWorld.start({ hasCa: false });
    try {
      world.write(pod('checkout-1-a', '10.1.0.1'));
      world.write(slice(replica));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(world.app?.isReady()).toBe(false);
      await world.ca.start();
      await waitFor(() => world.app?.isReady(), { timeoutMs: 15_000 });
      expect(await world.endpoints()).toMatchObject([{ offered: false, reason: 'NO_CERTIFICATE' }]);
      world.certify('checkout-1-a');
      await waitFor(async () => (await world.endpoints())[0]?.reason === 'ATTESTED');
    } finally {
      await world.stop();
    }
  }, 40_000);

  test('it waits for the database, and stops without it', async () => {
    const world = await DiscoveryWorld.start({ database: { host: '127.0.0.1', port: 1, database: 'x', user: 'x' } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(world.app?.isReady()).toBe(false);
    expect((await world.inventory().ListEndpoints({})).endpoints).toEqual([]);
    await world.stop();
  }, 20_000);
});

test('without attestation every ready endpoint is offered, and the finding stays', async () => {
  const world = await DiscoveryWorld.start({ attestation: false });
  try {
    world.write(pod('checkout-1-a', '10.1.0.1'));
    world.write(pod('intruder', '10.1.0.66', { owner: false, agent: false }));
    world.write(slice({ ...replica, intruder: '10.1.0.66' }));
    await waitFor(() => world.app?.isReady(), { timeoutMs: 15_000 });
    const endpoints = await waitFor(async () => {
      const all = await world.endpoints();
      return all.length === 2 ? all : undefined;
    });
    expect(endpoints.map(({ pod: name, offered, reason, mutualTls }) => [name, offered, reason, mutualTls])).toEqual([
      ['checkout-1-a', true, 'ATTESTATION_OFF', true],
      ['intruder', true, 'ATTESTATION_OFF', false],
    ]);
    expect(await world.findings()).toMatchObject([{ pod: 'intruder', action: 'alert' }]);
  } finally {
    await world.stop();
  }
}, 30_000);
