// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parseCommandLine } from './command-line.ts';

function parse(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return parseCommandLine(args, env);
}

describe('parseCommandLine', () => {
  test('components, file and settings in any order', () => {
    expect(parse(['ca', '--listen.portBase', '16000', 'config', '--config=/a.yaml', '--log.level=debug'])).toEqual({
      ok: true,
      value: {
        components: ['ca', 'config'],
        file: '/a.yaml',
        printConfig: false,
        help: false,
        overrides: { 'listen.portBase': '16000', 'log.level': 'debug' },
      },
    });
  });

  test('the environment names a file, the flag wins', () => {
    expect(parse(['ca'], { SIGNET_CONFIG: '/env.yaml' })).toMatchObject({ value: { file: '/env.yaml' } });
    expect(parse(['ca', '--config', '/x'], { SIGNET_CONFIG: '/env.yaml' })).toMatchObject({ value: { file: '/x' } });
  });

  test('a component that is named twice runs once', () => {
    expect(parse(['ca', 'ca'])).toMatchObject({ value: { components: ['ca'] } });
  });

  test.each([
    [[], ['name at least one component']],
    [
      ['ca', 'cb', '--config'],
      ['«cb» is no component; there are ca, discovery, config', '--config needs a value'],
    ],
    [['-x'], ['«-x» is no component; there are ca, discovery, config']],
  ])('%j is refused', (args, problems) => {
    expect(parse(args)).toEqual({ ok: false, error: problems });
  });

  test('help needs nothing else', () => {
    expect(parse(['--help'])).toMatchObject({ ok: true, value: { help: true } });
  });
});
