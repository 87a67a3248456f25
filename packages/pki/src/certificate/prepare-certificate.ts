// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { failure, success, type Result } from '@signet/model';
import { buildConstructed, buildInteger, buildOctetString, buildSequence, buildTime } from '../der/der-writer.ts';
import { oid } from '../oids.ts';
import { exportSpki, keyIdentifier, parsePublicKey } from '../public-key.ts';
import { buildSignatureAlgorithm } from '../signature-algorithm.ts';
import type { Signer } from '../signer.ts';
import { buildName } from './distinguished-name.ts';
import { buildExtension } from './extensions.ts';
import { buildGeneralNames } from './general-names.ts';
import { buildAuthorityKeyIdentifier, type Issuer } from './issuer.ts';
import { namesProblem, profiles, writtenNames, type CertificateNames } from './profile.ts';

/** What a certificate shall say. */
export interface CertificateIntent {
  readonly names: CertificateNames;
  /** Big-endian, from createSerialNumber. */
  readonly serial: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo in DER, of a key that passed parseCsr or parsePublicKey. */
  readonly spki: Buffer;
  /** Contents of its BIT STRING, if known. */
  readonly keyBits?: Buffer;
}

interface PreparedParts {
  readonly intent: CertificateIntent;
  readonly signed: Buffer;
  readonly signatureAlgorithm: Buffer;
  readonly signer: Signer;
}

// Set by the class itself, so that no other module can make a certificate that was not checked.
let construct: (parts: PreparedParts) => PreparedCertificate;

/** A TBSCertificate that follows from a checked intent. Only prepareCertificate and prepareRoot can make one. */
class PreparedCertificate {
  readonly intent: CertificateIntent;
  /** AlgorithmIdentifier, encoded. */
  readonly signatureAlgorithm: Buffer;
  readonly signer: Signer;
  // A private field also keeps an object of the same shape from passing for one of these.
  readonly #signed: Buffer;

  private constructor({ intent, signed, signatureAlgorithm, signer }: PreparedParts) {
    this.intent = intent;
    this.#signed = signed;
    this.signatureAlgorithm = signatureAlgorithm;
    this.signer = signer;
  }

  /** TBSCertificate in DER. */
  get signed(): Buffer {
    return this.#signed;
  }

  /** SHA-256 of the TBSCertificate, hexadecimal: what the ledger's intent is compared by. */
  get signedSha256(): string {
    return createHash('sha256').update(this.#signed).digest('hex');
  }

  static {
    construct = (parts) => new PreparedCertificate(parts);
  }
}
export type { PreparedCertificate };

const utcTimeEnd = new Date('9999-12-31T23:59:59Z');

function intentProblem(intent: CertificateIntent): string | undefined {
  const { serial, notBefore, notAfter } = intent;
  const first = serial[0] ?? 0;
  if (serial.length < 8 || serial.length > 20 || first === 0 || first >= 0x80)
    return 'the serial number must be positive, of 8 to 20 bytes';
  if (!(notBefore < notAfter)) return 'notBefore must be before notAfter';
  if (!(notAfter <= utcTimeEnd)) return 'notAfter is too far away';
  if (notBefore.getTime() % 1000 !== 0 || notAfter.getTime() % 1000 !== 0) return 'a validity has whole seconds only';
  return namesProblem(intent.names);
}

interface SignedParts {
  readonly intent: CertificateIntent;
  readonly issuerName: Buffer;
  readonly authorityKeyIdentifier: Buffer;
  readonly signatureAlgorithm: Buffer;
  readonly keyBits: Buffer;
}

const version3 = buildConstructed(0, buildInteger(Buffer.from([2])));

function buildSigned({ intent, issuerName, authorityKeyIdentifier, signatureAlgorithm, keyBits }: SignedParts): Buffer {
  const { subject, uris, dnsNames } = writtenNames(intent.names);
  const subjectName = buildName(subject);
  const isSubjectEmpty = subjectName.length === 2;
  const extensions = buildSequence(
    profiles[intent.names.profile].fixedExtensions,
    buildExtension(oid.subjectKeyIdentifier, false, buildOctetString(keyIdentifier(keyBits))),
    authorityKeyIdentifier,
    buildExtension(oid.subjectAltName, isSubjectEmpty, buildGeneralNames(uris, dnsNames)),
  );
  return buildSequence(
    version3,
    buildInteger(intent.serial),
    signatureAlgorithm,
    issuerName,
    buildSequence(buildTime(intent.notBefore), buildTime(intent.notAfter)),
    subjectName,
    intent.spki,
    buildConstructed(3, extensions),
  );
}

function checkedKeyBits(intent: CertificateIntent): Result<Buffer> {
  if (intent.keyBits !== undefined) return success(intent.keyBits);
  const key = parsePublicKey(intent.spki);
  return key.ok ? success(key.value.keyBits) : failure(key.error.message);
}

/** Builds what `issuer` shall sign; a failure says which rule the intent breaks. */
export function prepareCertificate(intent: CertificateIntent, issuer: Issuer): Result<PreparedCertificate> {
  const problem = intentProblem(intent) ?? issuerProblem(intent, issuer);
  if (problem !== undefined) return failure(problem);
  const keyBits = checkedKeyBits(intent);
  if (!keyBits.ok) return keyBits;
  const { signatureAlgorithm, authorityKeyIdentifier, certificate, signer } = issuer;
  const issuerName = certificate.subject;
  const signed = buildSigned({
    intent,
    issuerName,
    authorityKeyIdentifier,
    signatureAlgorithm,
    keyBits: keyBits.value,
  });
  return success(construct({ intent, signed, signatureAlgorithm, signer }));
}

function issuerProblem(intent: CertificateIntent, { certificate }: Issuer): string | undefined {
  const { profile } = intent.names;
  if (profile === 'root') return 'a root is not issued by another CA';
  if (intent.notBefore < certificate.notBefore) return 'the certificate would be valid before its issuer';
  if (intent.notAfter > certificate.notAfter) return 'the certificate would outlive its issuer';
  const depth = certificate.extensions.basicConstraints?.pathLength;
  return profile === 'intermediate' && depth === 0 ? 'the issuer may not sign CA certificates' : undefined;
}

/** Builds a self-signed root for the key of `signer`. */
export function prepareRoot(
  intent: Omit<CertificateIntent, 'spki' | 'keyBits'>,
  signer: Signer,
): Result<PreparedCertificate> {
  const key = parsePublicKey(exportSpki(signer.publicKey));
  if (!key.ok) return failure(key.error.message);
  const { spki, keyBits } = key.value;
  const whole: CertificateIntent = { ...intent, spki, keyBits };
  if (whole.names.profile !== 'root') return failure('only a root signs itself');
  const problem = intentProblem(whole);
  if (problem !== undefined) return failure(problem);
  const signatureAlgorithm = buildSignatureAlgorithm(signer.algorithm);
  const signed = buildSigned({
    intent: whole,
    issuerName: buildName(writtenNames(whole.names).subject),
    authorityKeyIdentifier: buildAuthorityKeyIdentifier(keyIdentifier(keyBits)),
    signatureAlgorithm,
    keyBits,
  });
  return success(construct({ intent: whole, signed, signatureAlgorithm, signer }));
}
