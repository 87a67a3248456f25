// SPDX-License-Identifier: Apache-2.0
import type { ClusterSnapshot } from '@signet/model';

/** Holds the newest snapshot and tells listeners; changes within the debounce become one snapshot. */
export class SnapshotPublisher {
  readonly #build: () => ClusterSnapshot;
  readonly #debounceMs: number;
  readonly #listeners = new Set<(snapshot: ClusterSnapshot) => void>();
  #current: ClusterSnapshot;
  #timer: NodeJS.Timeout | undefined;

  constructor(build: () => ClusterSnapshot, debounceMs: number) {
    this.#build = build;
    this.#debounceMs = debounceMs;
    this.#current = build();
  }

  current(): ClusterSnapshot {
    return this.#current;
  }

  onChange(listener: (snapshot: ClusterSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something has changed: publishes soon. */
  schedule(): void {
    this.#timer ??= setTimeout(() => this.publish(), this.#debounceMs);
  }

  /** Publishes now. */
  publish(): ClusterSnapshot {
    this.stop();
    this.#current = this.#build();
    for (const listener of this.#listeners) listener(this.#current);
    return this.#current;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
