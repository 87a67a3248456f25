// SPDX-License-Identifier: Apache-2.0
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { formatSpiffeId, SignetError } from '@signet/model';
import {
  exportSpki,
  generateKeyPair,
  publicKeySha256,
  type BeginOutcome,
  type IssuanceIntent,
  type IssuanceLog,
} from '@signet/pki';
import type { CaKey, CaKeyStore } from '@signet/store';
import { createAuthority, type Authority } from './authority/create-authority.ts';
import { createCertificateIssuer, type AuthorisedCertificate, type CertificateIssuer } from './certificate-issuer.ts';

const now = new Date('2026-11-25T12:00:00.123Z');
let authority: Authority;
/** Calls of the log in order, with serials. */
let calls: string[];
let intents: IssuanceIntent[];
let begin: (intent: IssuanceIntent) => Promise<BeginOutcome>;
let issuer: CertificateIssuer;

beforeAll(async () => {
  let keys: readonly CaKey[] = [];
  const store: CaKeyStore = {
    load: () => Promise.resolve(keys),
    createFirst: async (create) => {
      keys = await create();
    },
  };
  authority = await createAuthority(store, {
    trustDomain: 'cluster.local',
    rootLifetimeDays: 10,
    intermediateLifetimeDays: 5,
    now,
  });
});

beforeEach(() => {
  calls = [];
  intents = [];
  begin = () => Promise.resolve({ kind: 'begun' });
  const log: IssuanceLog = {
    begin(intent) {
      calls.push('begin');
      intents.push(intent);
      return begin(intent);
    },
    complete(serial) {
      calls.push(`complete ${serial}`);
      return Promise.resolve(7);
    },
    abandon(serial) {
      calls.push(`abandon ${serial}`);
      return Promise.resolve();
    },
    find: () => Promise.resolve(undefined),
  };
  issuer = createCertificateIssuer({ authority, log, clock: { now: () => now } });
});

function wanted(change: Partial<AuthorisedCertificate> = {}): AuthorisedCertificate {
  const spki = exportSpki(generateKeyPair().publicKey);
  return {
    requestKey: 'request',
    identity: {
      spiffeId: formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' }),
      namespace: 'shop',
      serviceAccount: 'cart',
      podUid: 'uid',
      podName: 'cart-0',
      nodeName: 'node-a',
      method: 'token-jwks',
    },
    profile: 'workload',
    dnsNames: [],
    lifetimeSeconds: 3600,
    spki,
    publicKeySha256: publicKeySha256(spki),
    ...change,
  };
}

test('the intent is committed before, the certificate after signing, and both say the same', async () => {
  const { issuance } = await issuer.issue(wanted());
  expect(calls).toEqual(['begin', `complete ${issuance.serial}`]);
  expect(intents[0]).toMatchObject({ serial: issuance.serial, notAfter: issuance.notAfter });
  expect(issuance).toMatchObject({
    sequence: 7,
    notBefore: new Date('2026-11-25T11:55:00Z'),
    notAfter: new Date('2026-11-25T13:00:00Z'),
  });
});

test('no certificate outlives its issuer', async () => {
  const { issuance } = await issuer.issue(wanted({ lifetimeSeconds: 30 * 86_400 }));
  expect(issuance.notAfter).toEqual(authority.issuer.certificate.notAfter);
});

test('a serial number in use is replaced', async () => {
  begin = () => Promise.resolve({ kind: intents.length < 2 ? 'serial-taken' : 'begun' });
  const { issuance } = await issuer.issue(wanted());
  expect(new Set(intents.map((intent) => intent.serial)).size).toBe(2);
  expect(issuance.serial).toBe(intents[1]?.serial);
});

test('repetitions at the same time share one certificate', async () => {
  const request = wanted();
  const [one, two] = await Promise.all([issuer.issue(request), issuer.issue(request)]);
  expect(one).toBe(two);
  expect(calls.filter((call) => call === 'begin')).toHaveLength(1);
});

describe('nothing is signed', () => {
  test('when the intent cannot be committed', async () => {
    begin = () => Promise.reject(new SignetError('STORE_DOWN', 'down'));
    await expect(issuer.issue(wanted())).rejects.toMatchObject({ reason: 'STORE_DOWN' });
    expect(calls).toEqual(['begin']);
  });

  test('for names that the profile does not know', async () => {
    await expect(issuer.issue(wanted({ profile: 'serving', dnsNames: ['*.evil'] }))).rejects.toMatchObject({
      reason: 'INTERNAL',
    });
    expect(calls).toEqual([]);
  });
});

test('when signing fails, the intent is given up and nothing leaves', async () => {
  const signer = { ...authority.issuer.signer, sign: () => Promise.reject(new Error('no key')) };
  const broken = { ...authority, issuer: { ...authority.issuer, signer } };
  const log: IssuanceLog = {
    begin: () => Promise.resolve({ kind: 'begun' }),
    complete: () => Promise.reject(new Error('must not be called')),
    abandon(serial) {
      calls.push(`abandon ${serial}`);
      return Promise.resolve();
    },
    find: () => Promise.resolve(undefined),
  };
  await expect(
    createCertificateIssuer({ authority: broken, log, clock: { now: () => now } }).issue(wanted()),
  ).rejects.toThrow('no key');
  expect(calls).toEqual([expect.stringMatching(/^abandon [0-9a-f]{32}$/)]);
});
