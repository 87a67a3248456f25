// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { failure, normaliseSerial, success, type Result } from '@signet/model';
import { DerReader, parseDer } from '../der/der-reader.ts';
import { derTag } from '../der/der-tags.ts';
import { parsePem } from '../pem.ts';
import { readSignatureAlgorithm } from '../signature-algorithm.ts';
import { readExtensions, type Extensions } from './extensions.ts';

/** The fields of an X.509 v3 certificate, read strictly. */
export interface CertificateFields {
  readonly der: Buffer;
  /** Normalised hexadecimal. */
  readonly serial: string;
  /** Name in DER. */
  readonly issuer: Buffer;
  /** Name in DER. */
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
  /** Contents of its BIT STRING. */
  readonly keyBits: Buffer;
  readonly extensions: Extensions;
  readonly signatureAlgorithm: string;
  /** TBSCertificate in DER. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** A certificate with its key imported. */
export interface ParsedCertificate extends CertificateFields {
  readonly publicKey: KeyObject;
}

/** No certificate that is of use here is larger. */
const certificateSizeBytesMax = 16_384;

/** Reads a certificate in DER. Never throws. */
export function parseCertificate(bytes: Uint8Array): Result<ParsedCertificate> {
  const fields = parseCertificateFields(bytes);
  if (!fields.ok) return fields;
  const publicKey = importKey(fields.value.spki);
  return publicKey === undefined
    ? failure('the key of the certificate is not valid')
    : success({ ...fields.value, publicKey });
}

/** As parseCertificate, without the price of importing the key. */
export function parseCertificateFields(bytes: Uint8Array): Result<CertificateFields> {
  if (bytes.length > certificateSizeBytesMax)
    return failure(`the certificate has more than ${certificateSizeBytesMax} bytes`);
  const der = Buffer.from(bytes);
  const parsed = parseDer(der, (reader) => readCertificate(reader, der));
  return parsed.ok ? parsed.value : failure(`the certificate is not DER: ${parsed.error}`);
}

function readCertificate(reader: DerReader, der: Buffer): Result<CertificateFields> {
  const outer = reader.enter();
  const signed = outer.read(derTag.sequence).encoding;
  const signatureAlgorithm = readSignatureAlgorithm(outer);
  const signature = outer.readBitStringBytes();
  outer.expectEnd();

  const body = new DerReader(signed).enter();
  const version = body.enter(0xa0).readSmallInteger();
  const serial = body.readInteger();
  const innerAlgorithm = readSignatureAlgorithm(body);
  const issuer = body.read(derTag.sequence).encoding;
  const validity = body.enter();
  const notBefore = validity.readTime();
  const notAfter = validity.readTime();
  validity.expectEnd();
  const subject = body.read(derTag.sequence).encoding;
  const spki = body.read(derTag.sequence).encoding;
  const keyInfo = new DerReader(spki).enter();
  keyInfo.readElement();
  const keyBits = keyInfo.readBitStringBytes();
  keyInfo.expectEnd();
  const extensions = readExtensions(body.enter(0xa3));
  body.expectEnd();

  if (version !== 2) return failure('the certificate is not of version 3');
  if (innerAlgorithm !== signatureAlgorithm) return failure('the certificate names two signature algorithms');
  if (serial.length > 20 || (serial[0] ?? 0x80) >= 0x80)
    return failure('the serial number is negative or longer than 20 bytes');
  if (extensions === undefined) return failure('an extension is malformed or occurs twice');
  return success({
    der,
    serial: normaliseSerial(serial.toString('hex')),
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    keyBits,
    extensions,
    signatureAlgorithm,
    signed,
    signature,
  });
}

function importKey(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** Reads all certificates of a PEM text; one that does not parse, or a text without any, is a failure. */
export function parseCertificatesPem(text: string): Result<readonly ParsedCertificate[]> {
  const blocks = parsePem(text);
  if (!blocks.ok) return blocks;
  const certificates: ParsedCertificate[] = [];
  for (const block of blocks.value) {
    if (block.label !== 'CERTIFICATE') return failure(`unexpected PEM block «${block.label}»`);
    const certificate = parseCertificate(block.der);
    if (!certificate.ok) return certificate;
    certificates.push(certificate.value);
  }
  return certificates.length === 0 ? failure('there is no PEM block «CERTIFICATE»') : success(certificates);
}
