// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const lockModule = path.join(import.meta.dirname, 'lock.mjs');

describe('lock', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'signet-lock-'));
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  /** Runs a process of its own that holds the lock for a moment and writes down when it came and went. */
  function holdOnce(log: string): Promise<void> {
    const script = `
      import { withLock } from ${JSON.stringify(lockModule)};
      import { appendFileSync } from 'node:fs';
      await withLock('work', async () => {
        appendFileSync(${JSON.stringify(log)}, 'in ');
        await new Promise((resolve) => setTimeout(resolve, 20));
        appendFileSync(${JSON.stringify(log)}, 'out ');
      });`;
    return new Promise((resolve, reject) => {
      const env = { ...process.env, SIGNET_CACHE: cache };
      execFile(process.execPath, ['--input-type=module', '--eval', script], { env }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  test('lets one process in at a time', async () => {
    const log = path.join(cache, 'log');
    await Promise.all(Array.from({ length: 5 }, () => holdOnce(log)));
    expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(5));
    expect(readdirSync(path.join(cache, 'locks'))).toEqual([]);
  });

  test('is taken over from an owner that is gone, even when its pid lives on as another process', async () => {
    const log = path.join(cache, 'log');
    mkdirSync(path.join(cache, 'locks'));
    writeFileSync(path.join(cache, 'locks/work.lock'), `${process.pid} 1`);
    await Promise.all([holdOnce(log), holdOnce(log), holdOnce(log)]);
    expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(3));
  });
});
