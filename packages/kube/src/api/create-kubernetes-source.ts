// SPDX-License-Identifier: Apache-2.0
import type { ClusterSnapshot } from '@signet/model';
import { ClusterIndex } from '../cluster-index.ts';
import type { ClusterSource } from '../cluster-source.ts';
import { watchedKinds } from '../kinds.ts';
import type { KubeObject } from '../kube-object.ts';
import { SnapshotPublisher } from '../snapshot-publisher.ts';
import { defaultWatchTiming, KindWatcher, type KindSink, type WatchTiming } from './kind-watcher.ts';
import { kubernetesDown, type KubeClient } from './kube-client.ts';

const debounceMs = 10;
/** A watch that is down for less is being taken up again. */
const staleAfterMs = 5_000;
const stalenessCheckMs = 1_000;
const resyncTimeoutMs = 20_000;

/** Options of createKubernetesSource. */
export interface KubernetesSourceOptions {
  readonly client: KubeClient;
  readonly trustDomain: string;
  readonly timing?: Partial<WatchTiming>;
  /** Told of each end of a watch, for log and metrics. */
  readonly onWatchEnd?: (kind: string, reason: string) => void;
}

/** The cluster as a kube-apiserver shows it. Revision: the highest resource version (one etcd numbers all objects). */
class KubernetesSource implements ClusterSource {
  readonly #index: ClusterIndex;
  readonly #publisher: SnapshotPublisher;
  readonly #watchers: readonly KindWatcher[];
  #revision = 0;
  #isStale = false;
  #wasSynced = false;
  #check: NodeJS.Timeout | undefined;

  constructor(options: KubernetesSourceOptions) {
    this.#index = new ClusterIndex({ trustDomain: options.trustDomain });
    const timing = { ...defaultWatchTiming, ...options.timing };
    this.#watchers = watchedKinds.map((kind) => {
      const sink = this.#sinkOf(kind.kind, options.onWatchEnd ?? (() => undefined));
      return new KindWatcher({ client: options.client, kind, sink, timing });
    });
    this.#publisher = new SnapshotPublisher(() => this.#build(), debounceMs);
  }

  #build(): ClusterSnapshot {
    return this.#index.snapshot({
      revision: this.#revision,
      isSynced: this.#isSynced(),
      isStale: this.#isStale,
      fileProblems: [],
    });
  }

  #isSynced(): boolean {
    return this.#watchers.every((watcher) => watcher.isSynced);
  }

  #sinkOf(kind: string, onEnd: (kind: string, reason: string) => void): KindSink {
    const changed = (resourceVersion: string): void => {
      this.#raise(resourceVersion);
      if (this.#isSynced()) this.#publisher.schedule();
    };
    return {
      replace: (objects, resourceVersion) => {
        this.#index.replaceKind(
          kind,
          objects.map((object) => ({ object, origin: '' })),
        );
        changed(resourceVersion);
      },
      upsert: (object: KubeObject) => {
        this.#index.upsert({ object, origin: '' });
        changed(object.metadata.resourceVersion);
      },
      remove: (object: KubeObject) => {
        const { namespace, name, resourceVersion } = object.metadata;
        this.#index.delete({ kind, namespace, name });
        changed(resourceVersion);
      },
      // A bookmark changes nothing, so nothing is published; the next change carries the version.
      bookmark: (resourceVersion) => this.#raise(resourceVersion),
      ended: onEnd,
    };
  }

  #raise(resourceVersion: string): void {
    const number = Number(resourceVersion);
    if (Number.isSafeInteger(number) && number > this.#revision) this.#revision = number;
  }

  #checkStaleness(): void {
    const isStale = this.#isSynced() && this.#watchers.some((watcher) => watcher.staleMs() > staleAfterMs);
    const isSynced = this.#isSynced();
    if (isStale === this.#isStale && isSynced === this.#wasSynced) return;
    this.#isStale = isStale;
    this.#wasSynced = isSynced;
    this.#publisher.schedule();
  }

  start(): void {
    if (this.#check !== undefined) return;
    this.#check = setInterval(() => this.#checkStaleness(), stalenessCheckMs);
    for (const watcher of this.#watchers) watcher.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.#check);
    this.#publisher.stop();
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()));
  }

  current(): ClusterSnapshot {
    return this.#publisher.current();
  }

  onChange(listener: (snapshot: ClusterSnapshot) => void): () => void {
    return this.#publisher.onChange(listener);
  }

  async resync(signal?: AbortSignal): Promise<ClusterSnapshot> {
    const limit = AbortSignal.timeout(resyncTimeoutMs);
    const aborted = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    const cancelled = new Promise<never>((_, reject) => {
      aborted.addEventListener('abort', () => reject(kubernetesDown('it did not answer in time')), { once: true });
    });
    signal?.throwIfAborted();
    await Promise.race([Promise.all(this.#watchers.map((watcher) => watcher.relist())), cancelled]);
    return this.#publisher.publish();
  }
}

/** Creates the source; nothing is asked of the server before start. */
export function createKubernetesSource(options: KubernetesSourceOptions): ClusterSource {
  return new KubernetesSource(options);
}
