// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { formatAge, formatDuration, formatRemaining, parseDurationMs, parsePodName, toJsonValue } from './values.ts';

const now = new Date('2026-11-25T12:00:00Z');
const at = (date: string) => ({ seconds: new Date(date).getTime() / 1000, nanos: 500_000_000 });

test.each([
  [0, '0s'],
  [999, '0s'],
  [42_000, '42s'],
  [61_000, '1m1s'],
  [3_600_000, '1h'],
  [5_430_000, '1h30m'],
  [86_400_000 * 3 + 7_200_000, '3d2h'],
  [86_400_000 * 30 + 7_200_000, '30d'],
  [-61_000, '-1m1s'],
])('formatDuration(%d) is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.each([
  ['30s', 30_000],
  ['500ms', 500],
  ['2m', 120_000],
  ['1.5h', 5_400_000],
  ['7', 7000],
  ['', undefined],
  ['soon', undefined],
  ['-1s', undefined],
])('parseDurationMs(%j) is %s', (text, durationMs) => {
  expect(parseDurationMs(text)).toBe(durationMs);
});

describe('times', () => {
  test('age and remaining time', () => {
    expect(formatAge(at('2026-11-25T11:00:00Z'), now)).toBe('59m');
    expect(formatAge(at('2026-11-25T13:00:00Z'), now)).toBe('0s');
    expect(formatRemaining(at('2026-11-25T13:00:00Z'), now)).toBe('1h');
    expect(formatRemaining(at('2026-11-25T11:00:00Z'), now)).toBe('expired');
    expect(formatAge(null, now)).toBe('');
  });

  test('JSON holds RFC 3339 times at every depth', () => {
    expect(toJsonValue({ a: [{ notAfter: at('2026-11-25T11:00:00Z'), n: 1 }], b: null })).toEqual({
      a: [{ notAfter: '2026-11-25T11:00:00.500Z', n: 1 }],
      b: null,
    });
  });
});

test.each([
  ['shop/checkout-1', { namespace: 'shop', pod: 'checkout-1' }],
  ['shop', undefined],
  ['shop/', undefined],
  ['a/b/c', undefined],
  ['../etc', undefined],
])('parsePodName(%j)', (text, expected) => {
  expect(parsePodName(text)).toEqual(expected);
});
