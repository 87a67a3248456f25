// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

const bootstrap = path.join(import.meta.dirname, 'bootstrap.mjs');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bootstrap, ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('bootstrap', () => {
  test('keeps stdout for the command and says on stderr what is wrong with one that it does not know', async () => {
    const { code, stdout, stderr } = await run(['deploy']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^signet: no command «deploy»; there are demo, test, /);
  });

  test('names a program of the user that does not exist', async () => {
    const { code, stdout, stderr } = await run(['parts', 'bench'], { SIGNET_ENVOY: '/nowhere/envoy' });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('SIGNET_ENVOY names /nowhere/envoy, which does not exist');
  });
});
