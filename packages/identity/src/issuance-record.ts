// SPDX-License-Identifier: Apache-2.0
import { appendFile } from 'node:fs/promises';

/** One certificate as its receiver saw it. Holds nothing secret. */
export interface IssuanceRecord {
  /** When it was received, ISO 8601. */
  readonly time: string;
  /** Lower-case hexadecimal of even length. */
  readonly serial: string;
  readonly spiffeId: string;
  readonly profile: 'workload' | 'serving';
  readonly credential: 'token' | 'mtls';
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 of the leaf's DER, hexadecimal. */
  readonly certificateSha256: string;
  /** It passed the receiver's checks and was put to use. */
  readonly isAccepted: boolean;
}

/** Where received certificates are written down. */
export interface IssuanceRecorder {
  record(entry: IssuanceRecord): Promise<void>;
}

/** Appends one JSON line for each certificate to a file that is never truncated; without a path nothing is written. */
export function createIssuanceRecorder(path: string | undefined): IssuanceRecorder {
  return {
    async record(entry) {
      // One write of less than a page with O_APPEND: lines of several processes do not mix.
      if (path !== undefined) await appendFile(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    },
  };
}
