// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { createStartGate } from './start-gate.ts';

test('lets in as many as there is room for, and the next when one leaves', async () => {
  const gate = createStartGate(2);
  const inside: number[] = [];
  const entries = [1, 2, 3, 4].map(async (number) => {
    const leave = await gate.enter();
    inside.push(number);
    return leave;
  });
  const leaves = [await entries[0], await entries[1]];
  expect(inside).toEqual([1, 2]);
  leaves[0]?.();
  leaves[0]?.();
  await entries[2];
  expect(inside).toEqual([1, 2, 3]);
  leaves[1]?.();
  await entries[3];
  expect(inside).toEqual([1, 2, 3, 4]);
});
