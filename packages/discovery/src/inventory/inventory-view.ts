// SPDX-License-Identifier: Apache-2.0
import { SignetError, type InventorySnapshot } from '@signet/model';

/** A state of nothing: what there is before the source has been read. */
export const emptyInventory: InventorySnapshot = {
  revision: { source: 0, ledger: 0 },
  isSynced: false,
  isStale: false,
  namespaces: new Map(),
  services: new Map(),
  workloads: new Map(),
  endpoints: new Map(),
  policies: new Map(),
  findings: new Map(),
  fileProblems: [],
};

/** The newest published snapshot and those who follow it. */
export class InventoryView {
  #current: InventorySnapshot = emptyInventory;
  #next = Promise.withResolvers<void>();
  #isClosed = false;

  current(): InventorySnapshot {
    return this.#current;
  }

  publish(snapshot: InventorySnapshot): void {
    this.#current = snapshot;
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }

  /** Ends all who follow: the process is stopping. */
  close(): void {
    this.#isClosed = true;
    this.#next.resolve();
  }

  /** The present snapshot and then the newest one each time there is another; a slow reader skips those in between. */
  async *follow(signal: AbortSignal): AsyncGenerator<InventorySnapshot, void, undefined> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    let seen: InventorySnapshot | undefined;
    while (!signal.aborted) {
      if (this.#isClosed) throw new SignetError('SHUTTING_DOWN', 'discovery is stopping; another replica answers');
      const { promise } = this.#next;
      if (this.#current === seen) {
        await Promise.race([promise, aborted]);
        continue;
      }
      seen = this.#current;
      yield seen;
    }
  }
}
