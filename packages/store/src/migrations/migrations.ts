// SPDX-License-Identifier: Apache-2.0
import { issuanceLedger } from './0001-issuance-ledger.ts';
import { caKeys } from './0002-ca-keys.ts';
import { discoveryMemory } from './0003-discovery-memory.ts';
import { recordCertificates } from './0004-record-certificates.ts';

/** A change of the schema. Expands first; what it makes superfluous is dropped by a later release. */
export interface Migration {
  /** Number and name; never changed once released. */
  readonly id: string;
  readonly statements: readonly string[];
}

/** All migrations, oldest first. */
export const migrations: readonly Migration[] = [issuanceLedger, caKeys, discoveryMemory, recordCertificates];
