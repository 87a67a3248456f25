// SPDX-License-Identifier: Apache-2.0
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryDir } from '../bootstrap/cache.mjs';
import { sourceFiles } from './boundaries.ts';

const licenceLine = 'SPDX-License-Identifier: Apache-2.0';
const forbiddenNames = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'misc',
  'manager',
  'base',
  'impl',
  'data',
  'info',
]);
const kebabCase =
  /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|prop\.test|int\.test|e2e\.test|soak|fixture|[a-z-]+\.test|d))?\.(ts|mts|mjs)$/;
const core = /^packages\/(model|policy|envoy|pki|detect)\/src\//;
const readmeLinesMax = 60;

function read(file: string): string {
  return readFileSync(path.join(repositoryDir, file), 'utf8');
}

function checkName(file: string): string[] {
  const segments = file.split('/');
  const name = segments.at(-1) ?? '';
  const words = [...segments.slice(2, -1), name.split('.')[0] ?? ''];
  const found = words.filter((word) => forbiddenNames.has(word));
  return [
    ...(kebabCase.test(name) ? [] : [`${file}: not in kebab-case`]),
    ...found.map((word) => `${file}: «${word}» says nothing about what is in it`),
  ];
}

function checkText(file: string): string[] {
  const lines = read(file).split('\n');
  const problems: string[] = [];
  if (!lines.slice(0, 2).some((line) => line.includes(licenceLine))) problems.push(`${file}:1: no «${licenceLine}»`);
  for (const [index, line] of lines.entries()) {
    const at = `${file}:${index + 1}`;
    if (/\b(TODO|FIXME)\b/.test(line) && !line.includes('/\\b(TODO'))
      problems.push(`${at}: unfinished work belongs into the issue`);
    if (/(eslint|oxlint)-disable/.test(line) && !/-- \S/.test(line) && !line.includes('/(eslint|oxlint)')) {
      problems.push(`${at}: a suppression names rule and reason (rule -- reason)`);
    }
    if (core.test(file) && !file.endsWith('.test.ts') && /\bnew Date\(\s*\)/.test(line)) {
      problems.push(`${at}: the core is pure: take the time as an argument`);
    }
  }
  return problems;
}

function checkPackages(): string[] {
  return globSync('packages/*/package.json', { cwd: repositoryDir }).flatMap((file) => {
    const readme = path.join(path.dirname(file), 'README.md');
    if (!existsSync(path.join(repositoryDir, readme))) return [`${readme}: missing`];
    const count = read(readme).trimEnd().split('\n').length;
    return count > readmeLinesMax ? [`${readme}: ${count} lines, at most ${readmeLinesMax}`] : [];
  });
}

/** Names, licence lines, left-over markers and READMEs: what no linter rule covers. */
export function checkLayout(): void {
  const files = sourceFiles();
  const problems = [...files.flatMap(checkName), ...files.flatMap(checkText), ...checkPackages()];
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
