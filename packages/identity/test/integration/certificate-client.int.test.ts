// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCertificateClient, type CertificateClient, type CertificateClientOptions } from '@signet/identity';
import { SignetError } from '@signet/model';
import { createLogger, systemClock, type TlsMaterial } from '@signet/runtime';
import { createTestAuthority } from '@signet/testing';
import { startStubAuthority, type StubAuthority } from '../stub-authority.ts';

const spiffeId = 'spiffe://cluster.local/ns/shop/sa/checkout';
const retryLimits = { firstMs: 10, longestMs: 50, refusedMs: 30 };

let ca: StubAuthority;
let client: CertificateClient | undefined;
let directory = '';

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-identity-'));
  ca = await startStubAuthority({ attestedId: spiffeId });
});
afterEach(async () => {
  await client?.stop();
  client = undefined;
  await ca.stop();
  rmSync(directory, { recursive: true, force: true });
});

function create(overrides: Partial<CertificateClientOptions> = {}): CertificateClient {
  client = createCertificateClient({
    caAddress: ca.tokenAddress,
    caMtlsAddress: ca.mtlsAddress,
    token: () => 'a-token',
    rootsPem: () => ca.rootPem,
    caServerIds: [ca.serverId],
    expectedSpiffeId: spiffeId,
    profile: 'workload',
    random: () => 0.5,
    retryLimits,
    logger: createLogger({ component: 'test', level: 'silent' }),
    clock: systemClock,
    ...overrides,
  });
  client.start();
  return client;
}

function nextChange(of: CertificateClient): Promise<TlsMaterial> {
  return new Promise((resolve) => {
    const release = of.onChange((material) => {
      release();
      resolve(material);
    });
  });
}

async function waitForRequests(count: number): Promise<void> {
  while (ca.requests.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('gets a certificate by token, then renews it at half life over mTLS with another key', async () => {
  ca.behaviour.lifetimeMs = 3_000;
  const own = create();
  const first = await own.ready();
  expect(first.spiffeId).toBe(spiffeId);
  expect(new X509Certificate(first.certificateChainPem).checkPrivateKey(createPrivateKey(first.keyPem))).toBe(true);
  const second = await nextChange(own);
  expect(second.serial).not.toBe(first.serial);
  expect(ca.requests.map(({ credential, token, serial }) => ({ credential, token, serial }))).toEqual([
    { credential: 'token', token: 'a-token', serial: undefined },
    { credential: 'mtls', token: undefined, serial: first.serial },
  ]);
  expect(ca.requests[0]?.publicKeySha256).not.toBe(ca.requests[1]?.publicKeySha256);
});

test('renews by token when mTLS is refused', async () => {
  ca.behaviour.lifetimeMs = 2_000;
  ca.behaviour.refusesRenewal = true;
  const own = create();
  await own.ready();
  await nextChange(own);
  expect(ca.requests.map(({ credential }) => credential)).toEqual(['token', 'mtls', 'token']);
});

test('keeps the certificate it has while renewal fails', async () => {
  ca.behaviour.lifetimeMs = 4_000;
  const own = create();
  const first = await own.ready();
  ca.behaviour.refuse = new SignetError('STORE_DOWN', 'the database does not answer');
  await waitForRequests(5);
  expect(own.current()?.serial).toBe(first.serial);
  delete ca.behaviour.refuse;
  expect((await nextChange(own)).serial).not.toBe(first.serial);
});

test('shows nothing when the certificate has expired', async () => {
  ca.behaviour.lifetimeMs = 1_500;
  let now = new Date();
  const own = create({ clock: { now: () => now } });
  await own.ready();
  now = new Date(now.getTime() + 3_000);
  expect(own.current()).toBeUndefined();
});

describe('a certificate that does not pass the checks is never used', () => {
  test.each([
    ['names somebody else', { spiffeId: 'spiffe://cluster.local/ns/shop/sa/payments' }],
    ['comes from an unknown CA', { isForeign: true }],
    ['has expired', { lifetimeMs: -1_000 }],
  ])('because it %s', async (_what, behaviour) => {
    Object.assign(ca.behaviour, behaviour);
    const recordFile = path.join(directory, 'issued.jsonl');
    const own = create({ recordFile });
    await waitForRequests(3);
    expect(own.current()).toBeUndefined();
    const records = readFileSync(recordFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { isAccepted: boolean });
    expect(records.every((record) => !record.isAccepted)).toBe(true);
  });
});

test('a server that is not the CA gets no token', async () => {
  const own = create({ caServerIds: ['spiffe://cluster.local/ns/signet-system/sa/other'] });
  await expect(own.ready(AbortSignal.timeout(300))).rejects.toMatchObject({ kind: 'unavailable' });
  expect(ca.requests).toHaveLength(0);
});

test('asks again with the same key while the CA is away, and with a new one after a refusal', async () => {
  ca.behaviour.refuse = new SignetError('STORE_DOWN', 'the database does not answer');
  create();
  await waitForRequests(3);
  expect(new Set(ca.requests.map((request) => request.publicKeySha256)).size).toBe(1);
  const before = ca.requests.length;
  ca.behaviour.refuse = new SignetError('POD_TERMINATING', 'the pod is being deleted');
  await waitForRequests(before + 4);
  expect(new Set(ca.requests.slice(-2).map((request) => request.publicKeySha256)).size).toBe(2);
});

test('waits for roots, for a token and for the CA, whatever comes first', async () => {
  const there: { roots?: string; token?: string } = {};
  const { ports, root } = ca;
  await ca.stop();
  const own = create({
    rootsPem: () => there.roots,
    token: () => there.token ?? Promise.reject(new Error('no such file')),
  });
  const ready = own.ready();
  there.token = 'late';
  there.roots = root.rootPem;
  ca = await startStubAuthority({ attestedId: spiffeId, ports, root });
  expect((await ready).spiffeId).toBe(spiffeId);
  expect(ca.requests[0]?.token).toBe('late');
});

test('writes down every certificate it got', async () => {
  ca.behaviour.lifetimeMs = 2_000;
  const recordFile = path.join(directory, 'issued.jsonl');
  const own = create({ recordFile });
  const first = await own.ready();
  const second = await nextChange(own);
  const records = readFileSync(recordFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records).toMatchObject([
    { serial: first.serial, spiffeId, profile: 'workload', credential: 'token', isAccepted: true },
    { serial: second.serial, spiffeId, profile: 'workload', credential: 'mtls', isAccepted: true },
  ]);
  expect(JSON.stringify(records)).not.toContain('PRIVATE');
});

test('shows the roots of now beside an older certificate', async () => {
  let roots = ca.rootPem;
  const own = create({ rootsPem: () => roots });
  await own.ready();
  roots = ca.rootPem + createTestAuthority('next').rootPem;
  expect(own.current()?.rootsPem).toBe(roots);
});

test('stop ends a wait and leaves nothing running', async () => {
  ca.behaviour.refuse = new SignetError('POD_UNKNOWN', 'no such pod');
  const own = create({ retryLimits: { ...retryLimits, refusedMs: 60_000 } });
  const outcome = own.ready().catch((cause: unknown) => cause);
  await waitForRequests(1);
  await own.stop();
  expect(await outcome).toMatchObject({ reason: 'SHUTTING_DOWN' });
});
