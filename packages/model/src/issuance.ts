// SPDX-License-Identifier: Apache-2.0
import type { SpiffeId } from './spiffe-id.ts';

/** Names and uses of a certificate. */
export type CertificateProfile = 'workload' | 'serving';

/** How a caller proved itself; `self` is the CA, which needs no proof to itself. */
export type AttestationMethod = 'token-jwks' | 'token-review' | 'mtls' | 'self';

/** Who asked, as far as it was proved by the platform. */
export interface AttestedIdentity {
  readonly spiffeId: SpiffeId;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Empty for control-plane and operator identities without a pod. */
  readonly podUid: string;
  readonly podName: string;
  readonly nodeName: string;
  readonly method: AttestationMethod;
}

/** One row of the ledger. */
export interface Issuance {
  /** Position in commit order; rises, may have gaps. */
  readonly sequence: number;
  /** Lower-case hexadecimal of even length. */
  readonly serial: string;
  readonly profile: CertificateProfile;
  readonly identity: AttestedIdentity;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeySha256: string;
  readonly dnsNames: readonly string[];
}

/** One refused request. */
export interface Refusal {
  readonly sequence: number;
  readonly time: Date;
  readonly reason: string;
  readonly message: string;
  readonly spiffeId: string;
  readonly podUid: string;
  readonly sourceAddress: string;
}

/** Serial numbers are compared in this form: lower-case hexadecimal of even length, no superfluous leading zeros. */
export function normaliseSerial(text: string): string {
  const digits = text
    .toLowerCase()
    .replaceAll(':', '')
    .replace(/^0+(?=.)/, '');
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
