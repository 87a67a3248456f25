// SPDX-License-Identifier: Apache-2.0
import { SignetError, type Issuance } from '@signet/model';
import type { BeginOutcome, IssuanceIntent, IssuanceLog, LedgerEntry } from '@signet/pki';
import type { Logger } from '@signet/runtime';
import type { Database, RunStatement } from '../database.ts';
import { createGroupCommit, type GroupCommit } from '../group-commit.ts';
import { createIssuanceFeed, type IssuanceFeed } from './issuance-feed.ts';
import { createInstancePresence, isInstanceGone, type InstancePresence } from './instance-presence.ts';
import { intentColumns, issuanceColumns, toIssuance, toLedgerEntry, type IssuanceRow } from './issuance-rows.ts';
import { reconcileIntents } from './reconcile-intents.ts';
import { lockSequence } from './sequence-lock.ts';

/** The ledger of issuances in Postgres. */
export interface IssuanceLedger extends IssuanceLog {
  readonly feed: IssuanceFeed;
  /** UUID of this process in the ledger. */
  readonly instance: string;
  /** Newest first; `before` is the sequence of the last row of the page before. */
  list(page: IssuancePage): Promise<readonly Issuance[]>;
  /** Gives up the open intents of processes that are gone, and returns how many there were. */
  reconcile(): Promise<number>;
  close(): Promise<void>;
}

/** A part of the ledger. */
export interface IssuancePage {
  /** Empty for all pods. */
  readonly podUid: string;
  readonly before: number | undefined;
  readonly limit: number;
}

/** How a repeated request is found again, by the newest attempt at it. */
interface AttemptRow extends IssuanceRow {
  readonly attempt: number;
  readonly instance: string;
  readonly is_issued: boolean | null;
  readonly certificate: Buffer | null;
}

const batchMax = 500;
const queueMax = 5000;
const peerWaitMs = 2000;
const peerPollMs = 50;

const insertIntents = `insert into signet.issuance_intents
  (instance, attempt, serial, request_key, profile, spiffe_id, namespace, service_account, pod_uid, pod_name, node_name,
   attestation, not_before, not_after, public_key_sha256, dns_names, signed_sha256)
  select $1::uuid, $2::integer, * from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::text[])
  on conflict do nothing returning serial`;

/** Opens the ledger; the database must have been migrated. */
export async function createIssuanceLedger(database: Database, logger: Logger): Promise<IssuanceLedger> {
  return new PostgresLedger(database, await createInstancePresence(database, logger));
}

class PostgresLedger implements IssuanceLedger {
  readonly feed: IssuanceFeed;
  readonly #database: Database;
  readonly #presence: InstancePresence;
  readonly #intents: GroupCommit<IssuanceIntent, boolean>;
  readonly #outcomes: GroupCommit<{ serial: string; certificate: Buffer }, number | undefined>;

  constructor(database: Database, presence: InstancePresence) {
    this.#database = database;
    this.#presence = presence;
    this.feed = createIssuanceFeed(database);
    this.#intents = createGroupCommit({ batchMax, queueMax, commit: (items) => this.#insertIntents(items, 0) });
    this.#outcomes = createGroupCommit({ batchMax, queueMax, commit: (items) => this.#insertOutcomes(items) });
  }

  get instance(): string {
    return this.#presence.instance;
  }

