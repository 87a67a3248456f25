// SPDX-License-Identifier: Apache-2.0
import { compareRevisions, type InventorySnapshot } from '@signet/model';
import type { InventoryEvent__Output, WatchInventoryRequest } from '@signet/proto';
import type { Logger } from '@signet/runtime';
import { followStream } from './follow-stream.ts';
import { createInventoryMirror } from './inventory-mirror.ts';

/** Findings have no influence on proxies. */
const kinds = ['namespace', 'service', 'workload', 'endpoints', 'policy'];

/** Where finished states come from and go to. */
export interface InventorySource {
  readonly watch: (
    request: WatchInventoryRequest,
    control: { signal: AbortSignal },
  ) => AsyncIterable<InventoryEvent__Output>;
  readonly onSnapshot: (snapshot: InventorySnapshot) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** A state older than the newest is believed after so long without a newer one: sources can be restored. Default 10 000. */
  readonly laggingMaxMs?: number;
}

/** Follows discovery and passes on finished states; one that lags behind what is in force has to wait. */
export async function followInventory(o: InventorySource): Promise<void> {
  let mirror = createInventoryMirror();
  let newest: InventorySnapshot | undefined;
  let lagging: InventorySnapshot | undefined;
  let timer: NodeJS.Timeout | undefined;
  const adopt = (snapshot: InventorySnapshot): void => {
    clearTimeout(timer);
    timer = undefined;
    newest = snapshot;
    o.onSnapshot(snapshot);
  };
  const adoptLagging = (): void => {
    if (lagging === undefined || o.signal.aborted) return;
    o.logger.warn({ revision: lagging.revision, known: newest?.revision }, 'the inventory went back, and is used');
    adopt(lagging);
  };
  await followStream<InventoryEvent__Output>({
    name: 'inventory',
    logger: o.logger,
    signal: o.signal,
    open: (signal) => o.watch({ kinds }, { signal }),
    onOpen: () => {
      mirror = createInventoryMirror();
    },
    onMessage: (event) => {
      const snapshot = mirror.apply(event);
      if (snapshot === undefined) return;
      if (newest === undefined || compareRevisions(snapshot.revision, newest.revision) >= 0) return adopt(snapshot);
      lagging = snapshot;
      timer ??= setTimeout(adoptLagging, o.laggingMaxMs ?? 10_000);
    },
  });
  clearTimeout(timer);
}
