// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Logger } from '@signet/runtime';
import type pg from 'pg';
import type { Database, RunStatement } from '../database.ts';

/** This process in the eyes of its peers: alive as long as the session behind its lock lives. */
export interface InstancePresence {
  /** UUID, new for each start. */
  readonly instance: string;
  close(): Promise<void>;
}

const retryDelayMs = 500;

function lockKey(instance: string): string {
  return BigInt.asIntN(64, BigInt(`0x${instance.replaceAll('-', '').slice(0, 16)}`)).toString();
}

/**
 * Holds a session lock of Postgres, which ends with the process however that ends. After a lost connection the lock is
 * taken again; peers may meanwhile give up what this instance was about to issue, which the outcome table arbitrates.
 */
export async function createInstancePresence(database: Database, logger: Logger): Promise<InstancePresence> {
  const instance = randomUUID();
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function schedule(): void {
    client = undefined;
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(reconnect, retryDelayMs);
  }

  async function connect(): Promise<void> {
    const connected = await database.connectAlone(schedule);
    await connected.query('select pg_advisory_lock($1)', [lockKey(instance)]);
    if (isClosed) await connected.end();
    else client = connected;
  }

  function reconnect(): void {
    connect().catch((error: unknown) => {
      logger.debug({ err: error }, 'presence lock not renewed yet');
      schedule();
    });
  }

  await connect();
  return {
    instance,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

/** True when the instance is gone for good; keeps it from being mistaken until the transaction of `run` ends. */
export async function isInstanceGone(run: RunStatement, instance: string): Promise<boolean> {
  const [row] = await run<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [lockKey(instance)]);
  return row?.taken === true;
}
