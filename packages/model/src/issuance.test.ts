// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { normaliseSerial } from './issuance.ts';

test.each([
  ['0A', '0a'],
  ['a', '0a'],
  ['00:0B:cd', '0bcd'],
  ['000abc', '0abc'],
  ['0', '00'],
])('normaliseSerial(%j) is %j', (text, expected) => {
  expect(normaliseSerial(text)).toBe(expected);
});
