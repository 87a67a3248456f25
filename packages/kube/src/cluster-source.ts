// SPDX-License-Identifier: Apache-2.0
import type { ClusterSnapshot } from '@signet/model';

/** Where the cluster is read from; both implementations pass the same contract suite. */
export interface ClusterSource {
  /** Begins to read and to watch; returns at once. */
  start(): void;
  stop(): Promise<void>;
  /** The newest snapshot; `isSynced` is false until everything has been read once. */
  current(): ClusterSnapshot;
  /** Calls back with each new snapshot until the returned function is called. */
  onChange(listener: (snapshot: ClusterSnapshot) => void): () => void;
  /**
   * Reads everything again and returns the snapshot that includes whatever had been written before the call.
   * Throws SignetError KUBERNETES_DOWN when the source cannot be read, or the signal's reason.
   */
  resync(signal?: AbortSignal): Promise<ClusterSnapshot>;
}
