// SPDX-License-Identifier: Apache-2.0
import { globSync } from 'node:fs';
import { repositoryDir } from '../bootstrap/cache.mjs';
import { runNodeProgram } from '../node-program.ts';

interface Report {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly comment?: string;
      readonly rule: { readonly name: string; readonly severity: string };
    }[];
  };
}

/** Every TypeScript file of ours, relative to the repository. */
export function sourceFiles(): string[] {
  return globSync(['packages/**/*.ts', 'scripts/**/*.ts'], {
    cwd: repositoryDir,
    exclude: (name) => name === 'node_modules' || name === 'generated',
  }).filter((file) => !/(^|\/)(node_modules|generated)\//.test(file));
}

/** Checks the import rules, and that the checker saw every file: it passes on none without a word. */
export async function checkBoundaries(): Promise<void> {
  // Listed before: a file that comes into being meanwhile is no omission.
  const files = sourceFiles();
  const { stdout, output } = await runNodeProgram({
    file: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'packages', 'scripts'],
  });
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    throw new Error(output.trimEnd());
  }
  const seen = new Set(report.modules.map((module) => module.source));
  const unseen = files.filter((file) => !seen.has(file));
  const problems = [
    ...report.summary.violations.map(
      ({ rule, from, to, comment }) => `${from} → ${to}: ${rule.name}${comment === undefined ? '' : ` (${comment})`}`,
    ),
    ...unseen.map((file) => `${file}: not inspected`),
  ];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  process.stderr.write(`     ${seen.size} modules inspected, ${files.length} files on disk\n`);
}
