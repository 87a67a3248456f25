// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';
import { buildPrimitive, buildSequence } from '../der/der-writer.ts';
import { keyUsageBit, oid } from '../oids.ts';
import { exportSpki, keyIdentifier } from '../public-key.ts';
import { buildSignatureAlgorithm } from '../signature-algorithm.ts';
import type { Signer } from '../signer.ts';
import { buildExtension } from './extensions.ts';
import type { ParsedCertificate } from './parse-certificate.ts';

/** A CA certificate and the signer of its key, checked to belong together; the fixed parts of what it issues. */
export interface Issuer {
  readonly certificate: ParsedCertificate;
  readonly signer: Signer;
  /** AuthorityKeyIdentifier extension, encoded. */
  readonly authorityKeyIdentifier: Buffer;
  /** AlgorithmIdentifier of its signatures, encoded. */
  readonly signatureAlgorithm: Buffer;
}

/** AuthorityKeyIdentifier extension for the key identifier of an issuer. */
export function buildAuthorityKeyIdentifier(identifier: Uint8Array): Buffer {
  return buildExtension(oid.authorityKeyIdentifier, false, buildSequence(buildPrimitive(0, identifier)));
}

/** Pairs a CA certificate with its signer; a failure says why that cannot issue. */
export function createIssuer(certificate: ParsedCertificate, signer: Signer): Result<Issuer> {
  const { extensions, spki, keyBits } = certificate;
  if (extensions.basicConstraints?.isCa !== true) return failure('the certificate of the issuer is not one of a CA');
  if (extensions.keyUsage?.includes(keyUsageBit.keyCertSign) === false)
    return failure('the issuer may not sign certificates');
  if (!exportSpki(signer.publicKey).equals(spki))
    return failure('the signer holds another key than the certificate of the issuer');
  return success({
    certificate,
    signer,
    authorityKeyIdentifier: buildAuthorityKeyIdentifier(extensions.subjectKeyIdentifier ?? keyIdentifier(keyBits)),
    signatureAlgorithm: buildSignatureAlgorithm(signer.algorithm),
  });
}
