// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { formatTable, sanitise } from './table.ts';

const columns = [
  { heading: 'A', text: (row: readonly string[]) => row[0] ?? '' },
  { heading: 'LONG', text: (row: readonly string[]) => row[1] ?? '' },
];

test('columns line up, empty cells show a dash', () => {
  expect(
    formatTable(
      columns,
      [
        ['wide cell', 'x'],
        ['', 'y'],
        ['ü', ''],
      ],
      'none',
    ),
  ).toBe(['A          LONG', 'wide cell  x', '-          y', 'ü          -', ''].join('\n'));
});

test('no rows, one sentence', () => {
  expect(formatTable(columns, [], 'nothing here')).toBe('nothing here\n');
});

test('names cannot write to the screen', () => {
  expect(sanitise('a\u001b[2Jb\nc\u202ed')).toBe('a\ufffd[2Jb\ufffdc\ufffdd');
  expect(formatTable(columns, [['\u001b]0;x\u0007', '']], '')).not.toContain('\u001b');
});
