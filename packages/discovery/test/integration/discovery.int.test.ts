// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { InventoryEvent__Output } from '@signet/proto';
import { waitFor } from '@signet/testing';
import { DiscoveryWorld, operatorId, pod, slice } from '../discovery-world.ts';

const replicas = { 'checkout-1-a': '10.1.0.1', 'checkout-1-b': '10.1.0.2' };

function verdicts(endpoints: readonly { pod: string; reason: string; offered: boolean }[]): Record<string, string> {
  return Object.fromEntries(
    endpoints.map(({ pod: name, reason, offered }) => [name, `${offered ? '+' : '-'}${reason}`]),
  );
}

describe('discovery over gRPC and REST', () => {
  let world: DiscoveryWorld;
  let client: ReturnType<DiscoveryWorld['inventory']>;

  beforeAll(async () => {
    world = await DiscoveryWorld.start();
    for (const [name, ip] of Object.entries(replicas)) world.write(pod(name, ip));
    world.write(slice(replicas));
    client = world.inventory();
    await waitFor(() => world.app?.isReady(), { what: 'discovery to be ready' });
  }, 30_000);
  afterAll(async () => world.stop(), 20_000);

  test('an enrolled pod becomes an endpoint as soon as it has its certificate', async () => {
    await waitFor(async () => (await world.endpoints(client)).length === 2);
    expect(verdicts(await world.endpoints(client))).toEqual({
      'checkout-1-a': '-NO_CERTIFICATE',
      'checkout-1-b': '-NO_CERTIFICATE',
    });
    const startedAt = performance.now();
    world.certify('checkout-1-a');
    world.certify('checkout-1-b');
    await waitFor(async () => (await world.endpoints(client)).every((one) => one.offered), { intervalMs: 5 });
    expect(performance.now() - startedAt).toBeLessThan(500);
    const [endpoint] = await world.endpoints(client);
    expect(endpoint).toMatchObject({
      reason: 'ATTESTED',
      spiffeId: 'spiffe://cluster.local/ns/shop/sa/checkout',
      mutualTls: true,
    });
  });

  test('lists what there is', async () => {
    const { services } = await client.ListServices({ namespace: 'shop' });
    expect(services).toMatchObject([
      { name: 'checkout', host: 'checkout.shop.svc.cluster.local', offered: 2, withheld: 0 },
    ]);
    const { workloads } = await client.ListWorkloads({});
    expect(
      workloads.map(({ name, workloadKind, workloadName, enrolled }) => [name, workloadKind, workloadName, enrolled]),
    ).toEqual([
      ['checkout-1-a', 'Deployment', 'checkout', true],
      ['checkout-1-b', 'Deployment', 'checkout', true],
    ]);
    expect(workloads[0]?.certificate?.serial).toMatch(/^[0-9a-f]{32}$/);
  });

  test('the intruder: never an endpoint, and a finding within two seconds', async () => {
    const startedAt = performance.now();
    world.write(pod('intruder', '10.1.0.66', { owner: false, agent: false, account: 'default' }));
    world.write(slice({ ...replicas, intruder: '10.1.0.66' }));
    const [finding] = await waitFor(
      async () => {
        const found = await world.findings(client);
        return found.length > 0 ? found : undefined;
      },
      { intervalMs: 10 },
    );
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(finding).toMatchObject({ detector: 'bare-pod', pod: 'intruder', services: ['shop/checkout'] });
    expect(finding?.signals.filter((signal) => signal.hard).length).toBeGreaterThanOrEqual(2);
    expect(verdicts(await world.endpoints(client))['intruder']).toBe('-BARE_POD');
    world.remove('Pod', 'intruder');
    world.write(slice(replicas));
    await waitFor(async () => (await world.findings(client)).length === 0, { what: 'the finding to close' });
  });

  test('a watch begins with everything, goes on with groups, and ends in the same state', async () => {
    const stop = new AbortController();
    const seen: InventoryEvent__Output[] = [];
    const reading = (async () => {
      for await (const event of client.WatchInventory({ kinds: ['workload', 'endpoints'] }, { signal: stop.signal }))
        seen.push(event);
    })();
    reading.catch(() => undefined);
    await waitFor(() => seen.some((event) => event.event === 'revision'));
    expect(seen.at(-1)?.revision).toMatchObject({ synced: true, stale: false });
    expect(seen.filter((event) => event.event === 'workload')).toHaveLength(2);
    expect(seen.some((event) => event.event === 'service')).toBe(false);
    const length = seen.length;
    world.write(pod('checkout-1-c', '10.1.0.3'));
    await waitFor(() => seen.slice(length).some((event) => event.workload?.name === 'checkout-1-c'));
    world.remove('Pod', 'checkout-1-c');
    const gone = await waitFor(() => seen.find((event) => event.event === 'deleted'));
    expect(gone.deleted).toMatchObject({ kind: 'workload', name: 'checkout-1-c', uid: 'uid-checkout-1-c' });
    stop.abort();
    await reading.catch(() => undefined);
  });

  test('resync answers with a revision that includes what was just written', async () => {
    for (let round = 0; round < 3; round += 1) {
      world.write({
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: `round-${round}`, namespace: 'shop' },
        spec: { rules: [] },
      });
      const { revision } = await client.Resync({});
      const answer = await client.ListPolicies({ namespace: 'shop' });
      expect(answer.policies.some((policy) => policy.name === `round-${round}`)).toBe(true);
      expect(answer.revision).toEqual(revision);
    }
  });

  test('edges: reported by a pod, attributed by serial, asked for when wanted', async () => {
    const caller = world.certify('checkout-1-b');
    const stream = world.traffic(world.certify('checkout-1-a')).ReportTraffic();
    const questions: number[] = [];
    const answering = (async () => {
      for await (const { requestId } of stream.responses) {
        questions.push(requestId);
        const flow = {
          inbound: true,
          transport: 'mtls',
          verdict: 'ALLOWED',
          port: 8080,
          calls: 3,
          rule: 'AuthorizationPolicy/shop/a/0',
        };
        const lastSeen = { seconds: 1_790_000_000, nanos: 0 };
        await stream.send({
          requestId,
          flows: [
            {
              ...flow,
              peerSpiffeId: caller.spiffeId,
              peerSerial: caller.serial.toUpperCase(),
              peerAddress: '10.1.0.2:4444',
              lastSeen,
            },
            { ...flow, transport: 'plaintext', verdict: 'DENIED', peerAddress: '10.9.9.9:1', rule: '', lastSeen },
          ],
        });
      }
    })();
    answering.catch(() => undefined);
    await stream.send({ flows: [] });
    const edges = await waitFor(async () => {
      const answer = await client.ListEdges({});
      return answer.edges.length > 0 ? answer.edges : undefined;
    });
    expect(questions.length).toBeGreaterThan(0);
    expect(edges).toMatchObject([
      { source: '10.9.9.9', sourcePod: '', destination: 'shop/checkout', transport: 'plaintext', verdict: 'DENIED' },
      {
        source: 'shop/checkout',
        sourcePod: 'checkout-1-b',
        destinationPod: 'checkout-1-a',
        destinationPort: 8080,
        transport: 'mtls',
      },
    ]);
    stream.cancel();
    await answering.catch(() => undefined);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['no credential', async () => world.inventory('none').ListServices({}), 'CREDENTIAL_MISSING'],
    [
      'a workload of the mesh',
      async () => world.inventory(world.certify('checkout-1-a')).ListServices({}),
      'CALLER_NOT_ALLOWED',
    ],
    [
      'a token where no issuer is configured',
      async () => world.inventory('none', 'token').ListServices({}),
      'CALLER_NOT_ALLOWED',
    ],
  ])('refuses %s', async (_, call, reason) => {
    await expect(call()).rejects.toMatchObject({ reason });
  });

  test('traffic of a certificate that was not issued to a pod is refused', async () => {
    const stream = world.traffic(world.material('spiffe://cluster.local/ns/shop/sa/other')).ReportTraffic();
    await expect(
      (async () => {
        for await (const _ of stream.responses) break;
      })(),
    ).rejects.toMatchObject({ reason: 'SERIAL_UNKNOWN' });
  });

  test('REST says the same as JSON', async () => {
    const { keyPem, certificateChainPem, rootsPem } = world.material(operatorId);
    const get = (path: string, withCertificate = true) =>
      new Promise<{
        status: number;
        body: { services?: { name: string }[]; findings?: unknown[]; error?: { reason: string } };
      }>((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port: world.app?.ports().get('rest'),
          path,
          ca: rootsPem,
          checkServerIdentity: () => undefined,
          ...(withCertificate ? { key: keyPem, cert: certificateChainPem } : {}),
        };
        request(options, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
        })
          .on('error', reject)
          .end();
      });
    expect((await get('/v1/services?namespace=shop')).body.services?.map(({ name }) => name)).toEqual(['checkout']);
    expect(await get('/v1/findings')).toMatchObject({ status: 200, body: { findings: [] } });
    expect(await get('/v1/services', false)).toMatchObject({
      status: 401,
      body: { error: { reason: 'CREDENTIAL_MISSING' } },
    });
    expect(await get('/v1/services?namespace=A%20b')).toMatchObject({
      status: 400,
      body: { error: { reason: 'REQUEST_INVALID' } },
    });
    expect((await get('/v1/nothing')).status).toBe(404);
  });

  test('REST streams the watch as lines of JSON', async () => {
    const { keyPem, certificateChainPem, rootsPem } = world.material(operatorId);
    const lines = await new Promise<{ revision?: { synced: boolean }; finding?: unknown }[]>((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port: world.app?.ports().get('rest'),
          path: '/v1/watch?kinds=service,finding',
          ca: rootsPem,
          checkServerIdentity: () => undefined,
          key: keyPem,
          cert: certificateChainPem,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
            if (!text.includes('"revision"')) return;
            resolve(
              text
                .trim()
                .split('\n')
                .map((line) => JSON.parse(line) as { revision?: { synced: boolean } }),
            );
            call.destroy();
          });
        },
      );
      call.on('error', reject).end();
    });
    expect(lines.map((line) => Object.keys(line)[0])).toEqual(['service', 'revision']);
    expect(lines.at(-1)?.revision?.synced).toBe(true);
  });

  test('keeps its state when the CA goes away, and follows it again', async () => {
    await world.ca.stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await world.endpoints(client)).every((one) => one.offered)).toBe(true);
    expect(world.app?.isReady()).toBe(true);
    await world.ca.start();
    world.write(pod('checkout-1-d', '10.1.0.4'));
    world.write(slice({ ...replicas, 'checkout-1-d': '10.1.0.4' }));
    world.certify('checkout-1-d');
    await waitFor(async () => verdicts(await world.endpoints(client))['checkout-1-d'] === '+ATTESTED', {
      timeoutMs: 15_000,
    });
  }, 30_000);
});
