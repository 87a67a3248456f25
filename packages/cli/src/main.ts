// SPDX-License-Identifier: Apache-2.0
import { CommanderError } from 'commander';
import { createProgram, describeError } from './program.ts';

const exitUsage = 2;

const program = createProgram({
  out: process.stdout,
  err: process.stderr,
  exec: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
  env: process.env,
  now: () => new Date(),
  setExitCode: (code) => {
    process.exitCode = code;
  },
});
for (const command of [program, ...program.commands]) command.exitOverride();
// A reader that has seen enough (`signet services | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitUsage;
  else {
    process.stderr.write(describeError(error));
    process.exitCode = 1;
  }
}
