// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { proxyStatus } from '@signet/proto';
import { createChannel, createClient, toSignetError, type Channel } from '@signet/runtime';
import { waitFor, type TestCertificate } from '@signet/testing';
import { typeUrls } from '@signet/xds';
import { openAdsClient, type AdsClient } from '../ads-client.ts';
import { podEvent, revisionEvent, serviceEvents } from '../sample-inventory.ts';
import { startStubWorld, type StubWorld } from '../stub-world.ts';

jest.setTimeout(30_000);

const webNode = { id: 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local' };
const serverId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';

describe('the config service', () => {
  let world: StubWorld;
  const clients: AdsClient[] = [];
  const channels: Channel[] = [];

  beforeEach(async () => {
    world = await startStubWorld();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const channel of channels.splice(0)) channel.close();
    await world.stop();
  });

  const open = (certificate: TestCertificate, variant: 'delta' | 'sotw' = 'delta'): AdsClient => {
    const client = openAdsClient({ port: world.port, variant, certificate, rootPem: world.rootPem });
    clients.push(client);
    return client;
  };
  const status = (spiffeId: string) => {
    const certificate = world.root.issue({ uris: [spiffeId] });
    const material = {
      keyPem: certificate.keyPem,
      certificateChainPem: certificate.chainPem,
      rootsPem: world.rootPem,
      serial: certificate.serial,
      spiffeId,
      notBefore: new Date(),
      notAfter: new Date(Date.now() + 60_000),
    };
    const channel = createChannel({
      address: `127.0.0.1:${world.port}`,
      material: () => material,
      rootsPem: () => world.rootPem,
      expectedServerIds: [serverId],
    });
    channels.push(channel);
    return createClient(proxyStatus, channel);
  };
  const operator = () => status('spiffe://cluster.local/ns/signet-system/sa/signet-operator');
  const shop = () => {
    world.publish(
      { namespace: { name: 'shop', labels: { 'signet.dev/inject': 'enabled' }, enrolled: true } },
      podEvent('web', '10.0.0.1'),
      podEvent('db', '10.0.0.2'),
      ...serviceEvents('db', '10.1.0.2', '10.0.0.2'),
      revisionEvent(10),
    );
  };
  /** Acknowledges everything and asks for whatever was named, as a proxy does. */
  const behave = (client: AdsClient, o: { nack?: string } = {}): void => {
    let done = 0;
    const timer = setInterval(() => {
      for (const response of client.responses.slice(done)) {
        done += 1;
        const isBad = o.nack !== undefined && response.names.includes(o.nack);
        const errorDetail = isBad
          ? { errorDetail: { code: 13, message: `Error adding/updating listener(s) ${o.nack}: bad` } }
          : {};
        client.sendDelta({ typeUrl: response.typeUrl, responseNonce: response.nonce, ...errorDetail });
      }
    }, 5);
    timer.unref();
  };

  test('a pod gets its resources over delta, and is listed with what it acknowledged', async () => {
    shop();
    await waitFor(() => world.app.isReady());
    const certificate = world.issueToPod('web');
    const client = open(certificate);
    behave(client);
    client.sendDelta({ node: webNode, typeUrl: typeUrls.cluster });
    await waitFor(() => client.responses.length > 0);
    expect(client.responses[0]?.names).toContain('outbound|80||db.shop.svc.cluster.local');
    client.sendDelta({ typeUrl: typeUrls.listener });
    client.sendDelta({ typeUrl: typeUrls.secret, resourceNamesSubscribe: ['ROOTCA', 'default'] });
    await waitFor(() => client.responses.some(({ names }) => names.includes('ROOTCA')));
    expect(client.responses.some(({ names }) => names.includes('default'))).toBe(false);
    const { proxies } = await waitFor(async () => {
      const answer = await operator().ListProxies({});
      return answer.proxies[0]?.types.length === 3 && answer;
    });
    expect(proxies).toMatchObject([
      { podUid: 'uid-web', pod: 'web', serial: certificate.serial, delta: true, nodeId: webNode.id },
    ]);
  });

  test('the same over state of the world', async () => {
    shop();
    await waitFor(() => world.app.isReady());
    const client = open(world.issueToPod('web'), 'sotw');
    client.sendState({ node: webNode, typeUrl: typeUrls.cluster });
    await waitFor(() => client.responses.length > 0);
    expect(client.responses[0]?.names).toContain('outbound|80||db.shop.svc.cluster.local');
    expect(client.responses[0]?.version).toMatch(/^[0-9a-f]{32}@10\.0$/);
  });

  test('a foreign node id gets nothing but a refusal', async () => {
    shop();
    await waitFor(() => world.app.isReady());
    for (const id of [
      'sidecar~10.0.0.2~db.shop~shop.svc.cluster.local',
      'sidecar~10.0.0.2~web.shop~shop.svc.cluster.local',
      '',
      'x~y',
    ]) {
      const client = open(world.issueToPod('web'));
      client.sendDelta({ node: { id }, typeUrl: typeUrls.cluster });
      const ended = await waitFor(() => client.ended());
      expect(toSignetError(ended)).toMatchObject({ kind: 'forbidden', reason: 'NODE_ID_MISMATCH' });
      expect(client.responses).toEqual([]);
    }
  });

  test('a certificate that is not in the ledger gets nothing', async () => {
    shop();
    await waitFor(() => world.app.isReady());
    const client = open(world.root.issue({ uris: ['spiffe://cluster.local/ns/shop/sa/web'] }));
    client.sendDelta({ node: webNode, typeUrl: typeUrls.cluster });
    const ended = await waitFor(() => client.ended());
    expect(toSignetError(ended)).toMatchObject({ kind: 'forbidden', reason: 'SERIAL_UNKNOWN' });
    expect(client.responses).toEqual([]);
  });

  test('a pod that is not visible yet waits, and loses its connection when it is deleted', async () => {
    world.publish({ namespace: { name: 'shop' } }, revisionEvent(5));
    await waitFor(() => world.app.isReady());
    const client = open(world.issueToPod('web'));
    client.sendDelta({ node: webNode, typeUrl: typeUrls.cluster });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.responses).toEqual([]);
    shop();
    await waitFor(() => client.responses.length > 0);
    world.publish({ deleted: { kind: 'workload', namespace: 'shop', name: 'web', uid: 'uid-web' } }, revisionEvent(11));
    await waitFor(() => client.ended());
  });

  test('nothing is sent before the inventory is synced; what was sent stays when discovery goes', async () => {
    world.publish(podEvent('web', '10.0.0.1'), revisionEvent(1, { synced: false }));
    await waitFor(() => operator().ListProxies({}));
    const client = open(world.issueToPod('web'));
    client.sendDelta({ node: webNode, typeUrl: typeUrls.cluster });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(world.app.isReady()).toBe(false);
    expect(client.responses).toEqual([]);
    shop();
    await waitFor(() => client.responses.length > 0);
    world.setDiscoveryDown(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(world.app.isReady()).toBe(true);
    const other = open(world.issueToPod('web'));
    other.sendDelta({ node: webNode, typeUrl: typeUrls.cluster });
    await waitFor(() => other.responses.length > 0);
    expect(client.ended()).toBeUndefined();
    world.setDiscoveryDown(false);
    world.publish(podEvent('new', '10.0.0.3'), ...serviceEvents('new', '10.1.0.3', '10.0.0.3'), revisionEvent(12));
    await waitFor(() =>
      operator()
        .WaitForRevision({ revision: { source: 12 }, timeout: { seconds: 0 } })
        .then(({ revision }) => revision?.source === 12),
    );
  });

  test('WaitForRevision tells who is done, who rejected, and who is silent', async () => {
    shop();
    await waitFor(() => world.app.isReady());
    const wait = (source: number) => operator().WaitForRevision({ revision: { source }, timeout: { seconds: 1 } });
    expect(await wait(10)).toMatchObject({ done: false, acked: [], pending: ['shop/db', 'shop/web'] });
    world.publish({ deleted: { kind: 'workload', namespace: 'shop', name: 'db', uid: 'uid-db' } }, revisionEvent(11));
    const client = open(world.issueToPod('web'));
    behave(client, { nack: 'inbound' });
    client.sendDelta({ node: webNode, typeUrl: typeUrls.cluster });
    client.sendDelta({
      typeUrl: typeUrls.endpoints,
      resourceNamesSubscribe: ['outbound|80||db.shop.svc.cluster.local'],
    });
    client.sendDelta({ typeUrl: typeUrls.listener });
    client.sendDelta({ typeUrl: typeUrls.routes, resourceNamesSubscribe: ['outbound|80||db.shop.svc.cluster.local'] });
    client.sendDelta({ typeUrl: typeUrls.secret, resourceNamesSubscribe: ['ROOTCA'] });
    expect(await wait(11)).toMatchObject({ done: true, nacked: ['shop/web'], pending: [], revision: { source: 11 } });
    expect(await wait(12)).toMatchObject({ done: false, pending: ['shop/web'] });
  });

  test('proxies are no operators', async () => {
    shop();
    await waitFor(() => world.app.isReady());
    const pod = status('spiffe://cluster.local/ns/shop/sa/web');
    await expect(pod.ListProxies({})).rejects.toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
    await expect(pod.ListPolicyStatus({})).rejects.toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
  });
});
