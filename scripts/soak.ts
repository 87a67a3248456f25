// SPDX-License-Identifier: Apache-2.0
// `npm run test:soak [-- PATH…]`: tests that run for long or kill things many times, `packages/e2e/soak/*.soak.ts`.
import { findTests, runJest } from './jest/run-jest.ts';

const wanted = process.argv.slice(2);
const files = findTests('packages/e2e/soak/*.soak.ts').filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
);
const totals = await runJest({ files, isSerial: true, args: ['--testMatch', '**/*.soak.ts'] });
const failed = totals.failed + totals.skipped.length + (files.length === 0 ? 1 : 0);
process.stdout.write(`${totals.passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
