// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { SpiffeId } from '@signet/model';
import { cartId, createIntermediate, createRoot, hours, issue, leafIntent, valueOf } from '../../test/chain-kit.ts';
import { oid } from '../oids.ts';
import { generateKeyPair, exportSpki } from '../public-key.ts';
import { createSerialNumber } from '../serial-number.ts';
import { createBuiltInSigner, type Signer } from '../signer.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { prepareCertificate, prepareRoot, type CertificateIntent } from './prepare-certificate.ts';
import { signCertificate } from './sign-certificate.ts';

let root: Issuer;
let intermediate: Issuer;

beforeAll(async () => {
  root = await createRoot();
  intermediate = await createIntermediate(root);
});

test('a workload certificate says who, for whom, and nothing else', async () => {
  const certificate = await issue(intermediate);
  const { extensions } = certificate;
  expect(certificate.subject.toString('hex')).toBe('3000');
  expect(extensions.alternativeNames).toEqual({ uris: [cartId], dnsNames: [], others: 0 });
  // RFC 5280 §4.2.1.6: critical beside an empty subject.
  expect(extensions.critical).toEqual(new Set([oid.basicConstraints, oid.keyUsage, oid.subjectAltName]));
  expect(extensions.basicConstraints).toEqual({ isCa: false, pathLength: undefined });
  expect(extensions.keyUsage).toEqual([0]);
  expect(extensions.extendedKeyUsage).toEqual([oid.serverAuth, oid.clientAuth]);
  expect(extensions.authorityKeyIdentifier).toEqual(intermediate.certificate.extensions.subjectKeyIdentifier);
  expect(extensions.subjectKeyIdentifier).toHaveLength(20);
  expect(extensions.others).toEqual([]);
});

test('CA certificates limit what stands below them', () => {
  expect(root.certificate.extensions.basicConstraints).toEqual({ isCa: true, pathLength: 1 });
  expect(intermediate.certificate.extensions.basicConstraints).toEqual({ isCa: true, pathLength: 0 });
  expect(intermediate.certificate.extensions.keyUsage).toEqual([5, 6]);
  expect(intermediate.certificate.extensions.extendedKeyUsage).toBeUndefined();
});

describe('an intent that breaks a rule is not prepared', () => {
  const serving = (...dnsNames: string[]): Partial<CertificateIntent> => ({
    names: { profile: 'serving', spiffeId: cartId, dnsNames },
  });
  test.each<[string, Partial<CertificateIntent>]>([
    ['zero serial', { serial: Buffer.alloc(16) }],
    ['negative serial', { serial: Buffer.alloc(16, 0xff) }],
    ['short serial', { serial: Buffer.alloc(4, 0x41) }],
    ['long serial', { serial: Buffer.alloc(21, 0x41) }],
    ['ends before it begins', { notBefore: hours(2), notAfter: hours(1) }],
    ['outlives its issuer', { notAfter: hours(501) }],
    ['older than its issuer', { notBefore: hours(-25) }],
    ['fractions of a second', { notBefore: new Date(hours(-1).getTime() + 1) }],
    ['invalid time', { notAfter: new Date(Number.NaN) }],
    ['an id that is none', { names: { profile: 'workload', spiffeId: 'spiffe://a/../b' as SpiffeId } }],
    ['no DNS name', serving()],
    ['a wildcard', serving('*.shop.svc')],
    ['upper case', serving('Cart')],
    ['an address', serving('10.0.0.1 ')],
    ['a name twice', serving('cart', 'cart')],
    ['too many names', serving(...Array.from({ length: 101 }, (_, index) => `n${index}`))],
    ['a weak key', { spki: Buffer.from('3000', 'hex') }],
    ['a CA below a path length of 0', { names: { profile: 'intermediate', commonName: 'x', trustDomain: 'a' } }],
    ['a root that somebody else signs', { names: { profile: 'root', commonName: 'x', trustDomain: 'a' } }],
  ])('%s', (_name, change) => {
    expect(prepareCertificate(leafIntent(change), intermediate).ok).toBe(false);
  });

  test('a root for a leaf’s names', () => {
    const signer = createBuiltInSigner(generateKeyPair().privateKey);
    expect(prepareRoot(leafIntent(), signer).ok).toBe(false);
  });
});

test('only a CA with its own key issues', async () => {
  const leaf = await issue(intermediate);
  const stranger = createBuiltInSigner(generateKeyPair().privateKey);
  expect(createIssuer(leaf, stranger)).toMatchObject({ ok: false });
  expect(createIssuer(root.certificate, stranger)).toMatchObject({ ok: false });
});

describe('the signed result is compared with the intent', () => {
  const faulty = (change: Partial<Signer>): Issuer => ({
    ...intermediate,
    signer: { ...intermediate.signer, ...change },
  });

  test('a remote signer’s bad signature is found', async () => {
    const other: KeyObject = createPrivateKey(generateKeyPair().privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const issuer = faulty({ isRemote: true, sign: (signed) => Promise.resolve(sign('sha256', signed, other)) });
    await expect(signCertificate(valueOf(prepareCertificate(leafIntent(), issuer)))).rejects.toMatchObject({
      reason: 'INTERNAL',
    });
  });

  test('a remote signer’s good signature is taken', async () => {
    const issuer = faulty({ isRemote: true });
    const { fields } = await signCertificate(valueOf(prepareCertificate(leafIntent(), issuer)));
    expect(fields.extensions.alternativeNames?.uris).toEqual([cartId]);
  });

  test('what was changed on the way is found', async () => {
    const prepared = valueOf(prepareCertificate(leafIntent(), intermediate));
    const altered = Object.assign(prepared, {
      intent: { ...prepared.intent, names: { profile: 'workload', spiffeId: `${cartId}x` } },
    });
    await expect(signCertificate(altered)).rejects.toMatchObject({
      reason: 'INTERNAL',
      detail: expect.stringContaining('URI names'),
    });
  });

  test('a certificate that was not prepared does not compile', () => {
    const signed = {
      intent: leafIntent(),
      signed: Buffer.alloc(0),
      signatureAlgorithm: Buffer.alloc(0),
      signer: intermediate.signer,
      signedSha256: '',
    };
    // @ts-expect-error -- PreparedCertificate has a private constructor and is is made by prepareCertificate only
    const misuse = (): Promise<unknown> => signCertificate(signed);
    expect(misuse).toBeInstanceOf(Function);
  });
});

test('serial numbers are positive, of one length, and differ', () => {
  const random = (sizeBytes: number, fill: number): Buffer => Buffer.alloc(sizeBytes, fill);
  for (const fill of [0, 0x7f, 0x80, 0xff]) {
    const serial = createSerialNumber((sizeBytes) => random(sizeBytes, fill));
    expect(serial).toHaveLength(16);
    expect((serial[0] ?? 0) >= 0x40 && (serial[0] ?? 0) < 0x80).toBe(true);
  }
  expect(() => createSerialNumber(() => Buffer.alloc(3))).toThrow('another number of bytes');
});

test.each(['p384', 'ed25519'] as const)('a %s key is certified as well', async (kind) => {
  const spki = exportSpki(generateKeyPair(kind).publicKey);
  expect((await issue(intermediate, { spki })).spki.equals(spki)).toBe(true);
});
