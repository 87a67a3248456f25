// SPDX-License-Identifier: Apache-2.0
// `npm test [-- PATH…]`: the static checks and every test against the real parts. The last line of stdout is the result.
// With paths, only the test files whose path contains one of them, and no static checks.
import path from 'node:path';
import { repositoryDir } from './bootstrap/cache.mjs';
import { staticSteps } from './check/steps.ts';
import { findTests, runJest, type JestTotals } from './jest/run-jest.ts';
import { findProgram, runQuietly } from './bootstrap/run.mjs';
import { runSteps, type Step } from './step-list.ts';

/** Suites that start big programs; two at once on a small machine would time out, not find anything. */
const needsRealParts = /\.(int|e2e)\.test\.ts$|^packages\/e2e\//;

const goFormat: Step = {
  name: 'Go format (gofmt)',
  run: async () => {
    const unformatted = await runQuietly(findProgram('gofmt') ?? 'gofmt', [
      '-l',
      path.join(repositoryDir, 'scripts/go'),
    ]);
    if (unformatted !== '') throw new Error(unformatted);
  },
};

const wanted = process.argv.slice(2);
const files = findTests('{packages,scripts}/**/*.test.ts').filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
);

const checks = wanted.length === 0 ? await runSteps([...staticSteps, goFormat]) : { passed: 0, failed: 0 };
const light = await runJest({ files: files.filter((file) => !needsRealParts.test(file)), isSerial: false });
const heavy = await runJest({ files: files.filter((file) => needsRealParts.test(file)), isSerial: true });

const runs: readonly JestTotals[] = [light, heavy];
const ran = new Set(runs.flatMap((run) => run.files));
const notRun = [
  ...files.filter((file) => !ran.has(file)).map((file) => `${file} did not run`),
  ...runs.flatMap((run) => run.skipped).map((name) => `skipped: ${name}`),
];
if (files.length === 0) notRun.push('no test file matches');
for (const problem of notRun) process.stderr.write(`${problem}\n`);

const sum = (of: (totals: { passed: number; failed: number }) => number): number =>
  [checks, ...runs].reduce((total, part) => total + of(part), 0);
const failed = sum((part) => part.failed) + notRun.length;
process.stdout.write(`${sum((part) => part.passed)} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
