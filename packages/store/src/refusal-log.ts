// SPDX-License-Identifier: Apache-2.0
import type { Refusal } from '@signet/model';
import type { Clock, Logger } from '@signet/runtime';
import type { Database } from './database.ts';
import { lockSequence } from './issuance/sequence-lock.ts';

/** A refusal as it happens. */
export type NewRefusal = Omit<Refusal, 'sequence'>;

/** A refusal with how often it was repeated until it was written. */
export interface RefusalEntry extends Refusal {
  /** 1 for a single one. */
  readonly repetitions: number;
}

/** Remembers who was refused and why, within bounds that a flood cannot break. */
export interface RefusalLog {
  /** Never blocks and never throws; the row follows within a fraction of a second. */
  record(refusal: NewRefusal): void;
  /** Newest first; `before` is the sequence of the last row of the page before. */
  list(page: { readonly before: number | undefined; readonly limit: number }): Promise<readonly RefusalEntry[]>;
  /** Writes what waits. */
  close(): Promise<void>;
}

/** Rows that one caller gets for one reason before repetitions are only counted, and how fast that refills. */
const callerBurst = 20;
const callerRefillMs = 10_000;
/** Rows a second in all; what is beyond is counted by reason alone. */
const rowsPerSecondMax = 100;
const flushMs = 50;
const rowsKept = 100_000;
const trimEveryRows = 500;
const waitingMax = 5000;
const callersMax = 10_000;

interface Row {
  readonly refusal: NewRefusal;
  repetitions: number;
}

/** Creates the log over signet.refusals. */
export function createRefusalLog(o: {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}): RefusalLog {
  return new PostgresRefusalLog(o);
}

class PostgresRefusalLog implements RefusalLog {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #callers = new Map<string, { tokens: number; at: number }>();
  readonly #single: Row[] = [];
  readonly #counted = new Map<string, Row>();
  #budget = { second: 0, rows: 0 };
  #flushTimer: NodeJS.Timeout | undefined;
  #countTimer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #writtenSinceTrim = 0;

  constructor(o: { database: Database; clock: Clock; logger: Logger }) {
    this.#database = o.database;
    this.#clock = o.clock;
    this.#logger = o.logger;
  }

  record(refusal: NewRefusal): void {
    const address = refusal.sourceAddress.replace(/:\d+$/, '');
    const caller = `${refusal.reason} ${refusal.podUid} ${refusal.spiffeId} ${address}`;
    const now = this.#clock.now().getTime();
    if (!this.#takeFrom(caller, now)) this.#count(caller, refusal);
    else if (this.#takeFromBudget(now)) this.#single.push({ refusal, repetitions: 1 });
    else this.#count(refusal.reason, { ...refusal, podUid: '', spiffeId: '', sourceAddress: '' });
    this.#flushTimer ??= setTimeout(() => this.#flush(), flushMs);
  }

  async list(page: { before: number | undefined; limit: number }): Promise<readonly RefusalEntry[]> {
    const rows = await this.#database.query<RefusalRow>(
      `select sequence, time, reason, message, spiffe_id, pod_uid, source_address, repetitions from signet.refusals
       where $1::bigint is null or sequence < $1 order by sequence desc limit $2`,
      [page.before ?? null, page.limit],
    );
    return rows.map(toEntry);
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flush();
    this.#writeCounted();
    await this.#writing;
  }

  #takeFrom(caller: string, now: number): boolean {
    const known = this.#callers.get(caller) ?? { tokens: callerBurst, at: now };
    const tokens = Math.min(callerBurst, known.tokens + (now - known.at) / callerRefillMs);
    this.#callers.delete(caller);
    this.#callers.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    const [oldest] = this.#callers.keys();
    if (this.#callers.size > callersMax && oldest !== undefined) this.#callers.delete(oldest);
    return tokens >= 1;
  }

  #takeFromBudget(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (this.#budget.second !== second) this.#budget = { second, rows: 0 };
    this.#budget.rows += 1;
    return this.#budget.rows <= rowsPerSecondMax && this.#single.length < waitingMax;
  }

  #count(key: string, refusal: NewRefusal): void {
    const known = this.#counted.get(key);
    if (known !== undefined) known.repetitions += 1;
    else if (this.#counted.size < waitingMax) this.#counted.set(key, { refusal, repetitions: 1 });
    this.#countTimer ??= setTimeout(() => this.#writeCounted(), callerRefillMs).unref();
  }

  #flush(): void {
    this.#flushTimer = undefined;
    this.#enqueue(this.#single.splice(0));
  }

  #writeCounted(): void {
    clearTimeout(this.#countTimer);
    this.#countTimer = undefined;
    const rows = [...this.#counted.values()];
    this.#counted.clear();
    this.#enqueue(rows);
  }

  #enqueue(rows: readonly Row[]): void {
    if (rows.length > 0) this.#writing = this.#writing.then(() => this.#write(rows));
  }

  async #write(rows: readonly Row[]): Promise<void> {
    try {
      await this.#database.transaction(async (run) => {
        await lockSequence(run, 'refusal');
        await run(
          `insert into signet.refusals (sequence, time, reason, message, spiffe_id, pod_uid, source_address, repetitions)
           select nextval('signet.refusal_sequence'), * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[],
             $5::text[], $6::text[], $7::integer[])`,
          [
            rows.map((row) => row.refusal.time.toISOString()),
            rows.map((row) => row.refusal.reason),
            rows.map((row) => row.refusal.message),
            rows.map((row) => row.refusal.spiffeId),
            rows.map((row) => row.refusal.podUid),
            rows.map((row) => row.refusal.sourceAddress),
            rows.map((row) => row.repetitions),
          ],
        );
      });
      await this.#trim(rows.length);
    } catch (error) {
      this.#logger.warn({ err: error, rows: rows.length }, 'refusals could not be recorded');
    }
  }

  async #trim(written: number): Promise<void> {
    this.#writtenSinceTrim += written;
    if (this.#writtenSinceTrim < trimEveryRows) return;
    this.#writtenSinceTrim = 0;
    await this.#database.query(
      'delete from signet.refusals where sequence <= (select max(sequence) from signet.refusals) - $1',
      [rowsKept],
    );
  }
}

interface RefusalRow {
  readonly sequence: string;
  readonly time: Date;
  readonly reason: string;
  readonly message: string;
  readonly spiffe_id: string;
  readonly pod_uid: string;
  readonly source_address: string;
  readonly repetitions: number;
}

function toEntry(row: RefusalRow): RefusalEntry {
  return {
    sequence: Number(row.sequence),
    time: row.time,
    reason: row.reason,
    message: row.message,
    spiffeId: row.spiffe_id,
    podUid: row.pod_uid,
    sourceAddress: row.source_address,
    repetitions: row.repetitions,
  };
}
