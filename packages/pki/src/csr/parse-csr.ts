// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { failure, success, type Reason, type Result } from '@signet/model';
import { readAttributeTypes } from '../certificate/distinguished-name.ts';
import { readExtensions, type Extensions } from '../certificate/extensions.ts';
import { DerReader, parseDer } from '../der/der-reader.ts';
import { derTag } from '../der/der-tags.ts';
import { keyUsageBit, oid } from '../oids.ts';
import { parsePem } from '../pem.ts';
import { publicKeySha256, readPublicKey, type KeyKind, type Problem } from '../public-key.ts';
import { isSignatureValid, readSignatureAlgorithm } from '../signature-algorithm.ts';

/** Everything that is used of a CSR. */
export interface ParsedCsr {
  readonly keyKind: KeyKind;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
  /** Contents of its BIT STRING. */
  readonly keyBits: Buffer;
  /** SHA-256 of `spki`, hexadecimal. */
  readonly publicKeySha256: string;
  /** The one URI that was asked for, to be compared with the attested identity; undefined when none was. */
  readonly requestedUri: string | undefined;
}

/** A CSR above this size is not looked at. */
export const csrSizeBytesMax = 8192;

const pemLabels: ReadonlySet<string> = new Set(['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']);
const attributesTag = 0xa0;

const refuse = (reason: Reason, message: string): { ok: false; error: Problem } => failure({ reason, message });

/**
 * Reads a PKCS #10 request (RFC 2986) in PEM or DER and refuses everything that a workload has no reason to ask for.
 * Cheap checks come first; the signature, which proves possession of the key, is checked last. Never throws.
 */
export function parseCsr(bytes: Uint8Array): Result<ParsedCsr, Problem> {
  if (bytes.length > csrSizeBytesMax)
    return refuse('CSR_TOO_LARGE', `the CSR has ${bytes.length} bytes, more than ${csrSizeBytesMax}`);
  const der = bytes[0] === derTag.sequence ? success(Buffer.from(bytes)) : derOfPem(bytes);
  if (!der.ok) return refuse('CSR_MALFORMED', der.error);
  const parsed = parseDer(der.value, readCsr);
  return parsed.ok ? parsed.value : refuse('CSR_MALFORMED', `the CSR is not DER: ${parsed.error}`);
}

function derOfPem(bytes: Uint8Array): Result<Buffer> {
  const blocks = parsePem(Buffer.from(bytes).toString('latin1'));
  if (!blocks.ok) return blocks;
  const [block, ...more] = blocks.value;
  // Two requests in one text: one would be checked, the other might be meant.
  if (block === undefined || more.length > 0 || !pemLabels.has(block.label)) {
    return failure('expected one PEM block «CERTIFICATE REQUEST», or DER');
  }
  return success(block.der);
}

function readCsr(reader: DerReader): Result<ParsedCsr, Problem> {
  const outer = reader.enter();
  const signed = outer.read(derTag.sequence).encoding;
  const algorithm = readSignatureAlgorithm(outer);
  const signature = outer.readBitStringBytes();
  outer.expectEnd();

  const info = new RequestInfo(signed);
  const { subject, key, attributes } = info;
  if (info.version !== 0) return refuse('CSR_MALFORMED', 'the version of the CSR is not 0');
  if (subject.some((type) => type !== oid.organization)) {
    return refuse('CSR_SUBJECT_NOT_ALLOWED', 'the subject may be empty or hold an organisation only');
  }
  if (!key.ok) return key;
  const names = requestedNames(attributes);
  if (!names.ok) return names;
  const { kind: keyKind, key: publicKey, spki, keyBits } = key.value;
  if (!isSignatureValid({ algorithm, publicKey, signed, signature })) {
    return refuse('CSR_SIGNATURE_INVALID', 'the CSR is not signed by its own key with an accepted algorithm');
  }
  return success({
    keyKind,
    publicKey,
    spki,
    keyBits,
    publicKeySha256: publicKeySha256(spki),
    requestedUri: names.value,
  });
}

/** CertificationRequestInfo, read in full before any of it is judged. */
class RequestInfo {
  readonly version: number;
  readonly subject: readonly string[];
  readonly key: ReturnType<typeof readPublicKey>;
  readonly attributes: DerReader | undefined;

  constructor(encoding: Buffer) {
    const info = new DerReader(encoding).enter();
    this.version = info.readSmallInteger();
    this.subject = readAttributeTypes(info);
    this.key = readPublicKey(info);
    // Absent instead of empty: wrong by RFC 2986, and common.
    this.attributes = info.isAtEnd ? undefined : info.enter(attributesTag);
    info.expectEnd();
  }
}

function requestedNames(attributes: DerReader | undefined): Result<string | undefined, Problem> {
  if (attributes === undefined || attributes.isAtEnd) return success(undefined);
  const attribute = attributes.enter();
  const type = attribute.readOid();
  if (type !== oid.extensionRequest || !attributes.isAtEnd) {
    return refuse('CSR_EXTENSION_NOT_ALLOWED', 'the only attribute of a CSR may be one extension request');
  }
  const values = attribute.enter(derTag.set);
  attribute.expectEnd();
  const extensions = readExtensions(values);
  values.expectEnd();
  if (extensions === undefined) return refuse('CSR_MALFORMED', 'an extension is malformed or occurs twice');
  return judgeExtensions(extensions);
}

const harmlessUsages: ReadonlySet<number> = new Set([
  keyUsageBit.digitalSignature,
  keyUsageBit.contentCommitment,
  keyUsageBit.keyEncipherment,
  keyUsageBit.dataEncipherment,
  keyUsageBit.keyAgreement,
]);
const harmlessPurposes: ReadonlySet<string> = new Set([oid.serverAuth, oid.clientAuth]);

function judgeExtensions(extensions: Extensions): Result<string | undefined, Problem> {
  const { basicConstraints, keyUsage = [], extendedKeyUsage = [], alternativeNames: names } = extensions;
  if (names !== undefined && (names.dnsNames.length > 0 || names.others > 0 || names.uris.length > 1)) {
    return refuse('CSR_SAN_NOT_ALLOWED', 'the only name that may be asked for is one URI');
  }
  if (basicConstraints?.isCa === true || basicConstraints?.pathLength !== undefined) {
    return refuse('CSR_EXTENSION_NOT_ALLOWED', 'the CSR asks for a CA certificate');
  }
  if (!keyUsage.every((bit) => harmlessUsages.has(bit))) {
    return refuse('CSR_EXTENSION_NOT_ALLOWED', 'the CSR asks for a key usage of a CA');
  }
  if (!extendedKeyUsage.every((purpose) => harmlessPurposes.has(purpose))) {
    return refuse('CSR_EXTENSION_NOT_ALLOWED', 'the CSR asks for a purpose other than TLS client and server');
  }
  const { others, subjectKeyIdentifier, authorityKeyIdentifier } = extensions;
  if (others.length > 0 || subjectKeyIdentifier !== undefined || authorityKeyIdentifier !== undefined) {
    return refuse('CSR_EXTENSION_NOT_ALLOWED', 'the CSR asks for an extension that no profile grants');
  }
  return success(names?.uris[0]);
}
