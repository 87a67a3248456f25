// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';
import type { ParsedCertificate } from './certificate/parse-certificate.ts';
import { keyUsageBit, oid } from './oids.ts';
import { isSignatureValid } from './signature-algorithm.ts';

/** What a chain is built from and judged by. */
export interface ChainRequest {
  readonly leaf: ParsedCertificate;
  /** In any order; those that are not needed are ignored. */
  readonly intermediates: readonly ParsedCertificate[];
  readonly roots: readonly ParsedCertificate[];
  readonly now: Date;
  /** Purpose that the leaf must grant; undefined for none in particular. */
  readonly purpose?: 'server' | 'client' | undefined;
}

/** No chain of use here is longer, leaf and root counted. */
const chainLengthMax = 5;
const understood: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extendedKeyUsage,
  oid.subjectAltName,
  oid.subjectKeyIdentifier,
  oid.authorityKeyIdentifier,
]);

/** Builds a path from leaf to one of the roots and checks every step (RFC 5280 §6); leaf first, root last. */
export function verifyChain(request: ChainRequest): Result<readonly ParsedCertificate[]> {
  const { leaf, now, purpose } = request;
  const problem = validityProblem(leaf, now) ?? leafProblem(leaf, purpose);
  return problem === undefined ? extendPath([leaf], request) : failure(`the leaf ${problem}`);
}

function extendPath(path: readonly ParsedCertificate[], request: ChainRequest): Result<readonly ParsedCertificate[]> {
  const last = path.at(-1);
  if (last === undefined || path.length >= chainLengthMax) return failure('the chain is too long');
  let reason = 'the chain does not lead to a trusted root';
  for (const root of request.roots) {
    if (!isNamedIssuer(last, root)) continue;
    const problem = issuerProblem(path, root, request.now);
    if (problem === undefined) return success([...path, root]);
    reason = problem;
  }
  for (const candidate of request.intermediates) {
    if (path.includes(candidate) || !isNamedIssuer(last, candidate)) continue;
    const problem = issuerProblem(path, candidate, request.now);
    if (problem !== undefined) {
      reason = problem;
      continue;
    }
    const rest = extendPath([...path, candidate], request);
    if (rest.ok) return rest;
    reason = rest.error;
  }
  return failure(reason);
}

function isNamedIssuer(subject: ParsedCertificate, issuer: ParsedCertificate): boolean {
  if (!subject.issuer.equals(issuer.subject)) return false;
  const wanted = subject.extensions.authorityKeyIdentifier;
  const found = issuer.extensions.subjectKeyIdentifier;
  return wanted === undefined || found === undefined || wanted.equals(found);
}

function validityProblem(certificate: ParsedCertificate, now: Date): string | undefined {
  if (now < certificate.notBefore) return 'is not valid yet';
  return now > certificate.notAfter ? 'has expired' : undefined;
}

function unknownCritical(certificate: ParsedCertificate): string | undefined {
  return [...certificate.extensions.critical].some((id) => !understood.has(id))
    ? 'has a critical extension that is not understood'
    : undefined;
}

function leafProblem(leaf: ParsedCertificate, purpose: ChainRequest['purpose']): string | undefined {
  const { basicConstraints, keyUsage, extendedKeyUsage } = leaf.extensions;
  if (basicConstraints?.isCa === true) return 'is the certificate of a CA';
  if (keyUsage?.includes(keyUsageBit.digitalSignature) === false) return 'may not sign handshakes';
  if (purpose !== undefined && extendedKeyUsage !== undefined) {
    const wanted = purpose === 'server' ? oid.serverAuth : oid.clientAuth;
    if (!extendedKeyUsage.includes(wanted)) return `is not for use as a ${purpose}`;
  }
  return unknownCritical(leaf);
}

/** Why `issuer` cannot stand above `path`; undefined when it can. */
function issuerProblem(path: readonly ParsedCertificate[], issuer: ParsedCertificate, now: Date): string | undefined {
  const subject = path.at(-1);
  if (subject === undefined) return 'there is nothing to sign';
  const { basicConstraints, keyUsage } = issuer.extensions;
  const validity = validityProblem(issuer, now) ?? unknownCritical(issuer);
  if (validity !== undefined) return `an issuer ${validity}`;
  if (basicConstraints?.isCa !== true) return 'an issuer is not a CA';
  if (keyUsage?.includes(keyUsageBit.keyCertSign) === false) return 'an issuer may not sign certificates';
  const between = path.length - 1;
  if (basicConstraints.pathLength !== undefined && between > basicConstraints.pathLength) {
    return 'the chain is longer than an issuer allows';
  }
  const isSigned = isSignatureValid({
    algorithm: subject.signatureAlgorithm,
    publicKey: issuer.publicKey,
    signed: subject.signed,
    signature: subject.signature,
  });
  return isSigned ? undefined : 'a signature in the chain is not valid';
}
