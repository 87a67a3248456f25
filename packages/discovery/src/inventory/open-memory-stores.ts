// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@signet/runtime';
import { createFindingStore, createOriginStore, openDatabase, type Database, type DatabaseConfig } from '@signet/store';
import type { MemoryStores } from './discovery-memory.ts';

/** Stores that open in the background. */
export interface OpenedStores {
  readonly stores: Promise<MemoryStores>;
  close(): Promise<void>;
}

const connectionsMax = 2;

function volatileStores(): MemoryStores {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    origins: { load: () => Promise.resolve([]), save: nothing },
    findings: { load: () => Promise.resolve([]), save: nothing, remove: nothing },
  };
}

/** Opens the database and waits for it as long as it takes. Without a database nothing is remembered over a restart. */
export function openMemoryStores(config: DatabaseConfig | undefined, logger: Logger): OpenedStores {
  if (config === undefined) {
    logger.warn('no database is configured: origins are forgotten at each restart');
    return { stores: Promise.resolve(volatileStores()), close: () => Promise.resolve() };
  }
  const stopping = new AbortController();
  const opened: Promise<Database> = openDatabase({
    config,
    applicationName: 'signet-discovery',
    logger,
    signal: stopping.signal,
    connectionsMax,
  });
  const stores = opened.then((database) => ({
    origins: createOriginStore(database),
    findings: createFindingStore(database),
  }));
  stores.catch((error: unknown) => {
    if (!stopping.signal.aborted) logger.error({ err: error }, 'the database cannot be used');
  });
  return {
    stores,
    async close() {
      stopping.abort();
      const database = await opened.catch(() => undefined);
      await database?.close();
    },
  };
}
