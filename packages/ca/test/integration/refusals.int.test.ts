// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatSpiffeId, type Reason } from '@signet/model';
import { buildCsr, generateKeyPair } from '@signet/pki';
import { startPostgres, type PostgresServer } from '@signet/testing';
import { CaFiles, pod, requestMaterial, startCa, TestIssuer, type TestCa } from '../ca-kit.ts';
import { forgeCsr } from '../csr-forge.ts';

let server: PostgresServer;
let files: CaFiles;
let ca: TestCa;
const checkout = pod('checkout');
const gone = pod('gone');
const ending = pod('ending');
const done = pod('done');
const moved = pod('moved');
const swapped = pod('swapped');

beforeAll(async () => {
  server = await startPostgres();
  files = new CaFiles();
  for (const one of [checkout, swapped, moved]) files.writePod(one);
  files.writePod(ending, { phase: 'Running' }, { deletionTimestamp: '2026-11-25T09:00:00Z' });
  files.writePod(done, { phase: 'Succeeded' });
  ca = await startCa({ files, databaseUrl: (await server.createDatabase()).url });
}, 60_000);

afterAll(async () => {
  await ca.stop();
  files.remove();
  await server.stop();
});

const longAgo = Math.floor(Date.now() / 1000) - 600;
const goodCsr = (): Buffer => buildCsr({ privateKey: generateKeyPair().privateKey });
const own = formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'checkout' });

function brokenSignature(): Buffer {
  const csr = goodCsr();
  const last = csr.length - 1;
  csr[last] = (csr[last] ?? 0) ^ 1;
  return csr;
}

const rsa = (bits: number, exponent = 65_537): string[] => [
  '-algorithm',
  'RSA',
  '-pkeyopt',
  `rsa_keygen_bits:${bits}`,
  '-pkeyopt',
  `rsa_keygen_pubexp:${exponent}`,
];

