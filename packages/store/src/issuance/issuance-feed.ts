// SPDX-License-Identifier: Apache-2.0
import type { Issuance } from '@signet/model';
import type { Database } from '../database.ts';
import { issuanceColumns, toIssuance, type IssuanceRow } from './issuance-rows.ts';

/** What a follower of the ledger gets. */
export type FeedItem =
  | { readonly kind: 'issued'; readonly issuance: Issuance }
  /** Everything up to this sequence that was valid at the start has been sent. */
  | { readonly kind: 'synced'; readonly sequence: number };

/** The ledger as a stream, in commit order, over all replicas. */
export interface IssuanceFeed {
  /** Sends what is after `afterSequence` and still valid, then `synced`, then everything new until `signal` ends it. */
  watch(request: {
    readonly afterSequence: number;
    readonly now: Date;
    readonly signal: AbortSignal;
  }): AsyncIterable<FeedItem>;
  /** Tells that this process has committed up to that sequence; others' commits are found by polling. */
  wake(sequence: number): void;
  close(): Promise<void>;
}

const pageSize = 500;
const pollMs = 100;

/** Creates the feed; polls only while somebody watches. */
export function createIssuanceFeed(database: Database): IssuanceFeed {
  return new PolledFeed(database);
}

class PolledFeed implements IssuanceFeed {
  readonly #database: Database;
  readonly #closing = new AbortController();
  #head = 0;
  #watchers = 0;
  #polling: Promise<void> | undefined;
  #risen = Promise.withResolvers<void>();

  constructor(database: Database) {
    this.#database = database;
  }

  wake(sequence: number): void {
    if (sequence <= this.#head) return;
    this.#head = sequence;
    this.#risen.resolve();
    this.#risen = Promise.withResolvers();
  }

  async *watch(request: { afterSequence: number; now: Date; signal: AbortSignal }): AsyncIterable<FeedItem> {
    const ended = AbortSignal.any([request.signal, this.#closing.signal]);
    this.#watchers += 1;
    this.#polling ??= this.#poll();
    try {
      const synced = Math.max(request.afterSequence, await this.#readHead());
      for await (const issuance of this.#read(request.afterSequence, { upTo: synced, validAt: request.now })) {
        yield { kind: 'issued', issuance };
      }
      yield { kind: 'synced', sequence: synced };
      let cursor = synced;
      while (!ended.aborted) {
        const risen = this.#risen.promise;
        if (this.#head <= cursor) {
          await settled(risen, ended);
          continue;
        }
        const upTo = this.#head;
        for await (const issuance of this.#read(cursor, { upTo })) yield { kind: 'issued', issuance };
        cursor = upTo;
      }
    } finally {
      this.#watchers -= 1;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#polling;
  }

  async *#read(after: number, range: { upTo: number; validAt?: Date }): AsyncIterable<Issuance> {
    for (let cursor = after; cursor < range.upTo;) {
      const rows = await this.#database.query<IssuanceRow>(
        `select ${issuanceColumns} from signet.issuance_outcomes o join signet.issuance_intents i using (serial)
         where o.is_issued and o.sequence > $1 and o.sequence <= $2 and ($3::timestamptz is null or i.not_after > $3)
         order by o.sequence limit $4`,
        [cursor, range.upTo, range.validAt?.toISOString() ?? null, pageSize],
      );
      for (const row of rows) yield toIssuance(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) return;
      cursor = Number(last.sequence);
    }
  }

  async #readHead(): Promise<number> {
    const [row] = await this.#database.query<{ head: string | null }>(
      'select max(sequence) as head from signet.issuance_outcomes',
    );
    return Number(row?.head ?? 0);
  }

  async #poll(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#watchers > 0 && !signal.aborted) {
      // While the database is away there is nothing to tell; watchers that read notice by themselves.
      await this.#readHead().then(
        (head) => this.wake(head),
        () => undefined,
      );
      await pause(pollMs, signal);
    }
    this.#polling = undefined;
  }
}

function settled(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      signal.removeEventListener('abort', finish);
      resolve();
    };
    if (signal.aborted) return finish();
    signal.addEventListener('abort', finish, { once: true });
    void promise.then(finish);
  });
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    if (signal.aborted) finish();
    else signal.addEventListener('abort', finish, { once: true });
  });
}
