// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
jest.setTimeout(120_000);
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'signetd-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end; asks it to stop as soon as it logs `stopAt`. */
function signetd(args: readonly string[], env: NodeJS.ProcessEnv = {}, stopAt?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      timeout: 60_000,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => {
      err += bytes.toString();
      if (stopAt !== undefined && err.includes(stopAt)) child.kill('SIGTERM');
    });
    child.once('exit', (code) => resolve({ code, out, err }));
  });
}

function fileWith(text: string): string {
  const file = path.join(directory, 'signetd.yaml');
  writeFileSync(file, text);
  return file;
}

const good = `
trustBundleFile: /nowhere/roots.pem
controlPlane: { tokenFile: /nowhere/token }
tokens: { issuer: https://issuer.test, jwksFile: /nowhere/jwks.json }
source: { kind: manifests, directories: [/nowhere/cluster] }
database: { url: postgres://signet:hunter2@127.0.0.1/signet }
ca: { keyFile: /nowhere/master.key }
`;

test('all problems of a configuration are reported at once, and end it with 2', async () => {
  const file = fileWith('listen: { portBase: high }\nlogg: {}\nca:\n  keyFile: 7\n');
  const { code, err } = await signetd(['ca', 'discovery', 'config', '--config', file]);
  expect(code).toBe(2);
  for (const place of [
    'trustBundleFile: missing',
    `${file}:1: listen.portBase:`,
    `${file}:2: logg: unknown key`,
    `${file}:4: ca.keyFile:`,
  ]) {
    expect(err).toContain(place);
  }
});

test('a wrong command line ends it with 2 and says what there is', async () => {
  expect(await signetd(['injector'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('there are ca, discovery, config'),
  });
  expect(await signetd([])).toMatchObject({ code: 2, err: expect.stringContaining('name at least one component') });
  expect(await signetd(['--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('usage: signetd COMPONENT…'),
  });
});

test('--print-config shows what is in effect, without secrets', async () => {
  const { code, out } = await signetd(
    ['config', '--config', fileWith(good), '--print-config', '--log.level', 'debug'],
    {
      SIGNET_LISTEN_PORT_BASE: '21000',
    },
  );
  expect(code).toBe(0);
  expect(out).not.toContain('hunter2');
  expect(JSON.parse(out)).toMatchObject({
    trustDomain: 'cluster.local',
    listen: { host: '0.0.0.0', portBase: 21_000 },
    log: { level: 'debug' },
    database: { url: '[redacted]' },
  });
});

test('what cannot start ends the process with 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const file = fileWith(good);
  const { code, err } = await signetd([
    'config',
    '--config',
    file,
    '--listen.host',
    '127.0.0.1',
    '--listen.healthPort',
    String(port),
  ]);
  taken.close();
  expect(code).toBe(1);
  expect(err).toContain('EADDRINUSE');
});

test('a process that waits for what it needs stops at a signal, with 0', async () => {
  const { code, err } = await signetd(
    ['config', '--config', fileWith(good), '--listen.host', '127.0.0.1', '--listen.portBase', '0'],
    {},
    'listening',
  );
  expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('stopping') });
});
