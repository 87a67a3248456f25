// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildCsr, generateKeyPair } from '@signet/pki';
import { resourceNames, resourcesOf, runGoClient, startGoClient, type GoEvent } from '../src/go-client.ts';
import { readIssuance } from '../src/ledger.ts';
import { nodeIdOf } from '../src/pod-credentials.ts';
import { listWorkloads } from '../src/pods.ts';
import { denyPath, policyFile, writePolicy } from '../src/policy-file.ts';
import { waitUntilSettled } from '../src/settle.ts';
import { createClientGround, expectNothing, type ClientGround } from './client-ground.ts';
import { forgetCertificate } from './forget-certificate.ts';
import { callGrpcJs, readAds, readGrpcJs, statusOf } from './grpc-js-client.ts';

const identity = 'spiffe://cluster.local/ns/shop/sa/frontend';
const asIdentity = ['-spiffe-id', identity];
const issueCertificate = ['signet.ca.v1.CertificateAuthority', 'IssueCertificate'] as const;
const createCertificate = ['istio.v1.auth.IstioCertificateService', 'CreateCertificate'] as const;
const watchInventory = ['signet.discovery.v1.Inventory', 'WatchInventory'] as const;
const variants = [
  { variant: 'state of the world', flags: [], isDelta: false },
  { variant: 'delta', flags: ['-delta'], isDelta: true },
];
const certificate = 'first';

let ground: ClientGround;
/** Of the certificate that the ledger is to forget. */
let doomedSerial = '';

beforeAll(async () => {
  ground = await createClientGround();
  await ground.issue(certificate, { command: 'issue', to: ground.goTo('caToken', 'pod token') });
}, 240_000);
afterAll(async () => ground?.stop(), 60_000);

async function podUids(): Promise<readonly string[]> {
  return (await listWorkloads(ground.mesh)).map(({ uid }) => uid).toSorted();
}

