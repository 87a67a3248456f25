// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { abbreviate, commonValues } from './golden-common.ts';
import { commonFile, goldenDir, listGoldenCases, runGoldenCase } from './golden-case.ts';
import { formatJson } from './resource-json.ts';

const isUpdating = process.env['SIGNET_UPDATE_GOLDEN'] === '1';

const common = commonValues();

function expectFile(file: string, actual: string): void {
  if (isUpdating) writeFileSync(file, actual);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(actual);
}

describe('golden', () => {
  test('updates are never made in CI', () => {
    expect(isUpdating && process.env['CI'] !== undefined).toBe(false);
  });

  test('there are enough cases, and nothing but cases', () => {
    const strays = readdirSync(goldenDir).filter((entry) => !existsSync(path.join(goldenDir, entry, 'in.yaml')));
    expect(strays).toEqual([]);
    expect(listGoldenCases().length).toBeGreaterThanOrEqual(40);
  });

  test('values that all cases share', () => {
    expectFile(commonFile, `${formatJson({ ...common })}\n`);
  });

  test.each(listGoldenCases())('%s', (name) => {
    const document = abbreviate(runGoldenCase(name).document, common);
    expectFile(path.join(goldenDir, name, 'out.json'), `${formatJson(document)}\n`);
  });
});
