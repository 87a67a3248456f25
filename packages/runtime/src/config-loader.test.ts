// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { listConfigLeaves, secretText } from './config-leaves.ts';
import { ConfigError, loadConfig, redactConfig } from './config-loader.ts';
import { meshConfigSchema } from './mesh-config.ts';

const schema = z.strictObject({
  name: z.string().describe('What it is called.'),
  listen: z.strictObject({ portBase: z.int().default(15_000), hosts: z.array(z.string()).default([]) }).prefault({}),
  tls: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('file'), path: z.string() }),
      z.strictObject({ kind: z.literal('off') }),
    ])
    .optional(),
  database: z.strictObject({ password: secretText('Secret.').optional() }).prefault({}),
});

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'signet-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(text: string): string {
  const file = path.join(directory, `${Math.random()}.yaml`);
  writeFileSync(file, text);
  return file;
}

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  test('file, environment, flags and overrides, the later ones win', () => {
    const config = loadConfig({
      schema,
      file: fileWith('name: a\nlisten: { portBase: 1, hosts: [x] }\n'),
      env: { T_LISTEN_PORT_BASE: '2', T_LISTEN_HOSTS: '[y, z]', T_TLS_KIND: 'off', T_DATABASE_PASSWORD: '007' },
      envPrefix: 'T',
      flags: { 'listen.portBase': '3' },
      overrides: { name: 'b' },
    });
    expect(config).toEqual({
      name: 'b',
      listen: { portBase: 3, hosts: ['y', 'z'] },
      tls: { kind: 'off' },
      database: { password: '007' },
    });
    expect(Object.isFrozen(config.listen.hosts)).toBe(true);
  });

  test('reports all problems at once, with file and line', () => {
    const file = fileWith('listen:\n  portBase: many\n  prot: 1\nextra: 1\n');
    expect(problemsOf(() => loadConfig({ schema, file, env: {}, envPrefix: 'T' }))).toEqual([
      'name: missing; set it in the file or as T_NAME',
      expect.stringContaining(`${file}:2: listen.portBase: `),
      `${file}:3: listen.prot: unknown key`,
      `${file}:4: extra: unknown key`,
    ]);
  });

  test('a file that does not parse is the only problem', () => {
    const file = fileWith('name: [a\nlisten: 1\n');
    const problems = problemsOf(() => loadConfig({ schema, file, env: {}, envPrefix: 'T' }));
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(new RegExp(`^${file}:\\d+:\\d+: `));
  });

  test.each(['- a\n', 'text\n', '12\n'])('a file that holds %j is refused', (text) => {
    expect(
      problemsOf(() => loadConfig({ schema, file: fileWith(text), env: {}, envPrefix: 'T' })).length,
    ).toBeGreaterThan(0);
  });

  test('an empty file counts as an empty mapping', () => {
    expect(problemsOf(() => loadConfig({ schema, file: fileWith(''), env: { T_NAME: 'x' }, envPrefix: 'T' }))).toEqual(
      [],
    );
  });

  test('a missing file is named', () => {
    const [problem] = problemsOf(() => loadConfig({ schema, file: '/no/such/file', env: {}, envPrefix: 'T' }));
    expect(problem).toContain('/no/such/file: cannot be read');
  });

  test('an unknown flag is an unknown key, and no flag reaches the prototype', () => {
    const flags = { name: 'a', 'listen.prot': '1', '__proto__.polluted': 'yes' };
    expect(problemsOf(() => loadConfig({ schema, env: {}, envPrefix: 'T', flags }))).toEqual([
      'listen.prot: unknown key',
    ]);
    expect({}).not.toHaveProperty('polluted');
  });
});

test('redactConfig hides secrets and keeps the rest', () => {
  const config = loadConfig({
    schema,
    env: { T_NAME: 'a', T_DATABASE_PASSWORD: 'hunter2' },
    envPrefix: 'T',
  });
  expect(redactConfig(schema, config)).toEqual({
    name: 'a',
    listen: { portBase: 15_000, hosts: [] },
    database: { password: '[redacted]' },
  });
});

test('listConfigLeaves finds settings below optional and tagged places', () => {
  expect(listConfigLeaves(schema, 'T').map((leaf) => [leaf.path, leaf.envName, leaf.isRequired])).toEqual([
    ['name', 'T_NAME', true],
    ['listen.portBase', 'T_LISTEN_PORT_BASE', false],
    ['listen.hosts', 'T_LISTEN_HOSTS', false],
    ['tls.kind', 'T_TLS_KIND', false],
    ['tls.path', 'T_TLS_PATH', false],
    ['database.password', 'T_DATABASE_PASSWORD', false],
  ]);
});

describe('the shared settings', () => {
  const minimal = { trustBundleFile: '/roots.pem' };

  test('need little', () => {
    const config = loadConfig({ schema: meshConfigSchema, env: {}, envPrefix: 'SIGNET', overrides: minimal });
    expect(config).toMatchObject({
      trustDomain: 'cluster.local',
      controlPlane: { accounts: ['signet-system/signetd'], caAddress: '127.0.0.1:15012' },
      listen: { host: '0.0.0.0', portBase: 15_000 },
    });
  });

  test.each([
    [{ 'tokens.issuer': 'https://x' }, 'tokens.jwksFile'],
    [{ 'tokens.issuer': 'https://x', 'tokens.jwksFile': '/a', 'tokens.jwksUrl': 'https://b' }, 'tokens.jwksFile'],
    [{ 'source.kind': 'rumour' }, 'source.kind'],
    [{ 'controlPlane.accounts': ['no-slash'] }, 'controlPlane.accounts.0'],
    [{ 'controlPlane.caAddress': 'nowhere' }, 'controlPlane.caAddress'],
    [{ trustDomain: 'Not A Domain' }, 'trustDomain'],
    [{ 'log.level': 'loud' }, 'log.level'],
  ])('refuse %j', (overrides, path) => {
    const problems = problemsOf(() =>
      loadConfig({ schema: meshConfigSchema, env: {}, envPrefix: 'SIGNET', overrides: { ...minimal, ...overrides } }),
    );
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${path.replaceAll('.', '\\.')}: `))]);
  });
});