describe('a Go client built from protos/ alone', () => {
  test('gets certificates by signet.ca.v1, by token and then by that certificate, and they are in the ledger', async () => {
    const { own, mesh, goTo, issue } = ground;
    const byToken = await issue('token', { command: 'issue', to: goTo('caToken', 'pod token') });
    expect(byToken).toMatchObject({ uris: [identity], dnsNames: null, chainLength: 2 });
    const ledger = { spiffeId: identity, podUid: own.uid, podName: own.name, namespace: 'shop' };
    const tokenRow = await readIssuance(mesh, String(byToken['serial']));
    expect(tokenRow).toMatchObject({ ...ledger, attestation: 'token-jwks' });

    const to = goTo('caMtls', { certificate: 'token' });
    const renewed = await issue('renewed', { command: 'issue', to }, asIdentity);
    expect(renewed).toMatchObject({ uris: [identity], chainLength: 2 });
    expect(renewed['serial']).not.toBe(byToken['serial']);
    const renewedRow = await readIssuance(mesh, String(renewed['serial']));
    expect(renewedRow).toMatchObject({ ...ledger, attestation: 'mtls' });
  }, 60_000);

  test('gets a serving certificate with the names of its Services, as long as it asks for', async () => {
    const { goTo, issue } = ground;
    const args = ['-profile', 'serving', '-lifetime', '1h'];
    const serving = await issue('serving', { command: 'issue', to: goTo('caToken', 'pod token') }, args);
    expect(serving['uris']).toEqual([identity]);
    expect(serving['dnsNames']).toEqual(expect.arrayContaining(['frontend.shop.svc.cluster.local', 'frontend.shop']));
    expect(Date.parse(String(serving['notAfter'])) - Date.now()).toBeLessThanOrEqual(3_600_000);
  }, 30_000);

  test('gets certificates by Istio’s CreateCertificate', async () => {
    const { own, mesh, goTo, issue } = ground;
    const by = { command: 'istio-issue', to: goTo('caToken', 'pod token') };
    const event = await issue('istio', by, ['-lifetime', '2h', ...asIdentity]);
    expect(event).toMatchObject({ uris: [identity], chainLength: 2 });
    doomedSerial = String(event['serial']);
    expect(await readIssuance(mesh, doomedSerial)).toMatchObject({ podUid: own.uid, attestation: 'token-jwks' });
  }, 30_000);

  test.each(['issue', 'istio-issue'])(
    'control: %s gives nothing without a credential, nor another’s name',
    async (command) => {
      const { goTo } = ground;
      expectNothing(await runGoClient(command, goTo('caToken')), 'UNAUTHENTICATED', 'CREDENTIAL_MISSING');
      const asAnother = ['-spiffe-id', 'spiffe://cluster.local/ns/shop/sa/payments'];
      const result = await runGoClient(command, goTo('caToken', 'pod token'), asAnother);
      expectNothing(result, 'PERMISSION_DENIED', 'CSR_IDENTITY_MISMATCH');
    },
    30_000,
  );

  test('watches the inventory: the present state, then each change; a pod may not', async () => {
    const { mesh, goTo } = ground;
    const operator = goTo('discovery', 'operator token');
    const present = await runGoClient('watch', operator, ['-until-synced']);
    expect(present.code).toBe(0);
    const kinds = ['endpoints', 'finding', 'namespace', 'policy', 'revision', 'service', 'workload'];
    expect([...new Set(present.events.map(({ event }) => event))].toSorted()).toEqual(kinds);
    const workloads = present.events.flatMap(({ workload }) => (workload === undefined ? [] : [workload]));
    expect((workloads as { uid: string }[]).map(({ uid }) => uid).toSorted()).toEqual(await podUids());

    const stream = startGoClient('watch', operator, ['-kinds', 'policy']);
    const isWatched = (value: unknown): boolean => (value as { name?: string } | undefined)?.name === 'watched';
    try {
      await stream.expectEvent(({ event }) => event === 'revision');
      writePolicy(mesh, 'watched', denyPath('watched', '/watched'));
      const created = await stream.expectEvent(({ policy }) => isWatched(policy));
      expect(created).toMatchObject({ policy: { kind: 'AuthorizationPolicy', namespace: 'shop' } });
      rmSync(policyFile(mesh, 'watched'));
      await stream.expectEvent(({ deleted }) => isWatched(deleted));
      expect(new Set(stream.events.map(({ event }) => event))).toEqual(new Set(['policy', 'revision', 'deleted']));
    } finally {
      await stream.stop();
    }
    const asPod = await runGoClient('watch', goTo('discovery', 'pod token'), ['-until-synced']);
    expectNothing(asPod, 'PERMISSION_DENIED', 'CALLER_NOT_ALLOWED');
  }, 60_000);

  test('holds streams of both variants, which bring the same resources, and each change', async () => {
    const { mesh, own, goTo } = ground;
    const bringsRules = (event: GoEvent): boolean => resourceNames(event).includes('inbound/8080/deny');
    const streams = variants.map(({ flags }) =>
      startGoClient('ads', goTo('config', { certificate }), ['-node-id', nodeIdOf(own), ...flags]),
    );
    try {
      for (const stream of streams) await stream.expectEvent(bringsRules);
      await waitUntilSettled(mesh);
      const [world = new Map<string, string>(), delta] = streams.map(({ events }) => resourcesOf(events));
      expect(world).toEqual(delta);
      expect([...world.keys()]).toEqual(
        expect.arrayContaining(['Listener inbound', 'Listener outbound', 'Secret ROOTCA', 'Cluster inbound-http']),
      );
      const positions = streams.map(({ events }) => events.length);
      writePolicy(mesh, 'held', denyPath('held', '/never'));
      for (const [index, stream] of streams.entries()) {
        const change = await stream.expectEvent(bringsRules, positions[index]);
        expect(change).toMatchObject({ typeUrl: expect.stringContaining('TypedExtensionConfig'), acknowledged: true });
      }
      rmSync(policyFile(mesh, 'held'));
    } finally {
      for (const stream of streams) await stream.stop();
    }
  }, 60_000);

  test.each(variants)(
    'gets nothing on a $variant stream under the node id of another pod',
    async ({ flags }) => {
      const { foreign, twin, goTo } = ground;
      for (const pod of [foreign, twin]) {
        const args = ['-node-id', nodeIdOf(pod), ...flags];
        const result = await runGoClient('ads', goTo('config', { certificate }), args);
        expectNothing(result, 'PERMISSION_DENIED', 'NODE_ID_MISMATCH');
      }
    },
    60_000,
  );

  const authority = [
    'istio.v1.auth.IstioCertificateService',
    'signet.ca.v1.CertificateAuthority',
    'signet.ca.v1.IssuanceLedger',
  ];
  test.each([
    { listener: 'caToken', services: authority },
    { listener: 'caMtls', services: authority },
    {
      listener: 'config',
      services: ['envoy.service.discovery.v3.AggregatedDiscoveryService', 'signet.config.v1.ProxyStatus'],
    },
    { listener: 'discovery', services: ['signet.discovery.v1.Inventory', 'signet.discovery.v1.TrafficReports'] },
  ] as const)(
    'finds health and usable reflection on $listener',
    async ({ listener, services }) => {
      const result = await runGoClient('reflect', ground.goTo(listener, { certificate }));
      expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
      expect(result.events[0]).toEqual({ event: 'health', status: 'SERVING' });
      const found = result.events.slice(1);
      const reflection = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
      expect(found.map(({ name }) => name)).toEqual([...services, 'grpc.health.v1.Health', ...reflection].toSorted());
      expect(found.filter(({ methods }) => (methods as string[]).length === 0)).toEqual([]);
    },
    30_000,
  );
});

