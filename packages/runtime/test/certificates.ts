// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { parseCertificateNames } from '../src/certificate-names.ts';
import type { TlsMaterial } from '../src/tls-material.ts';

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const time = (date: Date): Buffer => der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`));
const name = (text: string): Buffer => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));
const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(isCritical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));

function pem(label: string, bytes: Buffer): string {
  return `-----BEGIN ${label}-----\n${bytes
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END ${label}-----\n`;
}

/** A key pair with its certificate. */
export interface Issued {
  readonly privateKey: KeyObject;
  readonly certificate: Buffer;
  readonly pem: string;
  readonly subject: string;
}

/** Makes a certificate for tests; without an issuer it signs itself and is a CA. */
export function issueCertificate(o: {
  readonly subject: string;
  readonly issuer?: Issued;
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly isCa?: boolean;
}): Issued {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isCa = o.isCa ?? o.issuer === undefined;
  const names = [
    ...(o.uris ?? []).map((uri) => der(0x86, Buffer.from(uri))),
    ...(o.dnsNames ?? []).map((dnsName) => der(0x82, Buffer.from(dnsName))),
  ];
  const extensions = [
    ...(isCa ? [extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))))] : []),
    ...(names.length > 0 ? [extension('551d11', true, sequence(...names))] : []),
  ];
  const now = Date.now();
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([0x01]), randomBytes(15)),
    ecdsaWithSha256,
    name(o.issuer?.subject ?? o.subject),
    sequence(time(o.notBefore ?? new Date(now - 60_000)), time(o.notAfter ?? new Date(now + 3600_000))),
    name(o.subject),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign('sha256', tbs, o.issuer?.privateKey ?? pair.privateKey);
  const certificate = sequence(tbs, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  return { privateKey: pair.privateKey, certificate, pem: pem('CERTIFICATE', certificate), subject: o.subject };
}

/** Key material of a leaf under a root, as a server or client wants it. */
export function buildMaterial(leaf: Issued, rootPem: string): TlsMaterial {
  const names = parseCertificateNames(leaf.certificate);
  return {
    keyPem: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateChainPem: leaf.pem,
    rootsPem: rootPem,
    serial: names.serial,
    spiffeId: names.spiffeId ?? '',
    notBefore: names.notBefore,
    notAfter: names.notAfter,
  };
}
