// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { buildReport, median, runInTurns, type Benchmark, type Contender } from './benchmark.ts';

test.each([
  [[3], 3],
  [[5, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
  [[], 0],
])('median(%j) is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('contenders run in turns, and each round starts with another', async () => {
  const order: string[] = [];
  const contender = (name: string, operations: number): Contender => ({
    name,
    run(durationMs) {
      order.push(name);
      return Promise.resolve({ operations, elapsedMs: durationMs, counters: { refused: 1 } });
    },
  });
  const results = await runInTurns([contender('ours', 50), contender('floor', 100), contender('peer', 25)], {
    rounds: 3,
    durationMs: 500,
    onSample: () => {},
  });
  expect(order.join(' ')).toBe('ours floor peer floor peer ours peer ours floor');
  const benchmark: Benchmark = { name: 'x', operation: 'one', prepare: () => Promise.reject(new Error('not asked')) };
  const report = buildReport({ benchmark, versions: {}, machine: {}, results, problems: [] });
  expect(report.ours).toEqual({ rate: 100, rates: [100, 100, 100], operations: 150, counters: { refused: 3 } });
  expect(report.ratios).toEqual({ floor: 0.5, peer: 2 });
  expect(Object.keys(report.peers)).toEqual(['peer']);
});
