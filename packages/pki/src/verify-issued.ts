// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { failure, success, type CertificateProfile, type Result } from '@signet/model';
import { parseCertificatesPem, type ParsedCertificate } from './certificate/parse-certificate.ts';
import { verifyChain } from './chain.ts';
import { formatPem } from './pem.ts';
import { exportSpki, type Problem } from './public-key.ts';
import { parseTrustBundle } from './trust-bundle.ts';

/** What came from the CA, and what was expected of it. */
export interface IssuedCheck {
  /** Leaf first; one or several PEM texts. */
  readonly chainPem: string | readonly string[];
  readonly rootsPem: string;
  readonly privateKey: KeyObject;
  readonly expectedSpiffeId: string;
  readonly profile: CertificateProfile;
  readonly now: Date;
}

/** A certificate that may be put to use. */
export interface VerifiedCertificate {
  /** Lower-case hexadecimal of even length. */
  readonly serial: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Leaf and the intermediates that lead to the root, without the root. */
  readonly certificateChainPem: string;
}

/** The receiver's check: chain to a trusted root, own key, exactly the expected identity, purposes. */
export function verifyIssued(check: IssuedCheck): Result<VerifiedCertificate, Problem> {
  const verified = verify(check);
  return verified.ok ? verified : failure({ reason: 'CERTIFICATE_REJECTED', message: verified.error });
}

function verify(check: IssuedCheck): Result<VerifiedCertificate> {
  const text = typeof check.chainPem === 'string' ? check.chainPem : check.chainPem.join('\n');
  const certificates = parseCertificatesPem(text);
  if (!certificates.ok) return certificates;
  const roots = parseTrustBundle(check.rootsPem);
  if (!roots.ok) return roots;
  const [leaf, ...intermediates] = certificates.value;
  if (leaf === undefined) return failure('the chain is empty');
  const problem = leafProblem(leaf, check);
  if (problem !== undefined) return failure(problem);
  const request = { leaf, intermediates, roots: roots.value, now: check.now };
  const asServer = verifyChain({ ...request, purpose: 'server' });
  if (!asServer.ok) return asServer;
  const chain = verifyChain({ ...request, purpose: 'client' });
  return chain.ok ? success(describe(leaf, chain.value, check.expectedSpiffeId)) : chain;
}

function leafProblem(leaf: ParsedCertificate, check: IssuedCheck): string | undefined {
  if (!exportSpki(createPublicKey(check.privateKey)).equals(leaf.spki)) return 'the certificate is for another key';
  const names = leaf.extensions.alternativeNames;
  const [uri, ...moreUris] = names?.uris ?? [];
  if (uri === undefined || moreUris.length > 0) return 'the certificate does not name exactly one URI';
  if (uri !== check.expectedSpiffeId) return `the certificate is for ${uri}, not for ${check.expectedSpiffeId}`;
  if (names !== undefined && names.others > 0) return 'the certificate has names of an unexpected kind';
  if (check.profile === 'workload' && names !== undefined && names.dnsNames.length > 0)
    return 'a workload certificate has no DNS names';
  return undefined;
}

function describe(leaf: ParsedCertificate, chain: readonly ParsedCertificate[], spiffeId: string): VerifiedCertificate {
  return {
    serial: leaf.serial,
    spiffeId,
    dnsNames: leaf.extensions.alternativeNames?.dnsNames ?? [],
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    certificateChainPem: chain
      .slice(0, -1)
      .map((certificate) => formatPem('CERTIFICATE', certificate.der))
      .join(''),
  };
}
