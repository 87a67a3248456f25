// SPDX-License-Identifier: Apache-2.0
import { In } from 'typeorm';
import type { Database } from './database.ts';
import { serviceOriginEntity } from './service-origin-entity.ts';
import { toStoreError } from './store-error.ts';

/** The origin that was established for a Service. `origin` is JSON whose shape belongs to the detectors. */
export interface ServiceOrigin {
  /** namespace/name. */
  readonly service: string;
  readonly origin: unknown;
  readonly firstSeen: Date;
}

/** Remembers origins over restarts. */
export interface OriginStore {
  load(): Promise<readonly ServiceOrigin[]>;
  /** Adds or replaces; the first_seen of a known Service stays. */
  save(origins: readonly ServiceOrigin[]): Promise<void>;
  remove(services: readonly string[]): Promise<void>;
}

/** Creates the store over signet.service_origins. */
export function createOriginStore(database: Database): OriginStore {
  const rows = database.repository(serviceOriginEntity);
  return {
    async load() {
      try {
        return (await rows.find()).map(({ service, origin, firstSeen }) => ({ service, origin, firstSeen }));
      } catch (error) {
        throw toStoreError(error);
      }
    },
    async save(origins) {
      if (origins.length === 0) return;
      await database.query(
        `insert into signet.service_origins (service, origin, first_seen)
         select * from unnest($1::text[], $2::jsonb[], $3::timestamptz[])
         on conflict (service) do update set origin = excluded.origin`,
        [
          origins.map((origin) => origin.service),
          origins.map((origin) => JSON.stringify(origin.origin)),
          origins.map((origin) => origin.firstSeen.toISOString()),
        ],
      );
    },
    async remove(services) {
      if (services.length === 0) return;
      try {
        await rows.delete({ service: In([...services]) });
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
}
