// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestAuthority } from '@signet/testing';
import { createRootsFile, parseRootsPem } from './roots-file.ts';

const first = createTestAuthority('first').rootPem;
const second = createTestAuthority('second').rootPem;

describe('parseRootsPem', () => {
  test('keeps certificates only', () => {
    expect(parseRootsPem(`# comment\n${first}\nnoise\n${second}`)).toBe(`${first.trim()}\n${second.trim()}\n`);
  });

  test.each(['', 'noise', first.slice(0, 200), first.replace('MII', 'XXX')])('refuses %j', (text) => {
    expect(parseRootsPem(text)).toBeUndefined();
  });
});

describe('createRootsFile', () => {
  let directory = '';
  let file = '';
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'signet-roots-'));
    file = path.join(directory, 'roots.pem');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function replaceFile(text: string): void {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  test('is there at once when the file is', () => {
    replaceFile(first);
    const roots = createRootsFile(file);
    expect(roots.current()).toBe(`${first.trim()}\n`);
    roots.stop();
  });

  test('waits for the file, then follows it, and keeps good roots over bad content', async () => {
    const roots = createRootsFile(file);
    expect(roots.current()).toBeUndefined();
    const ready = roots.ready();
    replaceFile(first);
    expect(await ready).toBe(`${first.trim()}\n`);
    const changed = new Promise<string>((resolve) => roots.onChange(resolve));
    replaceFile('half a file');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(roots.current()).toBe(`${first.trim()}\n`);
    replaceFile(second);
    expect(await changed).toBe(`${second.trim()}\n`);
    expect(roots.current()).toBe(`${second.trim()}\n`);
    roots.stop();
  });

  test('refuses its waiters when it is stopped', async () => {
    const roots = createRootsFile(file);
    const ready = roots.ready();
    roots.stop();
    await expect(ready).rejects.toThrow('no longer waiting');
  });
});
