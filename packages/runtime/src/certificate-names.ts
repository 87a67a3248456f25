// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { normaliseSerial } from '@signet/model';

/** What a certificate says about its holder. */
export interface CertificateNames {
  /** The URI SAN, present only when there is exactly one. */
  readonly spiffeId?: string;
  readonly dnsNames: string[];
  /** Normalised. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

interface DerElement {
  readonly tag: number;
  readonly body: Buffer;
  readonly end: number;
}

function readElement(der: Buffer, offset: number): DerElement {
  const tag = der[offset];
  const first = der[offset + 1];
  if (tag === undefined || first === undefined) throw new RangeError('truncated DER');
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const size = first & 0x7f;
    if (size === 0 || size > 4 || start + size > der.length) throw new RangeError('unsupported DER length');
    length = der.readUIntBE(start, size);
    start += size;
  }
  if (start + length > der.length) throw new RangeError('truncated DER');
  return { tag, body: der.subarray(start, start + length), end: start + length };
}

function readChildren(body: Buffer): readonly DerElement[] {
  const children: DerElement[] = [];
  for (let offset = 0; offset < body.length;) {
    const child = readElement(body, offset);
    children.push(child);
    offset = child.end;
  }
  return children;
}

const subjectAltNameOid = Buffer.from('551d11', 'hex');

function readGeneralNames(der: Buffer): readonly DerElement[] {
  const [tbs] = readChildren(readElement(der, 0).body);
  const extensions = tbs === undefined ? undefined : readChildren(tbs.body).find((child) => child.tag === 0xa3);
  if (extensions === undefined) return [];
  const found = readChildren(readElement(extensions.body, 0).body)
    .map((extension) => readChildren(extension.body))
    .filter(([oid]) => oid?.tag === 0x06 && oid.body.equals(subjectAltNameOid));
  // RFC 5280 §4.2: an extension occurs once.
  if (found.length > 1) throw new RangeError('several subjectAltName extensions');
  const value = found[0]?.at(-1);
  return value === undefined ? [] : readChildren(readElement(value.body, 0).body);
}

/**
 * Reads names, serial and validity from DER; never from the `subjectaltname` text of OpenSSL, whose quoting can be
 * played with. Throws on bytes that are no certificate.
 */
export function parseCertificateNames(der: Buffer): CertificateNames {
  const certificate = new X509Certificate(der);
  const names = readGeneralNames(der);
  const uris = names.filter((name) => name.tag === 0x86).map((name) => name.body.toString('latin1'));
  const [uri] = uris;
  return {
    ...(uri === undefined || uris.length > 1 ? {} : { spiffeId: uri }),
    dnsNames: names.filter((name) => name.tag === 0x82).map((name) => name.body.toString('latin1')),
    serial: normaliseSerial(certificate.serialNumber),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  };
}
