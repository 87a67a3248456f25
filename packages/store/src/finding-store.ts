// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@signet/model';
import { In } from 'typeorm';
import type { Database } from './database.ts';
import { findingEntity } from './finding-entity.ts';
import { toStoreError } from './store-error.ts';

/** Remembers open findings over restarts, above all when each was first seen. */
export interface FindingStore {
  load(): Promise<readonly Finding[]>;
  /** Adds or replaces; the first_seen of a known finding stays. */
  save(findings: readonly Finding[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}

/** Creates the store over signet.findings. */
export function createFindingStore(database: Database): FindingStore {
  const rows = database.repository(findingEntity);
  return {
    async load() {
      try {
        // Written by `save` only.
        return (await rows.find()).map((row) => ({
          ...(row.finding as Finding),
          id: row.id,
          firstSeen: row.firstSeen,
        }));
      } catch (error) {
        throw toStoreError(error);
      }
    },
    async save(findings) {
      if (findings.length === 0) return;
      await database.query(
        `insert into signet.findings (id, first_seen, finding)
         select * from unnest($1::text[], $2::timestamptz[], $3::jsonb[])
         on conflict (id) do update set finding = excluded.finding`,
        [
          findings.map((finding) => finding.id),
          findings.map((finding) => finding.firstSeen.toISOString()),
          findings.map((finding) => JSON.stringify(finding)),
        ],
      );
    },
    async remove(ids) {
      if (ids.length === 0) return;
      try {
        await rows.delete({ id: In([...ids]) });
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
}
