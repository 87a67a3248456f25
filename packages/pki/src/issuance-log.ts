// SPDX-License-Identifier: Apache-2.0
import type { AttestedIdentity, CertificateProfile, Issuance } from '@signet/model';

/** What is committed before a certificate is signed. */
export interface IssuanceIntent {
  /** Same for repetitions of one request, and for nothing else. */
  readonly requestKey: string;
  /** Lower-case hexadecimal of even length. */
  readonly serial: string;
  readonly profile: CertificateProfile;
  readonly identity: AttestedIdentity;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeySha256: string;
  readonly dnsNames: readonly string[];
  /** SHA-256 of the TBSCertificate, hexadecimal. */
  readonly signedSha256: string;
}

/** A certificate with its row. */
export interface LedgerEntry {
  readonly issuance: Issuance;
  /** DER. */
  readonly certificate: Buffer;
}

/** What came of an intent. */
export type BeginOutcome =
  /** Committed; sign now, once. */
  | { readonly kind: 'begun' }
  /** The same request was answered before, with this. */
  | { readonly kind: 'issued'; readonly entry: LedgerEntry }
  /** The serial number is in use; take another. */
  | { readonly kind: 'serial-taken' };

/** Port to the ledger: nothing that a caller holds is absent from it. All methods reject with SignetError. */
export interface IssuanceLog {
  /** Commits the intent. */
  begin(intent: IssuanceIntent): Promise<BeginOutcome>;
  /** Commits the certificate and returns its position in commit order. Rejects if the intent was given up meanwhile. */
  complete(serial: string, certificate: Buffer): Promise<number>;
  /** Gives up an intent whose certificate will never leave. */
  abandon(serial: string): Promise<void>;
  /** Finds a certificate by its normalised serial. */
  find(serial: string): Promise<LedgerEntry | undefined>;
}
