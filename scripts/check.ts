// SPDX-License-Identifier: Apache-2.0
// `npm run check [-- WORD…]`: everything that can be judged without the real parts. With words, only the steps whose name
// contains one of them; with `--fix`, what can be put right by itself is.
import { staticSteps, formattedFiles } from './check/steps.ts';
import { findTests, runJest } from './jest/run-jest.ts';
import { runNodeProgram } from './node-program.ts';
import { runSteps, type Step } from './step-list.ts';

const unitTests: Step = {
  name: 'unit tests (jest)',
  run: async () => {
    const files = findTests('{packages,scripts}/**/*.test.ts').filter(
      (file) => !/\/test\/|\.int\.test\.ts$|^packages\/e2e\//.test(file),
    );
    const totals = await runJest({ files, isSerial: false, isQuiet: true, args: ['--silent'] });
    if (totals.failed > 0) throw new Error(`${totals.failed} of ${totals.passed + totals.failed} failed`);
    process.stderr.write(`     ${totals.passed} tests in ${totals.files.length} files\n`);
  },
};

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
if (process.argv.includes('--fix')) {
  await runNodeProgram({ file: 'node_modules/oxlint/bin/oxlint', args: ['--type-aware', '--fix', '.'] });
  await runNodeProgram({ file: 'node_modules/prettier/bin/prettier.cjs', args: ['--write', ...formattedFiles] });
}
const steps = [...staticSteps, unitTests].filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const { passed, failed } = await runSteps(steps);
process.stderr.write(`${passed} steps passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
