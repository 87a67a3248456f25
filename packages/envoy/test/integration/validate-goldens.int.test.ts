// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { envoyVersions, validateEnvoyConfig, validateEnvoyConfigs } from '@signet/testing';
import { expand, type CommonValues } from '../golden-common.ts';
import { commonFile, goldenDir } from '../golden-case.ts';
import type { ResourceDocument } from '../resource-json.ts';
import { staticBootstrap } from '../static-bootstrap.ts';

const files = globSync('*/out.json', { cwd: goldenDir }).toSorted();

function readGolden(file: string): ResourceDocument {
  const common = JSON.parse(readFileSync(commonFile, 'utf8')) as CommonValues;
  const golden = JSON.parse(readFileSync(path.join(goldenDir, file), 'utf8')) as JsonObject;
  return expand(golden['resources'] as JsonValue, common) as ResourceDocument;
}

describe.each([...envoyVersions()])('Envoy %s', (version) => {
  test('accepts every golden', async () => {
    const bootstraps = new Map(files.map((file) => [file, staticBootstrap(readGolden(file))]));
    const verdicts = await validateEnvoyConfigs(bootstraps, version);
    const refused = [...verdicts]
      .filter(([, verdict]) => !verdict.isValid)
      .map(([file, verdict]) => ({ file, ...verdict }));
    expect(refused).toEqual([]);
    expect(verdicts.size).toBe(files.length);
    expect(verdicts.size).toBeGreaterThanOrEqual(40);
  }, 120_000);
});

test('what Envoy refuses is noticed', async () => {
  const text = JSON.stringify(staticBootstrap(readGolden('allow-operations/out.json')));
  const verdict = await validateEnvoyConfig(JSON.parse(text.replaceAll('"urlPath"', '"urlPathh"')) as JsonObject);
  expect(verdict).toMatchObject({ isValid: false, output: expect.stringContaining('urlPathh') });
}, 30_000);
