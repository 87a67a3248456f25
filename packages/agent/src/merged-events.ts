// SPDX-License-Identifier: Apache-2.0

/** Signals «something changed»: raising it twice before it is taken is one signal. */
export interface ChangeSignal {
  raise(): void;
  /** Resolves when raised since the last take. */
  take(): Promise<void>;
}

/** Creates a signal that is not raised. */
export function createChangeSignal(): ChangeSignal {
  let isRaised = false;
  let waiter: (() => void) | undefined;
  return {
    raise() {
      isRaised = true;
      waiter?.();
    },
    async take() {
      if (!isRaised) {
        await new Promise<void>((resolve) => {
          waiter = resolve;
        });
        waiter = undefined;
      }
      isRaised = false;
    },
  };
}

/** One turn of a stream that both the peer and this side can move. */
export type StreamEvent<Q> = { readonly kind: 'message'; readonly message: Q } | { readonly kind: 'change' };

/** Merges what a peer sends with changes on this side; ends when the peer ends. */
export async function* mergeEvents<Q>(
  messages: AsyncIterable<Q>,
  changes: ChangeSignal,
): AsyncGenerator<StreamEvent<Q>> {
  const iterator = messages[Symbol.asyncIterator]();
  let nextMessage = iterator.next();
  let nextChange = changes.take();
  try {
    for (;;) {
      const event = await Promise.race([nextMessage, nextChange.then(() => undefined)]);
      if (event === undefined) {
        yield { kind: 'change' };
        nextChange = changes.take();
      } else if (event.done === true) {
        return;
      } else {
        yield { kind: 'message', message: event.value };
        nextMessage = iterator.next();
      }
    }
  } finally {
    await iterator.return?.();
  }
}
