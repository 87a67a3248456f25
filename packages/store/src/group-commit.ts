// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';

/** Collects items from concurrent callers and hands them to the database together. */
export interface GroupCommit<Item, Answer> {
  /** Resolves once the item's batch is committed. Rejects with OVERLOADED when too much waits already. */
  submit(item: Item): Promise<Answer>;
  /** Waits for what was submitted; later items are refused. */
  close(): Promise<void>;
}

/** Options of createGroupCommit. */
export interface GroupCommitOptions<Item, Answer> {
  /** Commits a batch; answers in the same order. A rejection is passed to every caller of the batch. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly batchMax: number;
  /** Items that may wait. */
  readonly queueMax: number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * One batch is in flight at a time, and the next one is whatever came meanwhile: alone, an item waits for nothing;
 * under load, batches grow until the disk keeps up.
 */
export function createGroupCommit<Item, Answer>(options: GroupCommitOptions<Item, Answer>): GroupCommit<Item, Answer> {
  const queue: Waiting<Item, Answer>[] = [];
  let running: Promise<void> | undefined;
  let isClosed = false;

  async function commitBatch(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await options.commit(batch.map((waiting) => waiting.item));
      for (const [index, waiting] of batch.entries()) {
        if (index in answers) waiting.resolve(answers[index] as Answer);
        else waiting.reject(new SignetError('INTERNAL', 'a batch came back incomplete'));
      }
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
  }

  async function run(): Promise<void> {
    // Whatever else arrives in this turn of the event loop joins the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await commitBatch(queue.splice(0, options.batchMax));
    running = undefined;
  }

  return {
    submit(item) {
      if (isClosed) return Promise.reject(new SignetError('SHUTTING_DOWN', 'the process is stopping'));
      if (queue.length >= options.queueMax) {
        return Promise.reject(
          new SignetError('OVERLOADED', 'too many writes wait for the database', { retryAfterMs: 1000 }),
        );
      }
      const answer = new Promise<Answer>((resolve, reject) => queue.push({ item, resolve, reject }));
      running ??= run();
      return answer;
    },
    async close() {
      isClosed = true;
      await running;
    },
  };
}
