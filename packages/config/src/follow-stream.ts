// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { toSignetError, type Logger } from '@signet/runtime';

/** A stream that is opened again whenever it ends. */
export interface FollowedStream<M> {
  /** For the log. */
  readonly name: string;
  open(signal: AbortSignal): AsyncIterable<M>;
  /** Called before the first message of each attempt. */
  onOpen(): void;
  onMessage(message: M): void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** In [0, 1), for jitter. */
  readonly random?: () => number;
}

const firstDelayMs = 100;
const lastDelayMs = 3000;
/** A stream that lived so long counts as healthy: the next attempt comes soon. */
const healthyAfterMs = 5000;

/** Follows a stream until the signal; an end, an error and an unreadable message all lead to the next attempt. */
export async function followStream<M>(o: FollowedStream<M>): Promise<void> {
  const random = o.random ?? Math.random;
  let delayMs = firstDelayMs;
  let hasFailed = false;
  while (!o.signal.aborted) {
    const attempt = new AbortController();
    const signal = AbortSignal.any([o.signal, attempt.signal]);
    const openedMs = performance.now();
    try {
      let isFirst = true;
      for await (const message of o.open(signal)) {
        if (isFirst) {
          isFirst = false;
          if (hasFailed) o.logger.info({ stream: o.name }, 'stream is back');
          hasFailed = false;
          o.onOpen();
        }
        o.onMessage(message);
      }
      if (!o.signal.aborted) o.logger.info({ stream: o.name }, 'stream ended');
    } catch (cause) {
      if (o.signal.aborted) return;
      const { reason, message } = toSignetError(cause);
      const level = hasFailed ? 'debug' : 'warn';
      o.logger[level]({ stream: o.name, reason, problem: message }, 'stream failed; what is known stays in force');
      hasFailed = true;
    } finally {
      attempt.abort();
    }
    if (performance.now() - openedMs >= healthyAfterMs) delayMs = firstDelayMs;
    await delay(delayMs * (0.5 + random()), undefined, { signal: o.signal }).catch(() => {});
    delayMs = Math.min(delayMs * 2, lastDelayMs);
  }
}
