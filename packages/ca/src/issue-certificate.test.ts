// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, test } from '@jest/globals';
import { formatSpiffeId, SignetError } from '@signet/model';
import { buildCsr, generateKeyPair } from '@signet/pki';
import { createLogger, createMetrics, type CallContext } from '@signet/runtime';
import type { Attestor } from './attestation/attest-caller.ts';
import type { AttestedCaller } from './attestation/attested-caller.ts';
import type { AuthorisedCertificate } from './certificate-issuer.ts';
import { createCaEvents } from './events.ts';
import { createIssueCertificate, type CertificateRequest, type IssueCertificate } from './issue-certificate.ts';

const caller: AttestedCaller = {
  identity: {
    spiffeId: formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' }),
    namespace: 'shop',
    serviceAccount: 'cart',
    podUid: 'uid',
    podName: 'cart-0',
    nodeName: 'node-a',
    method: 'token-jwks',
  },
  role: 'workload',
  credentialId: 'token 1',
};
const context: CallContext = {
  peer: undefined,
  bearerToken: 'token',
  remoteAddress: '10.0.0.1:1234',
  signal: new AbortController().signal,
  metadata: new Map(),
  connectionId: 1,
};
const events = createCaEvents({
  logger: createLogger({ component: 'ca', level: 'fatal' }),
  metrics: createMetrics('ca'),
});
let attest: Attestor['attest'];
let authorised: AuthorisedCertificate[];
let refused: { reason: string; podUid: string }[];
let issue: IssueCertificate;

beforeEach(() => {
  authorised = [];
  refused = [];
  attest = (_context, onProof) => {
    onProof({ spiffeId: caller.identity.spiffeId, podUid: 'uid' });
    return Promise.resolve(caller);
  };
  issue = createIssueCertificate({
    attestor: { attest: (...call) => attest(...call) },
    issuer: {
      issue(certificate) {
        authorised.push(certificate);
        const { identity, profile, dnsNames, publicKeySha256 } = certificate;
        const times = { notBefore: new Date(0), notAfter: new Date(1) };
        return Promise.resolve({
          issuance: { sequence: 1, serial: '01', profile, identity, dnsNames, publicKeySha256, ...times },
          chainPem: [],
          isRepetition: false,
        });
      },
    },
    servingNames: { namesFor: () => ['cart.shop.svc'] },
    refusals: {
      record(error, { podUid }) {
        refused.push({ reason: error instanceof SignetError ? error.reason : 'INTERNAL', podUid });
      },
    },
    events,
    defaultLifetimeSeconds: 3600,
    maxLifetimeSeconds: 7200,
    requestsMax: 2,
  });
});

function request(change: Partial<CertificateRequest> = {}): CertificateRequest {
  return {
    csr: buildCsr({ privateKey: generateKeyPair().privateKey }),
    profile: 'workload',
    lifetimeSeconds: undefined,
    ...change,
  };
}

test('what is authorised comes from the attestation, and only the key from the CSR', async () => {
  await issue(request({ lifetimeSeconds: 7200 }), context);
  expect(authorised[0]).toMatchObject({ identity: caller.identity, dnsNames: [], lifetimeSeconds: 7200 });
  await issue(request({ profile: 'serving' }), context);
  expect(authorised[1]).toMatchObject({ dnsNames: ['cart.shop.svc'], lifetimeSeconds: 3600 });
});

test('the key of a request changes with each of its parts, and with nothing else', async () => {
  const one = request();
  for (const again of [
    one,
    one,
    request(),
    { ...one, profile: 'serving' as const },
    { ...one, lifetimeSeconds: 3600 },
  ]) {
    await issue(again, context);
  }
  attest = () => Promise.resolve({ ...caller, credentialId: 'token 2' });
  await issue(one, context);
  const keys = authorised.map((certificate) => certificate.requestKey);
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(5);
});

test('the caller is attested before its CSR is looked at', async () => {
  attest = () => Promise.reject(new SignetError('TOKEN_EXPIRED', 'expired'));
  await expect(issue(request({ csr: Buffer.from('noise') }), context)).rejects.toMatchObject({
    reason: 'TOKEN_EXPIRED',
  });
  expect(refused).toEqual([{ reason: 'TOKEN_EXPIRED', podUid: '' }]);
});

test('a refusal is recorded with what was proved', async () => {
  await expect(issue(request({ lifetimeSeconds: 7201 }), context)).rejects.toMatchObject({
    reason: 'LIFETIME_TOO_LONG',
  });
  expect(refused).toEqual([{ reason: 'LIFETIME_TOO_LONG', podUid: 'uid' }]);
  expect(authorised).toEqual([]);
});

test('more requests than can be worked on are told to come back, and room is made again', async () => {
  const release = Promise.withResolvers<AttestedCaller>();
  attest = () => release.promise;
  const working = [issue(request(), context), issue(request(), context)];
  await expect(issue(request(), context)).rejects.toMatchObject({ reason: 'OVERLOADED', kind: 'unavailable' });
  release.resolve(caller);
  await Promise.all(working);
  await issue(request(), context);
  expect(authorised).toHaveLength(3);
});
