// SPDX-License-Identifier: Apache-2.0
import type { Clock, Logger } from '@signet/runtime';
import {
  createCaKeyStore,
  createIssuanceLedger,
  createRefusalLog,
  openDatabase,
  type IssuanceLedger,
  type RefusalLog,
} from '@signet/store';
import { createAuthority, type Authority } from './authority/create-authority.ts';
import { loadMasterKey } from './authority/master-key.ts';
import { writeTrustBundle } from './authority/write-trust-bundle.ts';
import type { CaConfig } from './config.ts';
import type { CaEvents } from './events.ts';

/** Everything of the CA that outlives the process. */
export interface Persistence {
  readonly ledger: IssuanceLedger;
  readonly refusalLog: RefusalLog;
  readonly authority: Authority;
  close(): Promise<void>;
}

const reconcileMs = 5000;
const connectionsMax = 10;

/** Waits for the database, settles what an ended process left open, and loads or makes the CA's keys. */
export async function openPersistence(o: {
  readonly config: CaConfig;
  readonly events: CaEvents;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Persistence> {
  const { config, events, logger, clock, signal } = o;
  if (config.database === undefined) throw new Error('database: the CA needs a database for its ledger');
  const masterKey = await loadMasterKey(config.ca.keyFile);
  const database = await openDatabase({
    config: config.database,
    applicationName: 'signet-ca',
    logger,
    signal,
    connectionsMax,
  });
  const ledger = await createIssuanceLedger(database, logger);
  events.openIntentsFound(await ledger.reconcile());
  const timer = setInterval(() => {
    ledger.reconcile().then(
      (found) => found > 0 && events.openIntentsFound(found),
      (error: unknown) => logger.debug({ err: error }, 'reconciliation postponed'),
    );
  }, reconcileMs);
  const { trustDomain, ca, trustBundleFile } = config;
  const authority = await createAuthority(createCaKeyStore(database, masterKey), {
    ...ca,
    trustDomain,
    now: clock.now(),
  });
  await writeTrustBundle(trustBundleFile, authority.rootsPem);
  const { serial, notAfter } = authority.issuer.certificate;
  events.authorityReady({ serial, notAfter });
  const refusalLog = createRefusalLog({ database, clock, logger });
  return {
    ledger,
    refusalLog,
    authority,
    async close() {
      clearInterval(timer);
      await refusalLog.close();
      await ledger.close();
      await database.close();
    },
  };
}
