// SPDX-License-Identifier: Apache-2.0
import { randomBytes, type KeyObject } from 'node:crypto';
import { formatSpiffeId, type Result } from '@signet/model';
import {
  createBuiltInSigner,
  createIssuer,
  createSerialNumber,
  exportSpki,
  formatPem,
  generateKeyPair,
  parseCertificate,
  prepareCertificate,
  prepareRoot,
  signCertificate,
  type CertificateIntent,
  type CertificateNames,
  type Issuer,
  type ParsedCertificate,
} from '../src/index.ts';

/** All tests happen at this time. */
export const now = new Date('2026-11-25T12:00:00Z');
export const cartId = formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' });

export function hours(count: number): Date {
  return new Date(now.getTime() + count * 3_600_000);
}

export function valueOf<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.error));
}

export async function createRoot(change: Partial<CertificateIntent> = {}): Promise<Issuer> {
  const signer = createBuiltInSigner(generateKeyPair().privateKey);
  const intent = {
    names: { profile: 'root', commonName: 'Test root', trustDomain: 'cluster.local' } as const,
    serial: createSerialNumber(randomBytes),
    notBefore: hours(-48),
    notAfter: hours(1000),
    ...change,
  };
  const { der } = await signCertificate(valueOf(prepareRoot(intent, signer)));
  return valueOf(createIssuer(valueOf(parseCertificate(der)), signer));
}

export async function createIntermediate(root: Issuer, change: Partial<CertificateIntent> = {}): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPair();
  const names = { profile: 'intermediate', commonName: 'Test intermediate', trustDomain: 'cluster.local' } as const;
  const certificate = await issue(root, {
    names,
    spki: exportSpki(publicKey),
    notBefore: hours(-24),
    notAfter: hours(500),
    ...change,
  });
  return valueOf(createIssuer(certificate, createBuiltInSigner(privateKey)));
}

export function leafIntent(change: Partial<CertificateIntent> = {}): CertificateIntent {
  const names: CertificateNames = { profile: 'workload', spiffeId: cartId };
  return {
    names,
    serial: createSerialNumber(randomBytes),
    notBefore: hours(-1),
    notAfter: hours(24),
    spki: exportSpki(generateKeyPair().publicKey),
    ...change,
  };
}

export async function issue(issuer: Issuer, change: Partial<CertificateIntent> = {}): Promise<ParsedCertificate> {
  const prepared = valueOf(prepareCertificate(leafIntent(change), issuer));
  return valueOf(parseCertificate((await signCertificate(prepared)).der));
}

export function pemOf(...certificates: readonly ParsedCertificate[]): string {
  return certificates.map((certificate) => formatPem('CERTIFICATE', certificate.der)).join('');
}

/** Root, intermediate, and a leaf with its key. */
export async function createTestChain(): Promise<{
  root: Issuer;
  intermediate: Issuer;
  leaf: ParsedCertificate;
  privateKey: KeyObject;
}> {
  const root = await createRoot();
  const intermediate = await createIntermediate(root);
  const { privateKey, publicKey } = generateKeyPair();
  return { root, intermediate, leaf: await issue(intermediate, { spki: exportSpki(publicKey) }), privateKey };
}
