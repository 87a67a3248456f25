// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { readTestTitles } from './test-titles.ts';

const source = `
const rows = [{ name: 'no token', reason: 'CREDENTIAL_MISSING' }] as const;
describe('refused', () => {
  test('plainly (always)', () => {});
  test.each(rows)('$name: $reason', () => {});
  describe.each(versions())('Envoy %s', (version) => {
    test.each([['a', 1], ['b', 2]] as const)('%s is %d', () => {});
  });
  test.skip('not at all', () => {});
});
for (const name of names()) test(name, () => {});
`;

function isTest(title: string): boolean {
  return readTestTitles('x.test.ts', source).some((pattern) => pattern.test(title));
}

test.each([
  'refused › plainly (always)',
  'refused › no token: CREDENTIAL_MISSING',
  'refused › Envoy 1.40.0 › a is 1',
  'refused › Envoy %s › b is 2',
])('«%s» is a test', (title) => {
  expect(isTest(title)).toBe(true);
});

test.each([
  'plainly (always)',
  'refused › plainly',
  'refused › plainly .always.',
  'refused › $name: $reason',
  'refused › Envoy 1.40.0 › c is 3',
  'refused › not at all',
])('«%s» is none', (title) => {
  expect(isTest(title)).toBe(false);
});
