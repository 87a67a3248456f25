// SPDX-License-Identifier: Apache-2.0
import { normaliseSerial, parseSpiffeId, type CertificateProfile, type CertificateState } from '@signet/model';
import type { Issuance__Output } from '@signet/proto';
import { dateFromWire } from '../wire/timestamp.ts';

/** A certificate with the pod that it was issued to. */
export interface KnownCertificate extends CertificateState {
  readonly sequence: number;
  readonly profile: CertificateProfile;
  /** Empty for a control-plane or operator identity. */
  readonly podUid: string;
  readonly podName: string;
  readonly namespace: string;
}

/** Calls that were made shortly before a certificate ran out are reported after it. */
const keepExpiredMs = 15 * 60_000;

/** Reads an issuance from the wire; undefined when its identity is not one of ours. */
export function toKnownCertificate(issuance: Issuance__Output): KnownCertificate | undefined {
  const id = parseSpiffeId(issuance.spiffeId);
  if (!id.ok || issuance.serial === '') return undefined;
  return {
    sequence: issuance.sequence,
    serial: normaliseSerial(issuance.serial),
    spiffeId: id.value.id,
    profile: issuance.profile === 'PROFILE_SERVING' ? 'serving' : 'workload',
    podUid: issuance.podUid,
    podName: issuance.podName,
    namespace: issuance.namespace,
    notBefore: dateFromWire(issuance.notBefore),
    notAfter: dateFromWire(issuance.notAfter),
  };
}

/** The certificates that are valid, as the CA's ledger has told. */
export class CertificateLedger {
  readonly #bySerial = new Map<string, KnownCertificate>();
  #newest = new Map<string, KnownCertificate>();
  #sequence = 0;

  /** Highest sequence taken over. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Newest workload certificate of each pod, by UID. The map is replaced when it changes. */
  get newest(): ReadonlyMap<string, CertificateState> {
    return this.#newest;
  }

  find(serial: string): KnownCertificate | undefined {
    return this.#bySerial.get(normaliseSerial(serial));
  }

  /** Takes a certificate over; returns whether the newest of a pod is another one now. */
  add(certificate: KnownCertificate): boolean {
    this.#sequence = Math.max(this.#sequence, certificate.sequence);
    this.#bySerial.set(certificate.serial, certificate);
    if (certificate.podUid === '' || certificate.profile !== 'workload') return false;
    const before = this.#newest.get(certificate.podUid);
    if (before !== undefined && before.sequence > certificate.sequence) return false;
    this.#newest = new Map(this.#newest).set(certificate.podUid, certificate);
    return true;
  }

  /** The ledger is complete up to here. */
  advance(sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence);
  }

  /** Forgets everything: another ledger stands behind the CA. */
  clear(): void {
    this.#bySerial.clear();
    this.#newest = new Map();
    this.#sequence = 0;
  }

  /** Forgets what expired a while ago. */
  prune(now: Date): void {
    const limit = now.getTime() - keepExpiredMs;
    const expired = [...this.#bySerial.values()].filter((one) => one.notAfter.getTime() < limit);
    for (const { serial, podUid } of expired) {
      this.#bySerial.delete(serial);
      if (this.#newest.get(podUid)?.serial === serial) {
        this.#newest = new Map(this.#newest);
        this.#newest.delete(podUid);
      }
    }
  }
}