/** One property of a good request is broken in each case. */
const cases: readonly {
  name: string;
  reason: Reason;
  token?: () => string | undefined;
  csr?: () => Buffer;
  lifetime?: number;
}[] = [
  { name: 'no token', reason: 'CREDENTIAL_MISSING', token: () => undefined },
  { name: 'no JWT', reason: 'TOKEN_MALFORMED', token: () => 'garbage' },
  {
    name: 'wrong audience',
    reason: 'TOKEN_AUDIENCE_WRONG',
    token: () => files.tokenOf(checkout, { audience: 'vault' }),
  },
  {
    name: 'expired',
    reason: 'TOKEN_EXPIRED',
    token: () => files.tokenOf(checkout, { issuedAt: longAgo - 60, expiresAt: longAgo }),
  },
  {
    name: 'other issuer',
    reason: 'TOKEN_ISSUER_UNKNOWN',
    token: () => files.tokenOf(checkout, { issuer: 'https://other' }),
  },
  {
    name: 'token in our issuer’s name, signed with another key',
    reason: 'TOKEN_SIGNATURE_INVALID',
    token: () => new TestIssuer().token({ namespace: 'shop', serviceAccount: 'checkout', pod: checkout }),
  },
  {
    name: 'unbound token',
    reason: 'TOKEN_NOT_BOUND',
    token: () => files.issuer.token({ namespace: 'shop', serviceAccount: 'checkout' }),
  },
  { name: 'deleted pod', reason: 'POD_UNKNOWN', token: () => files.tokenOf(gone, { issuedAt: longAgo }) },
  { name: 'terminating pod', reason: 'POD_TERMINATING', token: () => files.tokenOf(ending) },
  { name: 'finished pod', reason: 'POD_TERMINATING', token: () => files.tokenOf(done) },
  {
    name: 'pod on another node',
    reason: 'POD_NODE_MISMATCH',
    token: () => files.tokenOf(moved, { node: { name: 'node-b', uid: 'b' } }),
  },
  {
    name: 'pod under another account',
    reason: 'POD_ACCOUNT_MISMATCH',
    token: () => files.tokenOf(swapped, { serviceAccount: 'payments' }),
  },
  {
    name: 'CSR naming another account',
    reason: 'CSR_IDENTITY_MISMATCH',
    csr: () => forgeCsr({ extensions: ['subjectAltName = URI:spiffe://cluster.local/ns/shop/sa/payments'] }),
  },
  {
    name: 'DNS name',
    reason: 'CSR_SAN_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: [`subjectAltName = URI:${own}, DNS:payments`] }),
  },
  {
    name: 'IP address',
    reason: 'CSR_SAN_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: ['subjectAltName = IP:10.0.0.1'] }),
  },
  {
    name: 'e-mail address',
    reason: 'CSR_SAN_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: ['subjectAltName = email:a@b.c'] }),
  },
  {
    name: 'two URIs',
    reason: 'CSR_SAN_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: [`subjectAltName = URI:${own}, URI:${own}x`] }),
  },
  { name: 'common name', reason: 'CSR_SUBJECT_NOT_ALLOWED', csr: () => forgeCsr({ subject: '/CN=checkout' }) },
  {
    name: 'CA:TRUE',
    reason: 'CSR_EXTENSION_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: ['basicConstraints = CA:TRUE'] }),
  },
  {
    name: 'certificate signing',
    reason: 'CSR_EXTENSION_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: ['keyUsage = keyCertSign'] }),
  },
  {
    name: 'code signing',
    reason: 'CSR_EXTENSION_NOT_ALLOWED',
    csr: () => forgeCsr({ extensions: ['extendedKeyUsage = codeSigning'] }),
  },
  { name: 'bad signature', reason: 'CSR_SIGNATURE_INVALID', csr: brokenSignature },
  { name: 'RSA of 1024 bits', reason: 'CSR_KEY_WEAK', csr: () => forgeCsr({ key: rsa(1024) }) },
  { name: 'RSA with exponent 3', reason: 'CSR_KEY_WEAK', csr: () => forgeCsr({ key: rsa(2048, 3) }) },
  {
    name: 'P-521',
    reason: 'CSR_KEY_UNSUPPORTED',
    csr: () => forgeCsr({ key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'] }),
  },
  { name: '1 MiB of noise', reason: 'CSR_TOO_LARGE', csr: () => randomBytes(1024 * 1024) },
  { name: 'noise', reason: 'CSR_MALFORMED', csr: () => randomBytes(500) },
  { name: 'lifetime above the maximum', reason: 'LIFETIME_TOO_LONG', lifetime: 8 * 86_400 },
  { name: 'negative lifetime', reason: 'REQUEST_INVALID', lifetime: -5 },
];

describe('refused with a distinct reason and recorded, by both protocols', () => {
  test.each(cases)(
    '$name: $reason',
    async ({ reason, token = () => files.tokenOf(checkout), csr = goodCsr, lifetime }) => {
      const clients = ca.byToken(token());
      const request = csr();
      const before = await ca.lastRefusal();
      await expect(
        clients.authority.IssueCertificate({
          csr: request,
          ...(lifetime === undefined ? {} : { lifetime: { seconds: lifetime } }),
        }),
      ).rejects.toMatchObject({ reason });
      const first = await ca.refusalAfter(before);
      expect(first).toMatchObject({ reason, repetitions: 1 });
      expect(first.sourceAddress).toMatch(/^127\.0\.0\.1:\d+$/);
      // A negative duration means the default in Istio's protocol, and DER does not fit into its text.
      if ((lifetime ?? 0) < 0 || request[0] === 0x30) return;
      const validityDuration = lifetime ?? 0;
      await expect(
        clients.istio.CreateCertificate({ csr: request.toString('latin1'), validityDuration }),
      ).rejects.toMatchObject({ reason });
      expect(await ca.refusalAfter(first.sequence)).toMatchObject({ reason });
    },
  );
});

test('what was proved before the refusal is in the ledger', async () => {
  const before = await ca.lastRefusal();
  const clients = ca.byToken(files.tokenOf(checkout));
  await expect(clients.authority.IssueCertificate({ csr: randomBytes(100) })).rejects.toMatchObject({
    reason: 'CSR_MALFORMED',
  });
  expect(await ca.refusalAfter(before)).toMatchObject({ spiffeId: own, podUid: checkout.uid });
});

test('impersonation is refused', async () => {
  const before = await ca.lastRefusal();
  const metadata = { fields: { ImpersonatedIdentity: { stringValue: own } } };
  const clients = ca.byToken(files.tokenOf(checkout));
  await expect(clients.istio.CreateCertificate({ csr: goodCsr().toString('latin1'), metadata })).rejects.toMatchObject({
    reason: 'IMPERSONATION_REFUSED',
  });
  expect(await ca.refusalAfter(before)).toMatchObject({ reason: 'IMPERSONATION_REFUSED' });
});

test('a pod that is not visible yet is told to come back, and nothing is recorded', async () => {
  const late = pod('late');
  const clients = ca.byToken(files.tokenOf(late));
  const before = await ca.lastRefusal();
  await expect(clients.authority.IssueCertificate({ csr: goodCsr() })).rejects.toMatchObject({
    reason: 'POD_NOT_VISIBLE',
    kind: 'unavailable',
  });
  files.writePod(late);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect((await requestMaterial(clients)).spiffeId).toBe('spiffe://cluster.local/ns/shop/sa/late');
  expect(await ca.lastRefusal()).toBe(before);
});

test.each(['GetIssuance', 'ListIssuances', 'ListRefusals'] as const)(
  '%s is not for workloads, nor for nobody',
  async (method) => {
    const asWorkload = ca.byToken(files.tokenOf(checkout));
    await expect(asWorkload.ledger[method]({})).rejects.toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
    await expect(ca.byToken().ledger[method]({})).rejects.toMatchObject({ reason: 'CREDENTIAL_MISSING' });
    const byCertificate = ca.byCertificate(await requestMaterial(asWorkload));
    await expect(byCertificate.ledger[method]({})).rejects.toMatchObject({ reason: 'CALLER_NOT_ALLOWED' });
  },
);

test('the watch is not for workloads', async () => {
  const clients = ca.byToken(files.tokenOf(checkout));
  await expect(clients.ledger.WatchIssuances({})[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    reason: 'CALLER_NOT_ALLOWED',
  });
});
