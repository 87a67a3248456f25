// SPDX-License-Identifier: Apache-2.0
import {
  parseSpiffeId,
  SignetError,
  type AttestationMethod,
  type CertificateProfile,
  type Issuance,
} from '@signet/model';
import type { IssuanceIntent, LedgerEntry } from '@signet/pki';

/** Columns of an issued certificate; `i` is signet.issuance_intents, `o` signet.issuance_outcomes. */
export const issuanceColumns = `o.sequence, i.serial, i.profile, i.spiffe_id, i.namespace, i.service_account, i.pod_uid,
  i.pod_name, i.node_name, i.attestation, i.not_before, i.not_after, i.public_key_sha256, i.dns_names`;

/** A row of issuanceColumns; bigint comes as text. */
export interface IssuanceRow {
  readonly sequence: string;
  readonly serial: string;
  readonly profile: string;
  readonly spiffe_id: string;
  readonly namespace: string;
  readonly service_account: string;
  readonly pod_uid: string;
  readonly pod_name: string;
  readonly node_name: string;
  readonly attestation: string;
  readonly not_before: Date;
  readonly not_after: Date;
  readonly public_key_sha256: string;
  readonly dns_names: string;
}

const methods: ReadonlySet<string> = new Set([
  'token-jwks',
  'token-review',
  'mtls',
  'self',
] satisfies AttestationMethod[]);
const profileNames: ReadonlySet<string> = new Set(['workload', 'serving'] satisfies CertificateProfile[]);

/** Reads a row; one that was not written by this package is a broken invariant. */
export function toIssuance(row: IssuanceRow): Issuance {
  const id = parseSpiffeId(row.spiffe_id);
  if (!id.ok || !methods.has(row.attestation) || !profileNames.has(row.profile)) {
    throw new SignetError('INTERNAL', 'a row of the ledger cannot be read', { detail: row.serial });
  }
  return {
    sequence: Number(row.sequence),
    serial: row.serial,
    profile: row.profile as CertificateProfile,
    identity: {
      spiffeId: id.value.id,
      namespace: row.namespace,
      serviceAccount: row.service_account,
      podUid: row.pod_uid,
      podName: row.pod_name,
      nodeName: row.node_name,
      method: row.attestation as AttestationMethod,
    },
    notBefore: row.not_before,
    notAfter: row.not_after,
    publicKeySha256: row.public_key_sha256,
    dnsNames: row.dns_names === '' ? [] : row.dns_names.split(','),
  };
}

/** Reads a row with its certificate. */
export function toLedgerEntry(row: IssuanceRow & { readonly certificate: Buffer }): LedgerEntry {
  return { issuance: toIssuance(row), certificate: row.certificate };
}

/** Values of the columns of signet.issuance_intents, `instance` and `attempt` left out, one array for each column. */
export function intentColumns(intents: readonly IssuanceIntent[]): readonly (readonly unknown[])[] {
  return [
    intents.map((intent) => intent.serial),
    intents.map((intent) => intent.requestKey),
    intents.map((intent) => intent.profile),
    intents.map((intent) => intent.identity.spiffeId),
    intents.map((intent) => intent.identity.namespace),
    intents.map((intent) => intent.identity.serviceAccount),
    intents.map((intent) => intent.identity.podUid),
    intents.map((intent) => intent.identity.podName),
    intents.map((intent) => intent.identity.nodeName),
    intents.map((intent) => intent.identity.method),
    intents.map((intent) => intent.notBefore.toISOString()),
    intents.map((intent) => intent.notAfter.toISOString()),
    intents.map((intent) => intent.publicKeySha256),
    // DNS names hold no comma, and unnest would flatten an array of arrays.
    intents.map((intent) => intent.dnsNames.join(',')),
    intents.map((intent) => intent.signedSha256),
  ];
}
