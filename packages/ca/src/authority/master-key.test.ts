// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadMasterKey } from './master-key.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-key-'));
  file = path.join(directory, 'below', 'master.key');
});

afterEach(() => rmSync(directory, { recursive: true }));

test('a missing key is made once, for its owner only, however many ask', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey(file)));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(keys[0]).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['hexadecimal', 'ab'.repeat(32)],
  ['base64', Buffer.alloc(32, 0xab).toString('base64')],
])('%s is read', async (_name, text) => {
  file = path.join(directory, 'key');
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  expect(await loadMasterKey(file)).toEqual(Buffer.alloc(32, 0xab));
});

test('a key of another length, and one that everybody may read, are refused', async () => {
  file = path.join(directory, 'key');
  writeFileSync(file, 'abcd', { mode: 0o600 });
  await expect(loadMasterKey(file)).rejects.toThrow('does not hold 32 bytes');
  writeFileSync(file, 'ab'.repeat(32));
  chmodSync(file, 0o644);
  await expect(loadMasterKey(file)).rejects.toThrow('accessible to everybody');
});
