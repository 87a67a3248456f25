// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { waitFor } from '@signet/testing';
import { findProgram } from '../../src/envoy/launch.ts';
import { isRunning } from '../agent-bench.ts';

const launchModule = path.resolve(import.meta.dirname, '../../src/envoy/launch.ts');

/** Runs a process that binds a sleeper to itself, and resolves to both pids. */
async function startParent(
  setpriv: string | undefined,
): Promise<{ readonly parent: number; readonly sleeper: number }> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const script = `import(${JSON.stringify(launchModule)}).then(({ launchBound }) => {
    const { child } = launchBound(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${JSON.stringify(setpriv)});
    console.log(child.pid);
    setInterval(() => {}, 1000);
  })`;
  const parent = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  parent.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const sleeper = Number(await waitFor(() => /^(\d+)\n/.exec(text)?.[1]));
  return { parent: parent.pid ?? 0, sleeper };
}

test.each([
  ['setpriv', findProgram('setpriv')],
  ['the shell that watches a pipe', undefined],
])('a child bound by %s dies with its killed parent', async (_how, setpriv) => {
  const { parent, sleeper } = await startParent(setpriv);
  expect(isRunning(sleeper)).toBe(true);
  process.kill(parent, 'SIGKILL');
  await waitFor(() => !isRunning(sleeper), { what: 'the child to end' });
});
