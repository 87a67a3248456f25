// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { expand, type CommonValues } from '../golden-common.ts';
import { commonFile, goldenDir } from '../golden-case.ts';
import type { ResourceDocument } from '../resource-json.ts';
import { staticBootstrap } from '../static-bootstrap.ts';

const versions = ['1.40.0', '1.39.3', '1.38.3'];
const toolsDir = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'signet/tools');
const scratch = mkdtempSync(path.join(tmpdir(), 'signet-validate-'));
const files = globSync('*/out.json', { cwd: goldenDir }).toSorted();

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function envoyBinary(version: string): string {
  const binary = path.join(toolsDir, `envoy-${version}/envoy`);
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run the installer of the real parts`);
  return binary;
}

function readGolden(file: string): ResourceDocument {
  const common = JSON.parse(readFileSync(commonFile, 'utf8')) as CommonValues;
  const golden = JSON.parse(readFileSync(path.join(goldenDir, file), 'utf8')) as JsonObject;
  return expand(golden['resources'] as JsonValue, common) as ResourceDocument;
}

/** Empty when Envoy accepts the file. */
function validate(binary: string, bootstrap: JsonObject): Promise<string> {
  const file = path.join(scratch, 'bootstrap.json');
  writeFileSync(file, JSON.stringify(bootstrap));
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ['--mode', 'validate', '-c', file, '-l', 'error'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code === 0 ? '' : text || `ended by ${signal ?? code}`));
  });
}

describe.each(versions)('Envoy %s', (version) => {
  const binary = envoyBinary(version);

  test('accepts every golden', async () => {
    let validated = 0;
    for (const file of files) {
      expect({ file, problem: await validate(binary, staticBootstrap(readGolden(file))) }).toEqual({ file, problem: '' });
      validated += 1;
    }
    expect(validated).toBe(files.length);
    expect(validated).toBeGreaterThanOrEqual(40);
  }, 120_000);
});

test('what Envoy refuses is noticed', async () => {
  const document = JSON.parse(JSON.stringify(readGolden('allow-operations/out.json'))) as ResourceDocument;
  const broken = JSON.stringify(staticBootstrap(document)).replaceAll('"urlPath"', '"urlPathh"');
  expect(await validate(envoyBinary('1.40.0'), JSON.parse(broken) as JsonObject)).toMatch(/urlPathh/);
});
