// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const program = fileURLToPath(new URL('../lifecycle-program.ts', import.meta.url));

function run(
  scenario: string,
  signals: readonly NodeJS.Signals[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, scenario], { env: { PATH: process.env['PATH'] ?? '' } });
    const pending = [...signals];
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      // One signal when it has started, the next when it stops.
      const signal = pending.shift();
      if (signal !== undefined) child.kill(signal);
    });
    child.once('exit', (code) => resolve({ code, output }));
  });
}

test.each([
  ['good', ['SIGTERM'], 0, 'started\nstopped\n'],
  ['good', ['SIGINT'], 0, 'started\nstopped\n'],
  ['start-fails', [], 1, 'stopped\n'],
  ['part-fails', [], 1, 'started\nstopped\n'],
  ['throws', [], 1, 'started\nstopped\n'],
  ['stop-fails', ['SIGTERM'], 1, 'started\nstopped\n'],
  ['stop-hangs', ['SIGTERM', 'SIGTERM'], 130, 'started\nstopped\n'],
] as const)('%s', async (...row) => {
  const [scenario, signals, code, output] = row;
  expect(await run(scenario, signals)).toEqual({ code, output });
});
