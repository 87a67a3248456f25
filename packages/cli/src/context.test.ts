// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultContextFile, loadContext } from './context.ts';

const full = {
  discoveryGrpc: '127.0.0.1:15022',
  configGrpc: '127.0.0.1:15016',
  caToken: '127.0.0.1:15012',
  rootsFile: '/roots.pem',
  tokenFile: '/token',
  controlPlaneIds: ['spiffe://mesh.test/ns/signet-system/sa/signetd'],
  execCommand: { socket: '/exec.sock' },
  pid: 1,
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-context-'));
  mkdirSync(path.join(directory, 'signet'));
  writeFileSync(path.join(directory, 'signet/context.json'), JSON.stringify(full));
  writeFileSync(path.join(directory, 'partial.json'), JSON.stringify({ discoveryGrpc: 'a:1' }));
  writeFileSync(path.join(directory, 'broken.json'), '{');
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('loadContext', () => {
  test('finds the running playground', () => {
    const env = { XDG_STATE_HOME: directory };
    expect(defaultContextFile(env)).toBe(path.join(directory, 'signet/context.json'));
    expect(loadContext({}, env)).toMatchObject({
      ok: true,
      value: { caToken: '127.0.0.1:15012', execSocket: '/exec.sock' },
    });
  });

  test('flags win', () => {
    expect(loadContext({ ca: 'x:1' }, { XDG_STATE_HOME: directory })).toMatchObject({
      ok: true,
      value: { caToken: 'x:1' },
    });
  });

  test('flags alone are enough', () => {
    const flags = { discovery: 'a:1', configAddress: 'b:2', ca: 'c:3', roots: '/r', tokenFile: '/t' };
    expect(loadContext(flags, { XDG_STATE_HOME: '/none' })).toMatchObject({
      ok: true,
      value: { execSocket: undefined },
    });
  });

  test.each([
    ['none', { env: { XDG_STATE_HOME: '/none' } }, /no mesh found.*npm run demo/],
    ['a named one that is missing', { flag: '/none.json' }, /\/none\.json/],
    ['an incomplete one', { flag: 'partial.json' }, /configGrpc, caToken, rootsFile, tokenFile missing/],
    ['a broken one', { named: 'broken.json' }, /broken\.json/],
  ] as const)('%s is explained', (_, from, message) => {
    const outcome = loadContext(
      'flag' in from ? { context: path.resolve(directory, from.flag) } : {},
      'named' in from ? { SIGNET_CONTEXT: path.resolve(directory, from.named) } : 'env' in from ? from.env : {},
    );
    expect(outcome).toEqual({ ok: false, error: expect.stringMatching(message) });
  });
});
