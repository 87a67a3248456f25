// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { SignetError, type AttestedIdentity, type CertificateProfile, type Issuance } from '@signet/model';
import {
  createSerialNumber,
  formatPem,
  prepareCertificate,
  signCertificate,
  type IssuanceIntent,
  type IssuanceLog,
  type PreparedCertificate,
} from '@signet/pki';
import type { Clock } from '@signet/runtime';
import type { Authority } from './authority/create-authority.ts';

/** A certificate that is authorised; nothing in it comes from the caller but the key. */
export interface AuthorisedCertificate {
  /** Same for repetitions of one request. */
  readonly requestKey: string;
  readonly identity: AttestedIdentity;
  readonly profile: CertificateProfile;
  /** For the serving profile. */
  readonly dnsNames: readonly string[];
  readonly lifetimeSeconds: number;
  /** SubjectPublicKeyInfo in DER, checked. */
  readonly spki: Buffer;
  readonly keyBits?: Buffer;
  readonly publicKeySha256: string;
}

/** A certificate that is in the ledger. */
export interface IssuedCertificate {
  readonly issuance: Issuance;
  /** PEM, leaf first, without the root. */
  readonly chainPem: readonly string[];
  /** The first request got it already. */
  readonly isRepetition: boolean;
}

/** Issues, write-ahead. Rejects with SignetError. */
export interface CertificateIssuer {
  issue(certificate: AuthorisedCertificate): Promise<IssuedCertificate>;
}

/** Clocks of callers may be behind by that much (security.md, TM43). */
const backdateSeconds = 300;
const serialAttemptsMax = 3;

/** Creates the issuer; requests with one key that come at the same time share one certificate. */
export function createCertificateIssuer(o: {
  readonly authority: Authority;
  readonly log: IssuanceLog;
  readonly clock: Clock;
}): CertificateIssuer {
  const inFlight = new Map<string, Promise<IssuedCertificate>>();
  return {
    issue(certificate) {
      const { requestKey } = certificate;
      const known = inFlight.get(requestKey);
      if (known !== undefined) return known;
      const issuing = issueOnce(o, certificate).finally(() => inFlight.delete(requestKey));
      inFlight.set(requestKey, issuing);
      return issuing;
    },
  };
}

interface IssuerParts {
  readonly authority: Authority;
  readonly log: IssuanceLog;
  readonly clock: Clock;
}

async function issueOnce(parts: IssuerParts, certificate: AuthorisedCertificate): Promise<IssuedCertificate> {
  for (let attempt = 0; attempt < serialAttemptsMax; attempt += 1) {
    // 1. Build what is to be signed, and judge it.
    const prepared = prepare(parts, certificate);
    // 2. Commit serial and intent.
    const intent = intentOf(certificate, prepared);
    const outcome = await parts.log.begin(intent);
    if (outcome.kind === 'serial-taken') continue;
    if (outcome.kind === 'issued') {
      const { issuance, certificate: der } = outcome.entry;
      return { issuance, chainPem: chainOf(der, parts.authority), isRepetition: true };
    }
    // 3. Sign, once: from here on the serial is used up, whatever happens.
    const der = await signOrAbandon(parts.log, prepared, intent.serial);
    // 4. Commit the certificate. Only then may anybody see it.
    const sequence = await parts.log.complete(intent.serial, der);
    const { requestKey: _key, signedSha256: _signed, ...columns } = intent;
    return { issuance: { ...columns, sequence }, chainPem: chainOf(der, parts.authority), isRepetition: false };
  }
  throw new SignetError('INTERNAL', 'no free serial number was found');
}

function prepare({ authority, clock }: IssuerParts, certificate: AuthorisedCertificate): PreparedCertificate {
  const { identity, profile, dnsNames, lifetimeSeconds, spki, keyBits } = certificate;
  const { spiffeId } = identity;
  const issuerEnd = authority.issuer.certificate.notAfter;
  const nowSeconds = Math.floor(clock.now().getTime() / 1000);
  const wantedEnd = new Date((nowSeconds + lifetimeSeconds) * 1000);
  const prepared = prepareCertificate(
    {
      names: profile === 'serving' ? { profile, spiffeId, dnsNames } : { profile, spiffeId },
      serial: createSerialNumber(randomBytes),
      notBefore: new Date((nowSeconds - backdateSeconds) * 1000),
      notAfter: wantedEnd < issuerEnd ? wantedEnd : issuerEnd,
      spki,
      ...(keyBits === undefined ? {} : { keyBits }),
    },
    authority.issuer,
  );
  if (!prepared.ok) throw new SignetError('INTERNAL', 'the certificate cannot be built', { detail: prepared.error });
  return prepared.value;
}

function intentOf(certificate: AuthorisedCertificate, prepared: PreparedCertificate): IssuanceIntent {
  const { requestKey, identity, profile, dnsNames, publicKeySha256 } = certificate;
  const { serial, notBefore, notAfter } = prepared.intent;
  return {
    requestKey,
    serial: serial.toString('hex'),
    profile,
    identity,
    notBefore,
    notAfter,
    publicKeySha256,
    dnsNames,
    signedSha256: prepared.signedSha256,
  };
}

async function signOrAbandon(log: IssuanceLog, prepared: PreparedCertificate, serial: string): Promise<Buffer> {
  try {
    return (await signCertificate(prepared)).der;
  } catch (error) {
    // The intent stays open if this fails too, and is given up by reconciliation.
    await log.abandon(serial).catch(() => undefined);
    throw error;
  }
}

function chainOf(der: Buffer, authority: Authority): readonly string[] {
  return [formatPem('CERTIFICATE', der), authority.intermediatePem];
}
