// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
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

function signetd(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } });
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    child.once('exit', (code) => resolve({ code, out, err }));
  });
}

function fileWith(text: string): string {
  const file = path.join(directory, 'signetd.yaml');
  writeFileSync(file, text);
  return file;
}

const good = `
trustBundleFile: /tmp/roots.pem
controlPlane: { tokenFile: /tmp/token }
tokens: { issuer: https://issuer.test, jwksFile: /tmp/jwks.json }
source: { kind: manifests, directories: [/tmp/cluster] }
database: { url: postgres://signet:hunter2@127.0.0.1/signet }
ca: { keyFile: /tmp/master.key }
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

test('a component that cannot start ends the process with 1', async () => {
  const file = fileWith(good.replace('/tmp/master.key', '/no/such/key'));
  const { code, err } = await signetd(['ca', '--config', file, '--listen.host', '127.0.0.1', '--listen.portBase', '0']);
  expect(code).toBe(1);
  expect(err).toContain('start failed');
});
