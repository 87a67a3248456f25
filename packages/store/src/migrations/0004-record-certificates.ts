// SPDX-License-Identifier: Apache-2.0
import { sequenceLocks } from '../issuance/sequence-lock.ts';
import type { Migration } from './migrations.ts';

/** Commits a batch of certificates in one round trip, so that the sequence lock is held as briefly as can be. */
export const recordCertificates: Migration = {
  id: '0004-record-certificates',
  statements: [
    `create function signet.record_certificates(serials text[], certificates bytea[], instance uuid)
     returns table (recorded_serial text, recorded_sequence bigint) language plpgsql as $$
     begin
       perform pg_advisory_xact_lock(${sequenceLocks.issuance});
       return query
         insert into signet.issuance_outcomes (serial, certificate, sequence, is_issued, decided_by)
         select batch.serial, batch.certificate, nextval('signet.issuance_sequence'), true, instance
         from unnest(serials, certificates) as batch (serial, certificate)
         on conflict (serial) do nothing
         returning issuance_outcomes.serial, issuance_outcomes.sequence;
     end $$`,
  ],
};
