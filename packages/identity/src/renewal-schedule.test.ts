// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { reasons } from '@signet/model';
import { defaultRetryLimits, isTransient, renewalTime, retryDelayMs } from './renewal-schedule.ts';

const receivedAt = new Date('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;
const inHours = (hours: number): Date => new Date(receivedAt.getTime() + hours * hourMs);

describe('renewalTime', () => {
  test.each([
    [0, 0.45],
    [0.5, 0.5],
    [0.999_999, 0.55],
  ])('random %d renews at about %d of the life', (random, share) => {
    const due = renewalTime({ receivedAt, notAfter: inHours(24) }, random).getTime() - receivedAt.getTime();
    expect(due / (24 * hourMs)).toBeCloseTo(share, 3);
  });

  test('is never later than the end of a life that is long enough', () => {
    for (let random = 0; random < 1; random += 0.1) {
      expect(renewalTime({ receivedAt, notAfter: inHours(1) }, random).getTime()).toBeLessThan(inHours(1).getTime());
    }
  });

  test('does not spin on a certificate that has expired already', () => {
    expect(renewalTime({ receivedAt, notAfter: inHours(-1) }, 0).getTime()).toBe(receivedAt.getTime() + 500);
  });
});

describe('retryDelayMs', () => {
  const delays = (random: number): number[] =>
    [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((attempt) =>
      retryDelayMs({ kind: 'unavailable', attempt }, defaultRetryLimits, random),
    );

  test('doubles from 100 ms to 5 s', () => {
    expect(delays(1)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  test('jitter takes away at most half', () => {
    expect(delays(0)).toEqual([50, 100, 200, 400, 800, 1_600, 2_500, 2_500, 2_500]);
  });

  test('a refusal waits for long from the first time on', () => {
    expect(retryDelayMs({ kind: 'forbidden', attempt: 1 }, defaultRetryLimits, 1)).toBe(30_000);
  });

  test('waits as long as the server asks, within reason', () => {
    const asked = (retryAfterMs: number): number =>
      retryDelayMs({ kind: 'unavailable', attempt: 1, retryAfterMs }, defaultRetryLimits, 0);
    expect(asked(900)).toBe(900);
    expect(asked(86_400_000)).toBe(30_000);
  });
});

test('what Istio clients retry is transient, what only a new credential lifts is not', () => {
  expect(isTransient(reasons.POD_NOT_VISIBLE.kind)).toBe(true);
  expect(isTransient(reasons.STORE_DOWN.kind)).toBe(true);
  expect(isTransient(reasons.RATE_EXCEEDED.kind)).toBe(true);
  expect(isTransient(reasons.TOKEN_EXPIRED.kind)).toBe(false);
  expect(isTransient(reasons.POD_TERMINATING.kind)).toBe(false);
  expect(isTransient(reasons.CSR_SAN_NOT_ALLOWED.kind)).toBe(false);
});
