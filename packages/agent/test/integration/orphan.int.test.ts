// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startRealProcess, waitFor, type RealProcess } from '@signet/testing';
import { endOrphan, findOrphan, forgetProcess, saveProcess } from '../../src/envoy/orphan.ts';

let directory = '';
let pidFile = '';
let left: RealProcess;
const marker = '/run/pod-a/envoy-bootstrap.json';

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-orphan-'));
  pidFile = path.join(directory, 'envoy.pid');
  left = startRealProcess({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)', marker] });
  saveProcess(pidFile, left.pid);
  await waitFor(() => findOrphan(pidFile, marker));
});
afterEach(async () => {
  await left.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('an Envoy left behind is found by its bootstrap and ended', async () => {
  await endOrphan(left.pid);
  await left.exited;
  expect(left.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(findOrphan(pidFile, marker)).toBeUndefined();
});

test('a process that took over the pid is left alone', () => {
  expect(findOrphan(pidFile, '/run/pod-b/envoy-bootstrap.json')).toBeUndefined();
});

test.each([['nothing'], ['1'], ['-5'], ['0'], ['99999999']])('a pid file that says %j names nobody', (text) => {
  if (text === 'nothing') forgetProcess(pidFile);
  else saveProcess(pidFile, Number(text));
  expect(findOrphan(pidFile, marker)).toBeUndefined();
});