  async begin(intent: IssuanceIntent): Promise<BeginOutcome> {
    return (await this.#intents.submit(intent)) ? { kind: 'begun' } : await this.#beginAgain(intent);
  }

  async complete(serial: string, certificate: Buffer): Promise<number> {
    let sequence: number | undefined;
    try {
      sequence = await this.#outcomes.submit({ serial, certificate });
    } catch (error) {
      // The connection may have been lost after the commit: only the table knows.
      sequence = await this.#readBack(serial, certificate).catch(() => undefined);
      if (sequence === undefined) throw error;
    }
    sequence ??= await this.#readBack(serial, certificate);
    if (sequence === undefined) throw new SignetError('STORE_DOWN', 'the issuance was given up meanwhile; try again');
    return sequence;
  }

  async abandon(serial: string): Promise<void> {
    await this.#database.transaction(async (run) => {
      await lockSequence(run, 'issuance');
      await run(
        `insert into signet.issuance_outcomes (serial, sequence, is_issued, decided_by)
         values ($1, nextval('signet.issuance_sequence'), false, $2) on conflict (serial) do nothing`,
        [serial, this.instance],
      );
    });
  }

  async find(serial: string): Promise<LedgerEntry | undefined> {
    const [row] = await this.#database.query<IssuanceRow & { certificate: Buffer }>(
      `select ${issuanceColumns}, o.certificate from signet.issuance_outcomes o join signet.issuance_intents i using (serial)
       where o.serial = $1 and o.is_issued`,
      [serial],
    );
    return row === undefined ? undefined : toLedgerEntry(row);
  }

  async list({ podUid, before, limit }: IssuancePage): Promise<readonly Issuance[]> {
    const rows = await this.#database.query<IssuanceRow>(
      `select ${issuanceColumns} from signet.issuance_outcomes o join signet.issuance_intents i using (serial)
       where o.is_issued and ($1 = '' or i.pod_uid = $1) and ($2::bigint is null or o.sequence < $2)
       order by o.sequence desc limit $3`,
      [podUid, before ?? null, limit],
    );
    return rows.map(toIssuance);
  }

  reconcile(): Promise<number> {
    return reconcileIntents(this.#database, this.instance);
  }

  async close(): Promise<void> {
    await this.#intents.close();
    await this.#outcomes.close();
    await this.feed.close();
    await this.#presence.close();
  }

  async #insertIntents(intents: readonly IssuanceIntent[], attempt: number): Promise<readonly boolean[]> {
    const rows = await this.#database.query<{ serial: string }>(insertIntents, [
      this.instance,
      attempt,
      ...intentColumns(intents),
    ]);
    const begun = new Set(rows.map((row) => row.serial));
    return intents.map((intent) => begun.has(intent.serial));
  }

  async #insertOutcomes(
    items: readonly { readonly serial: string; readonly certificate: Buffer }[],
  ): Promise<readonly (number | undefined)[]> {
    const rows = await this.#database.query<{ recorded_serial: string; recorded_sequence: string }>(
      'select recorded_serial, recorded_sequence from signet.record_certificates($1, $2, $3)',
      [items.map((item) => item.serial), items.map((item) => item.certificate), this.instance],
    );
    const sequences = new Map(rows.map((row) => [row.recorded_serial, Number(row.recorded_sequence)]));
    this.feed.wake(Math.max(0, ...sequences.values()));
    return items.map((item) => sequences.get(item.serial));
  }

  /** Position of a certificate that is in the table after all. */
  async #readBack(serial: string, certificate: Buffer): Promise<number | undefined> {
    const entry = await this.find(serial);
    return entry?.certificate.equals(certificate) === true ? entry.issuance.sequence : undefined;
  }

  /** The request was seen before, or the serial number is in use. */
  async #beginAgain(intent: IssuanceIntent): Promise<BeginOutcome> {
    const deadline = performance.now() + peerWaitMs;
    for (;;) {
      const newest = await this.#newestAttempt(intent.requestKey);
      if (newest === undefined) return { kind: 'serial-taken' };
      const { certificate } = newest;
      if (newest.is_issued === true && certificate !== null && newest.not_after > intent.notBefore) {
        return { kind: 'issued', entry: toLedgerEntry({ ...newest, certificate }) };
      }
      if (newest.is_issued !== null) {
        const [isBegun] = await this.#insertIntents([intent], newest.attempt + 1);
        if (isBegun === true) return { kind: 'begun' };
      } else if (newest.instance === this.instance || (await this.#isGone(newest.instance))) {
        await this.abandon(newest.serial);
      } else if (performance.now() > deadline) {
        throw new SignetError('OVERLOADED', 'another replica works on the same request; try again', {
          retryAfterMs: 1000,
        });
      } else {
        await new Promise((resolve) => setTimeout(resolve, peerPollMs));
      }
    }
  }

  async #newestAttempt(requestKey: string): Promise<AttemptRow | undefined> {
    const [row] = await this.#database.query<AttemptRow>(
      `select ${issuanceColumns}, i.attempt, i.instance, o.is_issued, o.certificate
       from signet.issuance_intents i left join signet.issuance_outcomes o using (serial)
       where i.request_key = $1 order by i.attempt desc limit 1`,
      [requestKey],
    );
    return row;
  }

  #isGone(instance: string): Promise<boolean> {
    return this.#database.transaction((run: RunStatement) => isInstanceGone(run, instance));
  }
}
