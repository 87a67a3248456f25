// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { createRateLimiter } from './rate-limiter.ts';

test('a burst, then a steady rate, for each caller alone', () => {
  let nowMs = 0;
  const limiter = createRateLimiter({ perSecond: 2, burst: 3, clock: { now: () => new Date(nowMs) } });
  for (let call = 0; call < 3; call += 1) limiter.take('a');
  expect(() => limiter.take('a')).toThrow(expect.objectContaining({ reason: 'RATE_EXCEEDED', retryAfterMs: 500 }));
  limiter.take('b');
  nowMs = 500;
  limiter.take('a');
  expect(() => limiter.take('a')).toThrow('too many requests');
  // A clock that is set back gives nothing away and breaks nothing.
  nowMs = 0;
  expect(() => limiter.take('a')).toThrow('too many requests');
});

test('remembers no more callers than it may', () => {
  const limiter = createRateLimiter({ perSecond: 1, burst: 1, callersMax: 2, clock: { now: () => new Date(0) } });
  for (const caller of ['a', 'b', 'c']) limiter.take(caller);
  limiter.take('a');
  expect(() => limiter.take('c')).toThrow('too many requests');
});
