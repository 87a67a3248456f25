// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { failure, success, type Reason, type Result } from '@signet/model';
import { parseDer, type DerReader } from './der/der-reader.ts';
import { derTag } from './der/der-tags.ts';
import { oid } from './oids.ts';

/** Keys that certificates are issued for. */
export type KeyKind = 'p256' | 'p384' | 'ed25519' | 'rsa';

/** A key that passed the checks. */
export interface CheckedPublicKey {
  readonly kind: KeyKind;
  readonly key: KeyObject;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
  /** Contents of its BIT STRING. */
  readonly keyBits: Buffer;
}

/** Why something from a caller is refused. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

const rsaBitsMin = 2048;
const rsaBitsMax = 4096;
const rsaExponent = 65537;

interface ReadKey {
  readonly kind: KeyKind | undefined;
  readonly spki: Buffer;
  readonly keyBits: Buffer;
}

function readKey(reader: DerReader): ReadKey {
  const spki = reader.read(derTag.sequence).encoding;
  const parsed = parseDer(spki, (outer) => {
    const info = outer.enter();
    const algorithm = info.enter();
    const id = algorithm.readOid();
    const curve = id === oid.ecPublicKey && algorithm.nextTag === derTag.oid ? algorithm.readOid() : undefined;
    if (id === oid.rsaEncryption) algorithm.readOptional(derTag.null);
    const isPlain = algorithm.isAtEnd;
    const keyBits = info.readBitStringBytes();
    info.expectEnd();
    return { id, curve, isPlain, keyBits };
  });
  if (!parsed.ok) return { kind: undefined, spki, keyBits: Buffer.alloc(0) };
  const { id, curve, isPlain, keyBits } = parsed.value;
  return { kind: isPlain ? kindOf(id, curve) : undefined, spki, keyBits };
}

function kindOf(id: string, curve: string | undefined): KeyKind | undefined {
  if (id === oid.rsaEncryption) return 'rsa';
  if (id === oid.ed25519) return 'ed25519';
  if (curve === oid.p256) return 'p256';
  return curve === oid.p384 ? 'p384' : undefined;
}

/** Judges size and exponent by the bytes alone: no arithmetic is done on a key that is refused. */
function rsaProblem(keyBits: Buffer): string | undefined {
  const parsed = parseDer(keyBits, (reader) => {
    const sequence = reader.enter();
    const modulus = sequence.readInteger();
    const exponent = sequence.readInteger();
    sequence.expectEnd();
    return { modulus, exponent };
  });
  if (!parsed.ok) return 'the RSA key is malformed';
  const { modulus, exponent } = parsed.value;
  if ((modulus[0] ?? 0x80) >= 0x80) return 'the RSA modulus is negative';
  const bits = bitLength(modulus);
  if (bits < rsaBitsMin || bits > rsaBitsMax)
    return `RSA keys must have ${rsaBitsMin} to ${rsaBitsMax} bits, this one has ${bits}`;
  if (((modulus.at(-1) ?? 0) & 1) === 0) return 'the RSA modulus is even';
  if (exponent.length > 4 || exponent.readUIntBE(0, exponent.length) !== rsaExponent) {
    return `the public exponent must be ${rsaExponent}`;
  }
  return undefined;
}

function bitLength(magnitude: Buffer): number {
  const digits = magnitude[0] === 0 ? magnitude.subarray(1) : magnitude;
  return digits.length === 0 ? 0 : digits.length * 8 - Math.clz32(digits[0] ?? 0) + 24;
}

const pointLengths = { p256: 65, p384: 97 } as const;

/** Reads a SubjectPublicKeyInfo; refuses what is weak or of another kind before any mathematics happen. */
export function readPublicKey(reader: DerReader): Result<CheckedPublicKey, Problem> {
  const { kind, spki, keyBits } = readKey(reader);
  if (kind === undefined)
    return failure({ reason: 'CSR_KEY_UNSUPPORTED', message: 'the key is not P-256, P-384, Ed25519 or RSA' });
  if (kind === 'rsa') {
    const problem = rsaProblem(keyBits);
    if (problem !== undefined) return failure({ reason: 'CSR_KEY_WEAK', message: problem });
  }
  if ((kind === 'p256' || kind === 'p384') && (keyBits.length !== pointLengths[kind] || keyBits[0] !== 0x04)) {
    return failure({ reason: 'CSR_KEY_UNSUPPORTED', message: 'the point of the key must be uncompressed' });
  }
  try {
    // OpenSSL refuses a point that is not on the curve.
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return success({ kind, key, spki: Buffer.from(spki), keyBits: Buffer.from(keyBits) });
  } catch {
    return failure({ reason: 'CSR_KEY_UNSUPPORTED', message: 'the key is not a valid one of its kind' });
  }
}

/** Reads a SubjectPublicKeyInfo that stands alone. */
export function parsePublicKey(spki: Uint8Array): Result<CheckedPublicKey, Problem> {
  const parsed = parseDer(spki, readPublicKey);
  return parsed.ok ? parsed.value : failure({ reason: 'CSR_KEY_UNSUPPORTED', message: parsed.error });
}

/** Subject key identifier: the first 160 bits of the SHA-256 of the key's bits (RFC 7093 §2, method 1). */
export function keyIdentifier(keyBits: Uint8Array): Buffer {
  return createHash('sha256').update(keyBits).digest().subarray(0, 20);
}

/** SHA-256 of a SubjectPublicKeyInfo, hexadecimal. */
export function publicKeySha256(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex');
}

/** SubjectPublicKeyInfo of a key in DER. */
export function exportSpki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Makes a key pair; P-256 unless told otherwise. */
export function generateKeyPair(kind: Exclude<KeyKind, 'rsa'> = 'p256'): {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
} {
  switch (kind) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    default:
      return kind satisfies never;
  }
}
