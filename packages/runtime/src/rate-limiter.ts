// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { Clock } from './clock.ts';

/** Token buckets, one for each caller. */
export interface RateLimiter {
  /** Takes one token; throws RATE_EXCEEDED, with the delay after which it makes sense to retry, when there is none. */
  take(caller: string): void;
}

/** Creates buckets of `burst` tokens that refill at `perSecond`; remembers at most `callersMax`, the oldest idle go first. */
export function createRateLimiter(o: {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Clock;
  readonly callersMax?: number;
}): RateLimiter {
  const callersMax = o.callersMax ?? 10_000;
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(caller) {
      const now = o.clock.now().getTime();
      const known = buckets.get(caller);
      const refilled = known === undefined ? o.burst : known.tokens + ((now - known.at) / 1000) * o.perSecond;
      const tokens = Math.min(o.burst, Math.max(0, refilled));
      buckets.delete(caller);
      buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
      if (buckets.size > callersMax) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      if (tokens < 1) {
        const retryAfterMs = Math.ceil(((1 - tokens) / o.perSecond) * 1000);
        throw new SignetError('RATE_EXCEEDED', `too many requests; retry after ${retryAfterMs} ms`, { retryAfterMs });
      }
    },
  };
}
