// SPDX-License-Identifier: Apache-2.0
import { verify, type KeyObject } from 'node:crypto';
import { derTag } from './der/der-tags.ts';
import type { DerReader } from './der/der-reader.ts';
import { buildElement, buildOid, buildSequence } from './der/der-writer.ts';
import { oid } from './oids.ts';

type KeyType = 'ec' | 'rsa' | 'ed25519';

interface SignatureAlgorithm {
  readonly keyType: KeyType;
  /** Undefined where the algorithm hashes by itself. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | undefined;
}

// SHA-1, MD5 and RSASSA-PSS with free parameters are left out on purpose.
const algorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  [oid.sha256WithRsa]: { keyType: 'rsa', digest: 'sha256' },
  [oid.sha384WithRsa]: { keyType: 'rsa', digest: 'sha384' },
  [oid.sha512WithRsa]: { keyType: 'rsa', digest: 'sha512' },
  [oid.ecdsaWithSha256]: { keyType: 'ec', digest: 'sha256' },
  [oid.ecdsaWithSha384]: { keyType: 'ec', digest: 'sha384' },
  [oid.ecdsaWithSha512]: { keyType: 'ec', digest: 'sha512' },
  [oid.ed25519]: { keyType: 'ed25519', digest: undefined },
};

/** Reads an AlgorithmIdentifier of a signature; returns its object identifier. Parameters: absent, or NULL for RSA. */
export function readSignatureAlgorithm(reader: DerReader): string {
  const sequence = reader.enter();
  const id = sequence.readOid();
  if (algorithms[id]?.keyType === 'rsa') sequence.readOptional(derTag.null);
  sequence.expectEnd();
  return id;
}

/** Writes an AlgorithmIdentifier of a signature. */
export function buildSignatureAlgorithm(id: string): Buffer {
  return algorithms[id]?.keyType === 'rsa'
    ? buildSequence(buildOid(id), buildElement(derTag.null))
    : buildSequence(buildOid(id));
}

/** What must be known to check a signature. */
export interface SignatureCheck {
  readonly algorithm: string;
  readonly publicKey: KeyObject;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** True when the signature is good; false for algorithms that are not accepted or do not fit the key. */
export function isSignatureValid(check: SignatureCheck): boolean {
  const algorithm = algorithms[check.algorithm];
  if (algorithm === undefined || algorithm.keyType !== check.publicKey.asymmetricKeyType) return false;
  try {
    return verify(algorithm.digest ?? null, check.signed, check.publicKey, check.signature);
  } catch {
    // OpenSSL throws, rather than saying no, for some malformed signatures.
    return false;
  }
}

/** The signature algorithm to use with a private key. Throws for a kind of key that is never made here. */
export function signatureAlgorithmFor(key: KeyObject): { readonly id: string; readonly digest: string | null } {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
        ? { id: oid.ecdsaWithSha384, digest: 'sha384' }
        : { id: oid.ecdsaWithSha256, digest: 'sha256' };
    case 'rsa':
      return { id: oid.sha256WithRsa, digest: 'sha256' };
    case 'ed25519':
      return { id: oid.ed25519, digest: null };
    default:
      throw new Error(`no signature algorithm for a key of type ${key.asymmetricKeyType}`);
  }
}
