// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parsePlaygroundOptions } from './options.ts';

const env = { HOME: '/home/someone' };

describe('parsePlaygroundOptions', () => {
  test('fills in the defaults', () => {
    const parsed = parsePlaygroundOptions([], env);
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        stateDirectory: '/home/someone/.local/state/signet',
        portBase: 15_000,
        attestation: true,
        isOnce: false,
        isJson: false,
      },
    });
  });

  test('reads everything', () => {
    const parsed = parsePlaygroundOptions(
      [
        '--mesh',
        '/tmp',
        '--state',
        '/x/y',
        '--port-base',
        '20000',
        '--without',
        'attestation',
        '--once',
        '-o',
        'json',
        '--split',
      ],
      env,
    );
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        meshDirectory: '/tmp',
        stateDirectory: '/x/y',
        portBase: 20_000,
        attestation: false,
        isOnce: true,
        isJson: true,
        isSplit: true,
      },
    });
  });

  test.each([
    [['--mesh', '/nowhere/at/all'], '--mesh'],
    [['--state', '/run/user/1/x'], '--state'],
    [['--state', '/'], '--state'],
    [['--port-base', 'x'], '--port-base'],
    [['--port-base', '80'], '--port-base'],
    [['--without', 'policy'], '--without'],
    [['-o', 'yaml', '--once'], '-o'],
    [['-o', 'json'], '-o json'],
    [['--kubeconfig', '/nowhere'], '--kubeconfig'],
    [['--colour'], '--colour'],
  ])('refuses %j naming the option', (args, option) => {
    const parsed = parsePlaygroundOptions(args, env);
    expect(parsed.ok ? [] : parsed.error).toEqual([expect.stringContaining(option)]);
  });

  test('lists all problems at once', () => {
    const parsed = parsePlaygroundOptions(['--without', 'x', '--port-base', 'y'], env);
    expect(parsed.ok ? [] : parsed.error).toHaveLength(2);
  });
});
