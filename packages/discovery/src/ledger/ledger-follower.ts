// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { issuanceLedger } from '@signet/proto';
import { createClient, toSignetError, type Channel, type Clock } from '@signet/runtime';
import type { DiscoveryEvents } from '../events.ts';
import { CertificateLedger, toKnownCertificate, type KnownCertificate } from './certificate-ledger.ts';

const backoffMinMs = 200;
const backoffMaxMs = 3_000;
const pruneMs = 60_000;
const lookupTimeoutMs = 2_000;

/** Follows the CA's ledger for as long as the process lives. */
export interface LedgerFollower {
  readonly ledger: CertificateLedger;
  /** Everything valid was received once. Stays true when the CA goes away. */
  hasSynced(): boolean;
  /** The stream stands now, and is synced. */
  isFollowed(): boolean;
  /** Finds a certificate, asking the CA when the stream has not brought it yet. Undefined when nobody knows it. */
  lookup(serial: string): Promise<KnownCertificate | undefined>;
  start(): void;
  stop(): Promise<void>;
}

/** Options of createLedgerFollower. */
export interface LedgerFollowerOptions {
  /** To the CA's mTLS listener. */
  readonly channel: Channel;
  /** Resolves when there is a client certificate; before, connecting would only earn back-off. Rejects when stopped. */
  readonly whenCertified: (signal: AbortSignal) => Promise<unknown>;
  readonly events: DiscoveryEvents;
  readonly clock: Clock;
  /** Something that endpoints depend on has changed. */
  readonly onChange: () => void;
}

class Follower implements LedgerFollower {
  readonly ledger = new CertificateLedger();
  readonly #client;
  readonly #o: LedgerFollowerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #prune: NodeJS.Timeout | undefined;
  #hasSynced = false;
  #isFollowed = false;
  #failures = 0;

  constructor(o: LedgerFollowerOptions) {
    this.#o = o;
    this.#client = createClient(issuanceLedger, o.channel);
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  isFollowed(): boolean {
    return this.#isFollowed;
  }

  start(): void {
    this.#running ??= this.#run();
    this.#prune ??= setInterval(() => this.ledger.prune(this.#o.clock.now()), pruneMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#prune);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#o.whenCertified(this.#stop.signal);
        await this.#follow();
        this.#o.events.ledgerLost('the CA ended the stream');
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#o.events.ledgerLost(toSignetError(error).message);
      }
      if (this.#isFollowed) {
        this.#isFollowed = false;
        this.#o.onChange();
      }
      const delayMs = Math.min(backoffMinMs * 2 ** this.#failures, backoffMaxMs) * (0.75 + Math.random() * 0.5);
      this.#failures += 1;
      await sleep(delayMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const before = this.ledger.sequence;
    for await (const event of this.#client.WatchIssuances({ afterSequence: before }, { signal })) {
      this.#failures = 0;
      if (event.issued !== undefined && event.issued !== null) {
        const certificate = toKnownCertificate(event.issued);
        if (certificate !== undefined && this.ledger.add(certificate) && this.#isFollowed) this.#o.onChange();
      } else if (event.synced !== undefined && event.synced !== null) {
        // A ledger that is behind what was seen is another one: its database was replaced.
        if (event.synced.sequence < before) {
          this.ledger.clear();
          return;
        }
        this.ledger.advance(event.synced.sequence);
        this.#hasSynced = true;
        this.#isFollowed = true;
        this.#o.events.ledgerFollowed(event.synced.sequence);
        this.#o.onChange();
      }
    }
  }

  async lookup(serial: string): Promise<KnownCertificate | undefined> {
    const known = this.ledger.find(serial);
    if (known !== undefined) return known;
    try {
      const found = toKnownCertificate(await this.#client.GetIssuance({ serial }, { timeoutMs: lookupTimeoutMs }));
      return found;
    } catch {
      return undefined;
    }
  }
}

/** Creates the follower; nothing is asked before start. */
export function createLedgerFollower(options: LedgerFollowerOptions): LedgerFollower {
  return new Follower(options);
}
