// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildCsr, generateKeyPair, parseCertificate } from '@signet/pki';
import type { IssuanceEvent__Output } from '@signet/proto';
import { createLogger } from '@signet/runtime';
import { openDatabase } from '@signet/store';
import { startPostgres, waitFor, type PostgresServer } from '@signet/testing';
import { CaFiles, controlPlaneId, pod, requestMaterial, startCa, type TestCa } from '../ca-kit.ts';

let server: PostgresServer;
let databaseUrl: string;
let files: CaFiles;
let ca: TestCa;
const checkout = pod('checkout');
const cart = pod('cart');

beforeAll(async () => {
  server = await startPostgres();
  databaseUrl = (await server.createDatabase()).url;
  files = new CaFiles();
  files.writePod(checkout);
  files.writePod(cart);
  ca = await startCa({ files, databaseUrl });
}, 60_000);

afterAll(async () => {
  await ca.stop();
  files.remove();
  await server.stop();
});

const operator = () =>
  ca.byToken(files.issuer.token({ namespace: 'signet-system', serviceAccount: 'signet-operator' }));
const asControlPlane = () => ca.byToken(files.issuer.token({ namespace: 'signet-system', serviceAccount: 'signetd' }));

test('a workload gets its identity, and OpenSSL agrees about chain and content', async () => {
  const { privateKey } = generateKeyPair();
  const answer = await ca
    .byToken(files.tokenOf(checkout))
    .authority.IssueCertificate({ csr: buildCsr({ privateKey }), lifetime: { seconds: 3600 } });
  const [leaf = '', intermediate = '', ...more] = answer.certificateChain;
  expect(more).toEqual([]);
  expect(answer.trustBundle?.roots.join('')).toBe(files.rootsPem);
  writeFileSync(files.at('leaf.pem'), leaf);
  writeFileSync(files.at('intermediate.pem'), intermediate);
  const verify = [
    'verify',
    '-x509_strict',
    '-CAfile',
    files.at('roots.pem'),
    '-untrusted',
    files.at('intermediate.pem'),
  ];
  for (const purpose of ['sslserver', 'sslclient']) {
    expect(
      execFileSync('openssl', [...verify, '-purpose', purpose, files.at('leaf.pem')], { encoding: 'utf8' }),
    ).toContain('OK');
  }
  const parsed = parseCertificate(new X509Certificate(leaf).raw);
  if (!parsed.ok) throw new Error(parsed.error);
  expect(parsed.value.extensions.alternativeNames).toEqual({
    uris: ['spiffe://cluster.local/ns/shop/sa/checkout'],
    dnsNames: [],
    others: 0,
  });
  expect(parsed.value.serial).toBe(answer.serial);
  expect((answer.notAfter?.seconds ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(3600);
});

test('the ledger tells who got what, by serial and by pod', async () => {
  const { privateKey, publicKey } = generateKeyPair();
  const { serial } = await ca
    .byToken(files.tokenOf(cart))
    .authority.IssueCertificate({ csr: buildCsr({ privateKey }) });
  const { ledger } = operator();
  const issuance = await ledger.GetIssuance({ serial: `00:${serial.toUpperCase()}` });
  expect(issuance).toMatchObject({
    serial,
    spiffeId: 'spiffe://cluster.local/ns/shop/sa/cart',
    profile: 'PROFILE_WORKLOAD',
    podUid: cart.uid,
    podName: 'cart',
    nodeName: 'node-a',
    attestation: 'token-jwks',
    publicKeySha256: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  });
  expect(new X509Certificate(issuance.certificate).serialNumber.toLowerCase()).toBe(serial);
  expect((await ledger.ListIssuances({ podUid: cart.uid })).issuances.map((one) => one.serial)).toEqual([serial]);
  await expect(ledger.GetIssuance({ serial: 'abcd' })).rejects.toMatchObject({ reason: 'ISSUANCE_UNKNOWN' });
  await expect(ledger.GetIssuance({ serial: 'xyz' })).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
  await expect(ledger.ListIssuances({ pageSize: 1001 })).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
});

test('a repeated request gets the same certificate, never a second', async () => {
  const token = files.tokenOf(checkout);
  const csr = buildCsr({ privateKey: generateKeyPair().privateKey });
  const clients = ca.byToken(token);
  const answers = await Promise.all(Array.from({ length: 20 }, () => clients.authority.IssueCertificate({ csr })));
  const again = await ca.byToken(token).authority.IssueCertificate({ csr });
  expect(new Set([...answers, again].map((answer) => answer.certificateChain.join('')))).toHaveProperty('size', 1);
  const other = await ca.byToken(files.tokenOf(checkout)).authority.IssueCertificate({ csr });
  expect(other.serial).not.toBe(again.serial);
});

test('renewal over mTLS repeats the attestation: it ends with the pod', async () => {
  const brief = pod('brief');
  files.writePod(brief);
  const first = await requestMaterial(ca.byToken(files.tokenOf(brief)));
  const second = await requestMaterial(ca.byCertificate(first));
  expect(second.spiffeId).toBe(first.spiffeId);
  expect((await operator().ledger.GetIssuance({ serial: second.serial })).attestation).toBe('mtls');
  files.writePod(brief, { phase: 'Running' }, { deletionTimestamp: '2026-11-25T09:00:00Z' });
  const renewal = (): Promise<unknown> => requestMaterial(ca.byCertificate(second)).catch((error: unknown) => error);
  await waitFor(async () => expect(await renewal()).toMatchObject({ reason: 'POD_TERMINATING' }) ?? true);
  files.deletePod(brief);
  await waitFor(async () => expect(await renewal()).toMatchObject({ reason: 'POD_UNKNOWN' }) ?? true);
});

test('a certificate that is not in the ledger is no credential', async () => {
  const stranger = await requestMaterial(ca.byToken(files.tokenOf(cart)));
  const database = await openDatabase({
    config: { url: databaseUrl },
    applicationName: 'test',
    logger: createLogger({ component: 'test', level: 'fatal' }),
  });
  await database.query('delete from signet.issuance_outcomes where serial = $1', [stranger.serial]);
  await database.close();
  await expect(requestMaterial(ca.byCertificate(stranger))).rejects.toMatchObject({ reason: 'CERTIFICATE_REJECTED' });
});

test('Istio’s protocol gets leaf, intermediate, and last all roots', async () => {
  const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${buildCsr({ privateKey: generateKeyPair().privateKey }).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const clients = ca.byToken(files.tokenOf(checkout, { audience: 'istio-ca' }));
  const { certChain } = await clients.istio.CreateCertificate({ csr, validityDuration: 3600 });
  expect(certChain).toHaveLength(3);
  expect(certChain.every((pem) => pem.endsWith('-----END CERTIFICATE-----\n'))).toBe(true);
  expect(certChain[2]).toBe(files.rootsPem);
  expect(new X509Certificate(certChain[0] ?? '').subjectAltName).toBe('URI:spiffe://cluster.local/ns/shop/sa/checkout');
});

test('the control plane is attested by its token alone, and gets serving names', async () => {
  const material = await requestMaterial(asControlPlane(), { profile: 'PROFILE_SERVING' });
  expect(material.spiffeId).toBe(controlPlaneId);
  const names = new X509Certificate(material.certificateChainPem).subjectAltName;
  expect(names).toContain('DNS:signet-discovery.signet-system.svc');
  const renewed = await requestMaterial(ca.byCertificate(material));
  expect(renewed.spiffeId).toBe(controlPlaneId);
  const { issuances } = await ca.byCertificate(renewed).ledger.ListIssuances({});
  expect(issuances.length).toBeGreaterThan(1);
});

test('a serving certificate waits for the inventory', async () => {
  const clients = ca.byToken(files.tokenOf(checkout));
  await expect(requestMaterial(clients, { profile: 'PROFILE_SERVING' })).rejects.toMatchObject({
    reason: 'INVENTORY_NOT_SYNCED',
  });
});

test('the CA’s own certificate is in the ledger, and its key file is private', async () => {
  const { issuances } = await operator().ledger.ListIssuances({ pageSize: 1000 });
  const own = issuances.find((issuance) => issuance.attestation === 'self');
  expect(own).toMatchObject({ spiffeId: controlPlaneId, profile: 'PROFILE_SERVING', podUid: '' });
  expect(statSync(files.at('master.key')).mode & 0o777).toBe(0o600);
  expect(readFileSync(files.at('master.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
});

test('the roots are there for everybody, and the watch sends them at once', async () => {
  const { authority } = ca.byToken();
  expect((await authority.GetTrustBundle({})).roots.join('')).toBe(files.rootsPem);
  for await (const bundle of authority.WatchTrustBundle({})) {
    expect(bundle).toMatchObject({ trustDomain: 'cluster.local', sequence: 1 });
    break;
  }
});

test('a watch starts with what is valid, says so, and goes on with what is new', async () => {
  const stream = ca
    .byCertificate(await requestMaterial(asControlPlane()))
    .ledger.WatchIssuances({})
    [Symbol.asyncIterator]();
  const next = async (): Promise<IssuanceEvent__Output> => {
    const { value } = await stream.next();
    return value as IssuanceEvent__Output;
  };
  const before: number[] = [];
  let event = await next();
  for (; event.issued; event = await next()) before.push(event.issued.sequence);
  expect(before).toEqual(before.toSorted((a, b) => a - b));
  expect(event.synced?.sequence).toBe(before.at(-1));
  const { serial } = await requestMaterial(ca.byToken(files.tokenOf(cart)));
  expect((await next()).issued?.serial).toBe(serial);
  await stream.return?.();
});

test('two replicas over one database answer as one', async () => {
  const replica = await startCa({ files, databaseUrl });
  const token = files.tokenOf(checkout);
  const csr = buildCsr({ privateKey: generateKeyPair().privateKey });
  const [one, two] = await Promise.all(
    [ca, replica].map((each) => each.byToken(token).authority.IssueCertificate({ csr })),
  );
  expect(one?.serial).toBe(two?.serial);
  const material = await requestMaterial(ca.byToken(files.tokenOf(cart)));
  expect((await requestMaterial(replica.byCertificate(material))).spiffeId).toBe(material.spiffeId);
  await replica.stop();
});

test('two replicas at the very first start make one root', async () => {
  const own = new CaFiles();
  const { url } = await server.createDatabase();
  const replicas = await Promise.all([1, 2, 3].map(() => startCa({ files: own, databaseUrl: url })));
  const bundles = await Promise.all(
    replicas.map(async (replica) => (await replica.byToken().authority.GetTrustBundle({})).roots.join('')),
  );
  expect(new Set(bundles).size).toBe(1);
  expect(bundles[0]).toBe(own.rootsPem);
  await Promise.all(replicas.map((replica) => replica.stop()));
  own.remove();
});

test('while the database is away nothing is issued, and it goes on by itself afterwards', async () => {
  const clients = ca.byToken(files.tokenOf(checkout));
  const crash = server.crash();
  const attempt = (): Promise<unknown> => requestMaterial(clients).catch((error: unknown) => error);
  await waitFor(async () => expect(await attempt()).toMatchObject({ reason: 'STORE_DOWN' }) ?? true);
  await crash;
  await waitFor(() => requestMaterial(clients));
}, 60_000);
