// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { inventory } from '@signet/proto';
import { createClient, type Channel, type Clock, type Logger } from '@signet/runtime';
import type { PodDirectory } from './pod-directory.ts';

/** Keeps a PodDirectory up to date. */
export interface InventoryFollower {
  start(): void;
  stop(): Promise<void>;
}

const backoffMinMs = 100;
const backoffMaxMs = 2000;

/** Follows discovery's inventory for as long as the process lives; discovery may come and go. */
export function createInventoryFollower(o: {
  readonly channel: Channel;
  readonly directory: PodDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
}): InventoryFollower {
  const { channel, directory, clock, logger } = o;
  const client = createClient(inventory, channel);
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  async function followOnce(): Promise<void> {
    directory.restart();
    const request = { kinds: ['service', 'workload', 'endpoints'] };
    for await (const event of client.WatchInventory(request, { signal: stop.signal }))
      directory.apply(event, clock.now());
  }

  async function run(): Promise<void> {
    let delayMs = backoffMinMs;
    while (!stop.signal.aborted) {
      const startedMs = performance.now();
      try {
        await followOnce();
      } catch (error) {
        if (!stop.signal.aborted) logger.debug({ err: error }, 'inventory stream ended');
      }
      delayMs = performance.now() - startedMs > backoffMaxMs ? backoffMinMs : Math.min(delayMs * 2, backoffMaxMs);
      await sleep(delayMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stop.abort();
      channel.close();
      await running;
    },
  };
}
