// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { normaliseSerial } from '@signet/model';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** What a test certificate shall say. */
export interface TestCertificateRequest {
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  /** Default: five minutes ago. */
  readonly notBefore?: Date;
  /** Default: in one day. */
  readonly notAfter?: Date;
  /** Positive, big endian; random 16 bytes by default. */
  readonly serial?: Uint8Array;
  /** Certifies this key instead of a fresh P-256 one. */
  readonly publicKey?: KeyObject;
  /** Default: client and server. */
  readonly usages?: readonly ('client' | 'server')[];
}

/** A certificate and, when it was made here, its key. */
export interface TestCertificate {
  readonly certificatePem: string;
  readonly certificateDer: Buffer;
  /** Leaf first, intermediates after it, root left out. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** In the form of model's normaliseSerial. */
  readonly serial: string;
}

/** A CA for test material. Never trusted outside the test that made it. */
export interface TestAuthority {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Certificate of the root at the end of the chain. */
  readonly rootPem: string;
  issue(request: TestCertificateRequest): TestCertificate;
  /** Makes a CA below this one. */
  createIntermediate(commonName: string): TestAuthority;
}

const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  client: '1.3.6.1.5.5.7.3.2',
  server: '1.3.6.1.5.5.7.3.1',
} as const;

const dayMs = 86_400_000;

function name(commonName: string | undefined, organizations: readonly string[]): Buffer {
  const attribute = (type: string, value: string): Buffer => set(sequence(objectIdentifier(type), utf8String(value)));
  return sequence(
    ...organizations.map((organization) => attribute(oid.organization, organization)),
    ...(commonName === undefined ? [] : [attribute(oid.commonName, commonName)]),
  );
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return Buffer.concat(all.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}

function alternativeNames(request: TestCertificateRequest): Buffer[] {
  return [
    ...(request.uris ?? []).map((uri) => implicit(6, Buffer.from(uri))),
    ...(request.dnsNames ?? []).map((dnsName) => implicit(2, Buffer.from(dnsName))),
    ...(request.ipAddresses ?? []).map((address) => implicit(7, addressBytes(address))),
  ];
}

function leafExtensions(request: TestCertificateRequest, hasSubject: boolean): Buffer[] {
  const names = alternativeNames(request);
  const usages = (request.usages ?? ['client', 'server']).map((usage) => objectIdentifier(oid[usage]));
  return [
    extension(oid.basicConstraints, true, sequence()),
    extension(oid.keyUsage, true, bitString(Buffer.from([0x80]), 7)),
    extension(oid.extendedKeyUsage, false, sequence(...usages)),
    ...(names.length === 0 ? [] : [extension(oid.subjectAltName, !hasSubject, sequence(...names))]),
  ];
}

function authorityExtensions(): Buffer[] {
  return [
    extension(oid.basicConstraints, true, sequence(boolean(true))),
    extension(oid.keyUsage, true, bitString(Buffer.from([0x06]), 1)),
  ];
}

interface Template {
  readonly serial: Uint8Array;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function buildCertificate(template: Template, issuerKey: KeyObject): Buffer {
  const algorithm = sequence(objectIdentifier(oid.ecdsaWithSha256));
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(template.serial),
    algorithm,
    template.issuer,
    sequence(time(template.notBefore), time(template.notAfter)),
    template.subject,
    template.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...template.extensions)),
  );
  return sequence(body, algorithm, bitString(sign('sha256', body, issuerKey)));
}

function toPem(der: Buffer): string {
  return new X509Certificate(der).toString();
}

function keyToPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

interface Parent {
  readonly key: KeyObject;
  readonly subject: Buffer;
  readonly chainPem: string;
  readonly rootPem: string;
}

function createAuthority(commonName: string, parent: Parent | undefined): TestAuthority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = name(commonName, ['Signet tests']);
  const der = buildCertificate(
    {
      serial: randomSerial(),
      issuer: parent?.subject ?? subject,
      subject,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + 30 * dayMs),
      publicKey,
      extensions: authorityExtensions(),
    },
    parent?.key ?? privateKey,
  );
  const certificatePem = toPem(der);
  const rootPem = parent?.rootPem ?? certificatePem;
  const chainPem = parent === undefined ? '' : certificatePem + parent.chainPem;
  return {
    certificatePem,
    keyPem: keyToPem(privateKey),
    rootPem,
    issue: (request) => issueLeaf(request, { key: privateKey, subject, chainPem, rootPem }),
    createIntermediate: (childName) => createAuthority(childName, { key: privateKey, subject, chainPem, rootPem }),
  };
}

function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

function issueLeaf(request: TestCertificateRequest, parent: Parent): TestCertificate {
  const own = request.publicKey === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : undefined;
  const publicKey = request.publicKey ?? own?.publicKey;
  if (publicKey === undefined) throw new Error('no public key');
  const serial = request.serial ?? randomSerial();
  const hasSubject = request.commonName !== undefined || (request.organizations ?? []).length > 0;
  const certificateDer = buildCertificate(
    {
      serial,
      issuer: parent.subject,
      subject: name(request.commonName, request.organizations ?? []),
      notBefore: request.notBefore ?? new Date(Date.now() - 300_000),
      notAfter: request.notAfter ?? new Date(Date.now() + dayMs),
      publicKey,
      extensions: leafExtensions(request, hasSubject),
    },
    parent.key,
  );
  const certificatePem = toPem(certificateDer);
  return {
    certificatePem,
    certificateDer,
    chainPem: certificatePem + parent.chainPem,
    keyPem: own === undefined ? '' : keyToPem(own.privateKey),
    serial: normaliseSerial(Buffer.from(serial).toString('hex')),
  };
}

/** Makes a self-signed throwaway root. */
export function createTestAuthority(commonName = 'Signet test root'): TestAuthority {
  return createAuthority(commonName, undefined);
}
