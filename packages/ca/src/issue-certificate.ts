// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { SignetError, type CertificateProfile } from '@signet/model';
import { parseCsr, type ParsedCsr } from '@signet/pki';
import type { CallContext } from '@signet/runtime';
import type { AttestedCaller } from './attestation/attested-caller.ts';
import type { Attestor, ProvedSoFar } from './attestation/attest-caller.ts';
import type { CertificateIssuer, IssuedCertificate } from './certificate-issuer.ts';
import type { CaEvents } from './events.ts';
import type { ServingNames } from './serving-names.ts';
import type { RefusalRecorder } from './refusal-recorder.ts';

/** What a caller asks for, whichever protocol it speaks. */
export interface CertificateRequest {
  /** PEM or DER. */
  readonly csr: Uint8Array;
  readonly profile: CertificateProfile;
  /** Undefined for the CA's default. */
  readonly lifetimeSeconds: number | undefined;
}

/** The use case behind both certificate services. */
export type IssueCertificate = (request: CertificateRequest, context: CallContext) => Promise<IssuedCertificate>;

/** What issueCertificate works with. */
export interface IssueCertificateDeps {
  readonly attestor: Attestor;
  readonly issuer: CertificateIssuer;
  readonly servingNames: ServingNames;
  readonly refusals: RefusalRecorder;
  readonly events: CaEvents;
  readonly defaultLifetimeSeconds: number;
  readonly maxLifetimeSeconds: number;
  readonly requestsMax: number;
}

/** Creates the use case: attest, judge the CSR, derive the names, issue; a refusal is recorded with what was proved. */
export function createIssueCertificate(deps: IssueCertificateDeps): IssueCertificate {
  let working = 0;

  async function issue(
    request: CertificateRequest,
    context: CallContext,
    onProof: (proved: ProvedSoFar) => void,
  ): Promise<IssuedCertificate> {
    const startedMs = performance.now();
    const caller = await deps.attestor.attest(context, onProof);
    const csr = judgeCsr(request, caller);
    const lifetimeSeconds = judgeLifetime(request, deps);
    const { identity, role } = caller;
    const dnsNames = request.profile === 'serving' ? deps.servingNames.namesFor(identity, role) : [];
    const issued = await deps.issuer.issue({
      requestKey: requestKeyOf(request, caller),
      identity,
      profile: request.profile,
      dnsNames,
      lifetimeSeconds,
      spki: csr.spki,
      keyBits: csr.keyBits,
      publicKeySha256: csr.publicKeySha256,
    });
    if (issued.isRepetition) deps.events.repeated(issued.issuance);
    else deps.events.issued(issued.issuance, performance.now() - startedMs);
    return issued;
  }

  return async (request, context) => {
    if (working >= deps.requestsMax) {
      throw new SignetError('OVERLOADED', 'too many requests are being worked on; try again later', {
        retryAfterMs: 1000,
      });
    }
    let proved: ProvedSoFar = { spiffeId: '', podUid: '' };
    working += 1;
    try {
      return await issue(request, context, (more) => {
        proved = more;
      });
    } catch (error) {
      deps.refusals.record(error, proved, context.remoteAddress);
      throw error;
    } finally {
      working -= 1;
    }
  };
}

function judgeCsr(request: CertificateRequest, { identity }: AttestedCaller): ParsedCsr {
  const csr = parseCsr(request.csr);
  if (!csr.ok) throw new SignetError(csr.error.reason, csr.error.message, { field: 'csr' });
  const { requestedUri } = csr.value;
  if (requestedUri !== undefined && requestedUri !== identity.spiffeId) {
    throw new SignetError('CSR_IDENTITY_MISMATCH', `the CSR asks for another identity than ${identity.spiffeId}`, {
      field: 'csr',
    });
  }
  return csr.value;
}

function judgeLifetime({ lifetimeSeconds }: CertificateRequest, deps: IssueCertificateDeps): number {
  if (lifetimeSeconds === undefined) return deps.defaultLifetimeSeconds;
  if (lifetimeSeconds > deps.maxLifetimeSeconds) {
    throw new SignetError('LIFETIME_TOO_LONG', `at most ${deps.maxLifetimeSeconds} seconds are granted`, {
      field: 'lifetime',
    });
  }
  if (!(lifetimeSeconds >= 1))
    throw new SignetError('REQUEST_INVALID', 'the lifetime must be at least one second', { field: 'lifetime' });
  return lifetimeSeconds;
}

/** Everything that makes a request the same one; each part behind its length. */
function requestKeyOf(request: CertificateRequest, { credentialId, identity }: AttestedCaller): string {
  const hash = createHash('sha256');
  for (const part of [
    credentialId,
    identity.spiffeId,
    request.profile,
    String(request.lifetimeSeconds ?? ''),
    request.csr,
  ]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    hash.update(length).update(part);
  }
  return hash.digest('hex');
}
