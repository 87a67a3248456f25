// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';

type Waiter<T> = PromiseWithResolvers<IteratorResult<T, undefined>>;

/**
 * Reads the messages of a stream call one at a time; the transport is paused while the consumer is busy. Ends quietly
 * when the call does; `onReturn` runs when the consumer stops before that.
 */
export function readMessages<T>(stream: Readable, onReturn: () => void = () => {}): AsyncIterable<T> {
  const queue: T[] = [];
  const waiters: Waiter<T>[] = [];
  let end: { readonly error?: unknown } | undefined;
  let failure: { readonly error: unknown } | undefined;

  const finish = (outcome: { readonly error?: unknown }): void => {
    if (end !== undefined) return;
    end = outcome;
    for (const waiter of waiters.splice(0)) {
      if ('error' in outcome) waiter.reject(outcome.error);
      else waiter.resolve({ done: true, value: undefined });
    }
  };
  stream.on('data', (message: T) => {
    const waiter = waiters.shift();
    if (waiter !== undefined) waiter.resolve({ done: false, value: message });
    else queue.push(message);
    if (waiters.length === 0) stream.pause();
  });
  stream.once('end', () => finish(failure ?? {}));
  stream.once('cancelled', () => finish(failure ?? {}));
  stream.once('close', () => finish(failure ?? {}));
  stream.on('error', (error: unknown) => {
    failure ??= { error };
    // grpc-js ends the stream before it reports a bad status; what arrived before is still to be read.
    if (stream.destroyed || stream.readableEnded) finish(failure);
    else if (waiters.length > 0) stream.resume();
  });
  stream.pause();

  return {
    [Symbol.asyncIterator]: () => ({
      next(): Promise<IteratorResult<T, undefined>> {
        const [message] = queue;
        if (message !== undefined) {
          queue.shift();
          return Promise.resolve({ done: false, value: message });
        }
        if (end !== undefined) {
          return 'error' in end ? Promise.reject(end.error) : Promise.resolve({ done: true, value: undefined });
        }
        const waiter: Waiter<T> = Promise.withResolvers();
        waiters.push(waiter);
        stream.resume();
        return waiter.promise;
      },
      return(): Promise<IteratorResult<T, undefined>> {
        finish({});
        queue.length = 0;
        onReturn();
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
}
