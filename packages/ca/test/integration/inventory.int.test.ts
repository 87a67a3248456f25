// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { certificateAuthority } from '@signet/proto';
import { createChannel, createClient, type Channel, type TlsMaterial } from '@signet/runtime';
import { startPostgres, waitFor, type PostgresServer } from '@signet/testing';
import { CaFiles, controlPlaneId, pod, requestMaterial } from '../ca-kit.ts';
import { prepareSignetd, type Signetd } from '../signetd.ts';

let server: PostgresServer;
let files: CaFiles;
let signetd: Signetd;
const channels: Channel[] = [];

function writeService(name: string, spec: object): void {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name, uid: `uid-service-${name}` },
    spec,
  };
  writeFileSync(files.at(`cluster/service-${name}.json`), JSON.stringify(object));
}

function client(change: { token?: string; material?: TlsMaterial }) {
  const { token, material } = change;
  const channel = createChannel({
    address: signetd.address(material === undefined ? 15_012 : 15_011),
    rootsPem: () => files.rootsPem,
    expectedServerIds: [controlPlaneId],
    ...(token === undefined ? {} : { token: () => token }),
    ...(material === undefined ? {} : { material: () => material }),
  });
  channels.push(channel);
  return { channel, authority: createClient(certificateAuthority, channel) };
}

/** Asks until the answer is as expected: the inventory follows its source within a moment. */
async function eventually(ask: () => Promise<TlsMaterial>, reason: string): Promise<void> {
  await waitFor(async () => expect(await ask().catch((error: unknown) => error)).toMatchObject({ reason }) ?? true);
}

beforeAll(async () => {
  server = await startPostgres();
  files = new CaFiles();
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  writeService('cart', { clusterIP: '10.1.0.1', selector: { app: 'cart' }, ports });
  writeService('other', { clusterIP: '10.1.0.2', selector: { app: 'other' }, ports });
  files.writePod(pod('cart'));
  files.writePod(pod('lonely'));
  files.writePod(pod('brief'));
  signetd = await (await prepareSignetd(files, (await server.createDatabase()).url))();
}, 60_000);

afterAll(async () => {
  for (const channel of channels) channel.close();
  await signetd.process.stop();
  await server.stop();
  files.remove();
});

test('a serving certificate carries the names of the Services that select the pod, and no others', async () => {
  const { authority } = client({ token: files.tokenOf(pod('cart')) });
  const material = await waitFor(() => requestMaterial({ authority }, { profile: 'PROFILE_SERVING' }));
  expect(new X509Certificate(material.certificateChainPem).subjectAltName?.split(', ').sort()).toEqual([
    'DNS:cart',
    'DNS:cart.shop',
    'DNS:cart.shop.svc',
    'DNS:cart.shop.svc.cluster.local',
    'URI:spiffe://cluster.local/ns/shop/sa/cart',
  ]);
});

test('a pod that no Service selects has no names to serve', async () => {
  const { authority } = client({ token: files.tokenOf(pod('lonely')) });
  await eventually(() => requestMaterial({ authority }, { profile: 'PROFILE_SERVING' }), 'SERVING_NAMES_MISSING');
});

test('a deleted pod is refused at once, however young its token, and its connections are cut', async () => {
  const brief = pod('brief');
  const byToken = client({ token: files.tokenOf(brief) });
  const material = await waitFor(() => requestMaterial(byToken));
  const byCertificate = client({ material });
  await requestMaterial(byCertificate);
  expect(byCertificate.channel.isConnected()).toBe(true);
  files.deletePod(brief);
  await waitFor(() => !byCertificate.channel.isConnected(), { timeoutMs: 5000 });
  await eventually(() => requestMaterial(byToken), 'POD_UNKNOWN');
  await eventually(() => requestMaterial(byCertificate), 'POD_UNKNOWN');
});
