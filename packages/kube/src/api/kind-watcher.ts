// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { fieldsOf, textOf, type KubeObject } from '../kube-object.ts';
import type { WatchedKind } from '../kinds.ts';
import type { KubeClient } from './kube-client.ts';
import { collectionPath, findVersion, listKind, readItem } from './list-kind.ts';

/** Limits and pauses; tests shorten them. */
export interface WatchTiming {
  /** A watch without event or bookmark for this long is dead. The server sends a bookmark about once a minute. */
  readonly silenceMs: number;
  /** The server ends a watch after this long, so that clients spread anew. */
  readonly watchSeconds: number;
  /** Pause before a second attempt; doubled for each more, up to the maximum. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** A watch that lived for less counts as failed, whatever ended it. */
  readonly healthyMs: number;
  /** A kind that is absent is asked for again after this long. */
  readonly absentRetryMs: number;
  /** Where definitions may not be read, a kind counts as absent after it has been for this long. */
  readonly absentGraceMs: number;
  /** As a safety net everything is listed again after this long. */
  readonly relistMs: number;
}

export const defaultWatchTiming: WatchTiming = {
  silenceMs: 85_000,
  watchSeconds: 480,
  backoffMinMs: 1000,
  backoffMaxMs: 5_000,
  healthyMs: 5_000,
  absentRetryMs: 5_000,
  absentGraceMs: 20_000,
  relistMs: 30 * 60_000,
};

/** What a watcher tells; the index is written from here only. */
export interface KindSink {
  replace(objects: readonly KubeObject[], resourceVersion: string): void;
  upsert(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** Nothing has changed up to this version. */
  bookmark(resourceVersion: string): void;
  /** Something ended; for log and metrics. */
  ended(kind: string, reason: string): void;
}

/** Options of KindWatcher. */
export interface KindWatcherOptions {
  readonly client: KubeClient;
  readonly kind: WatchedKind;
  readonly sink: KindSink;
  readonly timing: WatchTiming;
}

/** Where a watch goes on. */
interface WatchPosition {
  readonly version: string;
  resourceVersion: string;
}

/** Thrown inside the loop: what to do next. */
class Ended extends Error {
  readonly next: 'watch' | 'list';
  constructor(next: 'watch' | 'list', reason: string) {
    super(reason);
    this.next = next;
  }
}

function jittered(milliseconds: number): number {
  return milliseconds * (0.75 + Math.random() * 0.5);
}

/**
 * Lists a kind, watches it, and begins again whatever ends: the stream, the server, the network, silence. After 410 it lists
 * anew; after anything else the watch goes on from the last version seen.
 */
export class KindWatcher {
  readonly kind: WatchedKind;
  readonly #client: KubeClient;
  readonly #sink: KindSink;
  readonly #timing: WatchTiming;
  readonly #stopping = new AbortController();
  #restart = new AbortController();
  #relistWaiters: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #failures = 0;
  #isSynced = false;
  #isListing = false;
  #absentSince: number | undefined;
  #disconnectedSince: number | undefined = performance.now();
  #lastContact = performance.now();

  constructor(options: KindWatcherOptions) {
    this.kind = options.kind;
    this.#client = options.client;
    this.#sink = options.sink;
    this.#timing = options.timing;
  }

  /** Everything was listed once, or the kind is absent. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** For how long nothing is known, in ms; 0 while the watch is open and talks. */
  staleMs(): number {
    const now = performance.now();
    const since = this.#disconnectedSince ?? this.#lastContact + this.#timing.silenceMs;
    return Math.max(0, now - since);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#settleWaiters();
  }

