// SPDX-License-Identifier: Apache-2.0
import { createProgram } from '@signet/cli';
import { buildPage, type Page } from './markdown.ts';

/** docs/cli.md. */
export function buildCliPage(): Page {
  const silent = { write: () => true };
  const program = createProgram({
    out: silent,
    err: silent,
    exec: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    env: {},
    now: () => new Date(0),
    setExitCode: () => {},
  });
  const commands = [program, ...program.commands];
  for (const command of commands) command.configureHelp({ helpWidth: 100 });
  return buildPage({
    file: 'cli.md',
    title: 'Command line',
    source: 'packages/cli/src/program.ts',
    parts: [
      'In a clone: `npx --no signet …`. It finds a running playground by itself. `-o json` prints the messages of `protos/` with camel-case keys and RFC 3339 times. Exit codes: 0 good, 1 failed or not as it should be, 2 wrong command line; `exec` passes on the exit code of its command.',
      '`signet wait` succeeds when every proxy has acknowledged what the present files ask of it; it prints files that do not parse (`file:line:column: reason`) and the pods that rejected or did not answer, and fails then.',
      ...commands.flatMap((command) => [
        command === program ? '## signet' : `## signet ${command.name()}`,
        `\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\``,
      ]),
    ],
  });
}
