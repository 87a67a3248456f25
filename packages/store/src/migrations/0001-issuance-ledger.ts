// SPDX-License-Identifier: Apache-2.0
import type { Migration } from './migrations.ts';

/** Intents, their outcomes, refusals. All append-only; refusals are trimmed at the old end. */
export const issuanceLedger: Migration = {
  id: '0001-issuance-ledger',
  statements: [
    `create table signet.issuance_intents (
       serial text primary key,
       request_key text not null,
       attempt integer not null,
       instance uuid not null,
       profile text not null,
       spiffe_id text not null,
       namespace text not null,
       service_account text not null,
       pod_uid text not null,
       pod_name text not null,
       node_name text not null,
       attestation text not null,
       not_before timestamptz not null,
       not_after timestamptz not null,
       public_key_sha256 text not null,
       dns_names text not null,
       signed_sha256 text not null,
       created_at timestamptz not null default now(),
       unique (request_key, attempt)
     )`,
    'create index on signet.issuance_intents (created_at)',
    'create index on signet.issuance_intents (pod_uid)',
    'create sequence signet.issuance_sequence',
    // One row for each intent, ever: whether it became a certificate is decided once, by whoever inserts first.
    `create table signet.issuance_outcomes (
       serial text primary key references signet.issuance_intents (serial),
       sequence bigint not null unique,
       is_issued boolean not null,
       certificate bytea,
       decided_by uuid not null,
       decided_at timestamptz not null default now(),
       check (is_issued = (certificate is not null))
     )`,
    `create table signet.reconciliations (
       id bigint generated always as identity primary key,
       instance uuid not null,
       open_intents_found integer not null,
       found_at timestamptz not null default now()
     )`,
    'create sequence signet.refusal_sequence',
    `create table signet.refusals (
       sequence bigint primary key,
       time timestamptz not null,
       reason text not null,
       message text not null,
       spiffe_id text not null,
       pod_uid text not null,
       source_address text not null,
       repetitions integer not null
     )`,
  ],
};