  /** Lists anew now; resolves when a list that began after the call has been taken over. */
  relist(): Promise<void> {
    const done = new Promise<void>((resolve) => this.#relistWaiters.push(resolve));
    // A list under way is finished first, so that many who ask do not keep each other from an answer.
    if (!this.#isListing) this.#restart.abort();
    return done;
  }

  #settleWaiters(waiters = this.#relistWaiters.splice(0)): void {
    for (const resolve of waiters) resolve();
  }

  async #run(): Promise<void> {
    let at: WatchPosition | undefined;
    let listedAt = 0;
    while (!this.#stopping.signal.aborted) {
      this.#restart = new AbortController();
      const signal = AbortSignal.any([this.#stopping.signal, this.#restart.signal]);
      try {
        if (
          at === undefined ||
          performance.now() - listedAt > this.#timing.relistMs ||
          this.#relistWaiters.length > 0
        ) {
          at = await this.#listFor(this.#relistWaiters.splice(0));
          listedAt = performance.now();
        }
        if (this.#relistWaiters.length === 0) await this.#watch(at, signal);
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        if (error instanceof Ended && error.next === 'list') at = undefined;
        if (!this.#restart.signal.aborted) await this.#pause(error);
      }
    }
  }

  /** Lists for those who have asked so far; they go on waiting when it fails. */
  async #listFor(waiters: (() => void)[]): Promise<WatchPosition> {
    this.#isListing = true;
    try {
      const listed = await this.#list(this.#stopping.signal);
      this.#settleWaiters(waiters);
      if (listed === undefined) throw new Ended('list', 'the server does not know this kind');
      return listed;
    } catch (error) {
      if (!(error instanceof Ended)) this.#relistWaiters.push(...waiters);
      throw error;
    } finally {
      this.#isListing = false;
    }
  }

  async #list(signal: AbortSignal): Promise<WatchPosition | undefined> {
    const version = await findVersion(this.#client, this.kind, signal);
    const list = version === undefined ? undefined : await listKind(this.#client, { kind: this.kind, version }, signal);
    this.#lastContact = performance.now();
    if (list === undefined || version === undefined) {
      await this.#noteAbsence(signal);
      return undefined;
    }
    this.#absentSince = undefined;
    this.#isSynced = true;
    this.#sink.replace(list.objects, list.resourceVersion);
    return { version, resourceVersion: list.resourceVersion };
  }

  /**
   * An apiserver that has just started answers 404 for kinds whose definition it has not read yet. Taken for an absence that
   * would drop policies, so the definition is asked for; where that is not allowed, absence must last.
   */
  async #noteAbsence(signal: AbortSignal): Promise<void> {
    const { isOptional, kind, plural, group } = this.kind;
    if (!isOptional) throw new Error(`the server does not know ${kind}`);
    const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`;
    const { status } = await this.#client.get(definition, { signal });
    if (status === 200) throw new Error(`the server does not serve ${kind} yet`);
    this.#absentSince ??= performance.now();
    if (status !== 404 && performance.now() - this.#absentSince < this.#timing.absentGraceMs) return;
    this.#isSynced = true;
    this.#disconnectedSince = undefined;
    this.#sink.replace([], '');
  }

  /** Follows the watch until it ends, moving the position; always throws. */
  async #watch(at: WatchPosition, signal: AbortSignal): Promise<never> {
    const silence = new AbortController();
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: at.resourceVersion,
      timeoutSeconds: Math.round(jittered(this.#timing.watchSeconds)),
    };
    const stream = this.#client.stream(collectionPath(this.kind, at.version), {
      query,
      signal: AbortSignal.any([signal, silence.signal]),
      onOpen: () => {
        this.#disconnectedSince = undefined;
        this.#lastContact = performance.now();
      },
    });
    let timer = setTimeout(() => silence.abort(), this.#timing.silenceMs);
    const startedAt = performance.now();
    try {
      for await (const event of stream) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), this.#timing.silenceMs);
        at.resourceVersion = this.#take(event, at.version);
        this.#lastContact = performance.now();
        this.#failures = 0;
      }
      throw new Ended('watch', 'the server ended the watch');
    } catch (error) {
      if (silence.signal.aborted) throw new Ended('watch', `silent for ${this.#timing.silenceMs} ms`);
      throw error;
    } finally {
      clearTimeout(timer);
      this.#disconnectedSince ??= performance.now();
      if (performance.now() - startedAt > this.#timing.healthyMs) this.#failures = 0;
    }
  }

  /** Takes one event over and returns the version that it brings. */
  #take(event: unknown, version: string): string {
    const { type, object } = fieldsOf(event);
    if (type === 'ERROR') {
      const { code, message } = fieldsOf(object);
      throw new Ended(code === 410 || code === 404 ? 'list' : 'watch', `error ${String(code)}: ${textOf(message)}`);
    }
    const item = readItem(object, this.kind, version);
    if (type === 'BOOKMARK') {
      const resourceVersion = textOf(fieldsOf(fieldsOf(object)['metadata'])['resourceVersion']);
      this.#sink.bookmark(resourceVersion);
      return resourceVersion;
    }
    if (item === undefined) throw new Ended('list', 'an event without a usable object');
    if (type === 'DELETED') this.#sink.remove(item);
    else if (type === 'ADDED' || type === 'MODIFIED') this.#sink.upsert(item);
    else throw new Ended('list', `an event of unknown type ${String(type)}`);
    return item.metadata.resourceVersion;
  }

  /** Waits before the next attempt; a list that is asked for meanwhile ends the wait. The first retry is quick. */
  async #pause(error: unknown): Promise<void> {
    this.#sink.ended(this.kind.kind, error instanceof Error ? error.message : String(error));
    const { absentRetryMs, backoffMinMs, backoffMaxMs } = this.#timing;
    const backoffMs =
      this.#failures === 0 ? backoffMinMs / 10 : Math.min(backoffMinMs * 2 ** (this.#failures - 1), backoffMaxMs);
    this.#failures += 1;
    const signal = AbortSignal.any([this.#stopping.signal, this.#restart.signal]);
    const waitMs = jittered(this.#absentSince === undefined ? backoffMs : absentRetryMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
