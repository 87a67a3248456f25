// SPDX-License-Identifier: Apache-2.0
import { createServer, get as httpGet, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { envoyVersions, findFreePort, waitFor, type TestEnvoy } from '@signet/testing';
import { hasRejections, proxyTypeStates } from '../../src/proxy-state.ts';
import { typeUrls } from '../../src/resource-types.ts';
import { startAdsHarness, type AdsHarness } from '../ads-harness.ts';
import {
  cluster,
  desiredState,
  encoded,
  endpoints,
  httpListener,
  routes,
  rules,
  tcpListener,
} from '../sample-resources.ts';

jest.setTimeout(60_000);

let application: Server;
let applicationPort: number;

beforeAll(async () => {
  application = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  applicationPort = (application.address() as AddressInfo).port;
});

afterAll(() => {
  application.closeAllConnections();
  application.close();
});

/** Status of a request on a connection of its own. */
function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpGet({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}

const runs = envoyVersions().flatMap((version) =>
  (['delta', 'sotw'] as const).map((variant) => ({ version, variant })),
);

describe.each(runs)('Envoy $version, $variant', ({ version, variant }) => {
  let harness: AdsHarness;
  let envoy: TestEnvoy;
  let listenerPort: number;
  let revision = 0;

  const state = (o: { variant?: number; action?: 'allow' | 'deny'; extra?: ReturnType<typeof cluster>[] } = {}) =>
    desiredState(
      (revision += 1),
      cluster('app', o.variant ?? 1),
      endpoints('app', applicationPort),
      httpListener('web', { routes: 'web', rules: 'rules/web', port: listenerPort }),
      routes('web', 'app'),
      rules('rules/web', o.action ?? 'allow'),
      ...(o.extra ?? []),
    );
  const get = (port = listenerPort) => statusOf(port);
  const settled = () =>
    waitFor(
      () => [...harness.registry.all()].some(({ stream }) => stream.session().settled?.revision.source === revision),
      {
        what: `revision ${revision} to settle`,
      },
    );
  const proxy = () => {
    const [first] = harness.registry.all();
    if (first === undefined) throw new Error('no proxy');
    return first;
  };
  const rejected = () =>
    proxyTypeStates(proxy().stream.session()).flatMap(({ rejections }) => rejections.map(({ name }) => name));

  beforeEach(async () => {
    revision = 0;
    harness = await startAdsHarness({ limits: { drainMs: 500 } });
    listenerPort = await findFreePort();
    harness.desire(state());
    envoy = await harness.startEnvoy({ variant, version });
    await settled();
  });

  afterEach(async () => {
    await harness.stop();
  });

  test('starts, serves, and takes rules, clusters and endpoints without warming for long', async () => {
    await waitFor(async () => (await get()) === 200);
    harness.desire(state({ action: 'deny' }));
    await settled();
    expect(await get()).toBe(403);
    const startedMs = performance.now();
    harness.desire(state({ variant: 2 }));
    await settled();
    await waitFor(async () => (await get()) === 200);
    // A cluster that waited for its endpoints would take the initial fetch timeout of 15 s.
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(harness.events.filter(({ kind }) => kind === 'rejected')).toEqual([]);
  });

  test('a bad listener and a bad cluster are named and withheld; the rest arrives; the last good form serves', async () => {
    const bad = encoded(typeUrls.listener, 'web', new Uint8Array([10, 3, 119, 101, 98]));
    const good = await findFreePort();
    const next = desiredState(
      (revision += 1),
      cluster('app'),
      cluster('other'),
      endpoints('app', applicationPort),
      endpoints('other', applicationPort),
      bad,
      tcpListener('more', 'other', { port: good }),
      routes('web', 'app'),
      rules('rules/web', 'allow'),
    );
    harness.desire(next);
    await settled();
    expect(rejected()).toEqual(['web']);
    expect(await get()).toBe(200);
    await waitFor(async () => (await get(good)) === 200);
    harness.desire(state());
    await settled();
    expect(rejected()).toEqual([]);
  });

  test('an unnamed rejection is searched for until the culprit is alone', async () => {
    // connect_timeout must be positive: a constraint, whose violation drops the whole response and names nobody.
    const bad = cluster('c3', -5);
    const others = ['c1', 'c2', 'c4', 'c5'].map((name) => cluster(name));
    const withEndpoints = [bad, ...others].flatMap((one) => [one, endpoints(one.name, applicationPort)]);
    harness.desire(state({ extra: withEndpoints }));
    await settled();
    expect(rejected()).toEqual(['c3']);
    const config = await envoy.admin('clusters');
    for (const { name } of others) expect(config).toContain(`${name}::`);
    expect(config).not.toContain('c3::');
  });

  const reconnect = async () => {
    const before = proxy().id;
    harness.sent.length = 0;
    expect(harness.cutConnections()).toBe(1);
    await waitFor(() =>
      [...harness.registry.all()].some(({ id, stream }) => id > before && stream.session().settled !== undefined),
    );
  };

  test('a broken connection comes back and gets nothing but endpoints', async () => {
    await reconnect();
    expect(harness.sent.map(({ typeUrl, names }) => [typeUrl, names])).toEqual([[typeUrls.endpoints, ['app']]]);
    expect(await get()).toBe(200);
    harness.desire(state({ action: 'deny' }));
    await settled();
    expect(await get()).toBe(403);
  });

  test('a rejection is remembered on the next stream', async () => {
    harness.desire(state({ extra: [encoded(typeUrls.listener, 'bad', new Uint8Array([10, 3, 98, 97, 100]))] }));
    await settled();
    expect(hasRejections(proxy().stream.session())).toBe(true);
    await reconnect();
    expect(harness.sent.flatMap(({ names }) => names)).not.toContain('bad');
    expect(hasRejections(proxy().stream.session())).toBe(true);
    expect(await get()).toBe(200);
  });

  test('what is gone is removed after drains', async () => {
    const other = await findFreePort();
    const extra = [cluster('old'), endpoints('old', applicationPort), tcpListener('old', 'old', { port: other })];
    harness.desire(state({ extra }));
    await settled();
    await waitFor(async () => (await get(other)) === 200);
    harness.desire(state());
    await settled();
    await waitFor(async () => !(await envoy.admin('clusters')).includes('old::'));
    await expect(get(other)).rejects.toThrow('ECONNREFUSED');
    expect(await get()).toBe(200);
  });
});
