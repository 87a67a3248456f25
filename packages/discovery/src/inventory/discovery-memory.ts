// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { wasBare, type EstablishedOrigin } from '@signet/detect';
import { objectKey, SignetError, type Finding } from '@signet/model';
import type { FindingStore, OriginStore } from '@signet/store';
import type { DiscoveryEvents } from '../events.ts';

const retryMs = 500;
const lastWriteMs = 2_000;

/** Stores of what discovery remembers over a restart. */
export interface MemoryStores {
  readonly origins: Pick<OriginStore, 'load' | 'save'>;
  readonly findings: FindingStore;
}

/** What discovery remembers: established origins and findings. Held here, written behind to the stores. */
export interface DiscoveryMemory {
  /** By namespace/name of the Service. */
  readonly origins: ReadonlyMap<string, EstablishedOrigin>;
  readonly firstSeen: ReadonlyMap<string, Date>;
  /** UIDs of pods that were found without a controller. */
  readonly bareBefore: ReadonlySet<string>;
  /** False until the stores were read; nothing may be established before. */
  isLoaded(): boolean;
  rememberOrigins(origins: readonly EstablishedOrigin[]): void;
  rememberFindings(findings: readonly Finding[]): void;
  /** Forgets findings about pods that are gone. */
  forgetPods(isGone: (podUid: string) => boolean): void;
  /** Gives what is not written yet a last chance, and ends. */
  stop(): Promise<void>;
}

/** Reads an origin that this process or an earlier one wrote; undefined for another shape. */
export function parseOrigin(value: unknown, firstSeen: Date): EstablishedOrigin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { namespace, service, kind, name, uid, serviceAccount, isControlled, isEnrolled, conforming } =
    value as Partial<EstablishedOrigin>;
  const texts = [namespace, service, kind, name, uid, serviceAccount];
  if (
    !texts.every((one) => typeof one === 'string') ||
    typeof isControlled !== 'boolean' ||
    typeof isEnrolled !== 'boolean'
  ) {
    return undefined;
  }
  // Rows of an earlier version do not have it.
  const controllers: readonly unknown[] = Array.isArray(conforming) ? conforming : [];
  return {
    ...(value as EstablishedOrigin),
    conforming: controllers.filter((one) => typeof one === 'string'),
    establishedAt: firstSeen,
  };
}

class StoredMemory implements DiscoveryMemory {
  readonly origins = new Map<string, EstablishedOrigin>();
  readonly firstSeen = new Map<string, Date>();
  readonly bareBefore = new Set<string>();
  readonly #podOf = new Map<string, string>();
  readonly #stores: Promise<MemoryStores>;
  readonly #events: DiscoveryEvents;
  readonly #stopping = new AbortController();
  readonly #stopped = Promise.withResolvers<never>();
  #pending: ((stores: MemoryStores) => Promise<void>)[] = [];
  #writing: Promise<void> | undefined;
  #isLoaded = false;

  constructor(stores: Promise<MemoryStores>, events: DiscoveryEvents, onLoaded: () => void) {
    this.#stores = stores;
    this.#events = events;
    // Nobody may be waiting when it is rejected.
    this.#stopped.promise.catch(() => undefined);
    void this.#load(onLoaded);
  }

  isLoaded(): boolean {
    return this.#isLoaded;
  }

  async #load(onLoaded: () => void): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const { origins, findings } = await this.#opened();
        for (const { origin, firstSeen } of await origins.load()) {
          const parsed = parseOrigin(origin, firstSeen);
          if (parsed !== undefined) this.origins.set(objectKey(parsed.namespace, parsed.service), parsed);
        }
        for (const finding of await findings.load()) this.#noteFinding(finding);
        this.#isLoaded = true;
        onLoaded();
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#events.memoryFailed(error);
        await sleep(retryMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  #noteFinding(finding: Finding): void {
    this.firstSeen.set(finding.id, finding.firstSeen);
    this.#podOf.set(finding.id, finding.podUid);
    if (wasBare(finding)) this.bareBefore.add(finding.podUid);
  }

  rememberOrigins(origins: readonly EstablishedOrigin[]): void {
    if (origins.length === 0) return;
    for (const origin of origins) this.origins.set(objectKey(origin.namespace, origin.service), origin);
    const rows = origins.map((origin) => ({
      service: objectKey(origin.namespace, origin.service),
      origin,
      firstSeen: origin.establishedAt,
    }));
    this.#write((stores) => stores.origins.save(rows));
  }

  rememberFindings(findings: readonly Finding[]): void {
    if (findings.length === 0) return;
    for (const finding of findings) this.#noteFinding(finding);
    this.#write((stores) => stores.findings.save(findings));
  }

  forgetPods(isGone: (podUid: string) => boolean): void {
    const gone = [...this.#podOf].filter(([, podUid]) => isGone(podUid));
    if (gone.length === 0) return;
    for (const [id, podUid] of gone) {
      this.#podOf.delete(id);
      this.firstSeen.delete(id);
      this.bareBefore.delete(podUid);
    }
    this.#write((stores) => stores.findings.remove(gone.map(([id]) => id)));
  }

  #write(work: (stores: MemoryStores) => Promise<void>): void {
    this.#pending.push(work);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    for (let work = this.#pending[0]; work !== undefined; work = this.#pending[0]) {
      try {
        await work(await this.#opened());
        this.#pending.shift();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#events.memoryFailed(error);
        await sleep(retryMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** The stores; rejects when the process stops before they are there. */
  #opened(): Promise<MemoryStores> {
    return Promise.race([this.#stores, this.#stopped.promise]);
  }

  async stop(): Promise<void> {
    const last = this.#isLoaded ? this.#writing : undefined;
    await Promise.race([last, sleep(lastWriteMs, undefined, { ref: false })]);
    this.#stopping.abort();
    this.#stopped.reject(new SignetError('SHUTTING_DOWN', 'discovery is stopping'));
    await this.#writing;
  }
}

/** Creates the memory; it loads as soon as the stores are there. */
export function createDiscoveryMemory(
  stores: Promise<MemoryStores>,
  events: DiscoveryEvents,
  onLoaded: () => void,
): DiscoveryMemory {
  return new StoredMemory(stores, events, onLoaded);
}