describe('a @grpc/grpc-js client', () => {
  const makeCsr = (): Buffer => buildCsr({ privateKey: generateKeyPair('p256').privateKey });

  test('gets certificates by signet.ca.v1 and by Istio’s CreateCertificate', async () => {
    interface Issued {
      readonly serial: string;
      readonly spiffeId: string;
      readonly certificateChain: readonly string[];
    }
    const { own, mesh, jsTo } = ground;
    const as = jsTo('caToken', 'pod token');
    const answer = await callGrpcJs<Issued>(as, issueCertificate, { csr: makeCsr() });
    expect(answer).toMatchObject({ spiffeId: identity, certificateChain: [expect.any(String), expect.any(String)] });
    expect(await readIssuance(mesh, answer.serial)).toMatchObject({ podUid: own.uid });

    const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${makeCsr().toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    const istio = await callGrpcJs<{ certChain: string[] }>(as, createCertificate, { csr, validityDuration: 3600 });
    expect(istio.certChain.length).toBeGreaterThanOrEqual(3);
    expect(new X509Certificate(istio.certChain[0] ?? '').subjectAltName).toBe(`URI:${identity}`);
    const refused = await callGrpcJs(jsTo('caToken'), issueCertificate, { csr: makeCsr() }).catch(statusOf);
    expect(refused).toBe('UNAUTHENTICATED');
  }, 30_000);

  test('watches the inventory; a pod may not', async () => {
    interface Event {
      readonly workload?: { readonly uid: string };
      readonly revision?: { readonly synced: boolean };
    }
    const isSynced = (event: Event): boolean => event.revision?.synced === true;
    const events = await readGrpcJs<Event>(ground.jsTo('discovery', 'operator token'), watchInventory, isSynced);
    const pods = events.flatMap(({ workload }) => (workload ? [workload.uid] : []));
    expect(pods.toSorted()).toEqual(await podUids());
    const asPod = await readGrpcJs(ground.jsTo('discovery', 'pod token'), watchInventory, () => true).catch(statusOf);
    expect(asPod).toBe('PERMISSION_DENIED');
  }, 30_000);

  test.each(variants)(
    'receives resources on a $variant stream as itself, nothing as another',
    async ({ isDelta }) => {
      const { own, foreign, jsTo } = ground;
      const as = jsTo('config', { certificate });
      const seen = await readAds(as, { nodeId: nodeIdOf(own), isDelta });
      expect(seen.error).toBeUndefined();
      const names = [...seen.resources.keys()];
      expect(names).toEqual(expect.arrayContaining(['cds inbound-http', 'lds inbound', 'lds outbound', 'sds ROOTCA']));
      expect(names.filter((name) => name.startsWith('eds '))).not.toEqual([]);
      const result = await readAds(as, { nodeId: nodeIdOf(foreign), isDelta });
      expect([statusOf(result.error), result.resources.size]).toEqual(['PERMISSION_DENIED', 0]);
    },
    120_000,
  );
});

test('a certificate that is not in the ledger gets nothing, another one of the same pod everything', async () => {
  const { mesh, own, goTo, jsTo } = ground;
  const doomed = { certificate: 'istio' };
  const node = ['-node-id', nodeIdOf(own), '-until-idle', '2s'];
  const before = await runGoClient('ads', goTo('config', doomed), node);
  expect(resourcesOf(before.events).size).toBeGreaterThan(10);

  await forgetCertificate(mesh, doomedSerial);
  // What the services remember of the stream of issuances goes with them.
  for (const pid of mesh.pidsOf('control-plane')) process.kill(pid, 'SIGKILL');
  await waitUntilSettled(mesh);

  for (const { flags, isDelta } of variants) {
    const unknown = await runGoClient('ads', goTo('config', doomed), [...node, ...flags]);
    expectNothing(unknown, 'PERMISSION_DENIED', 'SERIAL_UNKNOWN');
    const seen = await readAds(jsTo('config', doomed), { nodeId: nodeIdOf(own), isDelta });
    expect([statusOf(seen.error), seen.resources.size]).toEqual(['PERMISSION_DENIED', 0]);
    const known = await runGoClient('ads', goTo('config', { certificate }), [...node, ...flags]);
    expect(resourcesOf(known.events).size).toBeGreaterThan(10);
  }
  const renewal = await runGoClient('issue', goTo('caMtls', doomed));
  expectNothing(renewal, 'UNAUTHENTICATED', 'CERTIFICATE_REJECTED');
}, 180_000);
