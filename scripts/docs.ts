// SPDX-License-Identifier: Apache-2.0
// Writes the generated pages of docs/; with --check it only tells which are out of date, and fails then.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildCliPage } from './docs/cli-page.ts';
import { buildConfigPage } from './docs/config-page.ts';
import { buildErrorsPage } from './docs/errors-page.ts';
import { buildMetricsPage } from './docs/metrics-page.ts';

const docsDir = path.resolve(import.meta.dirname, '../docs');
const isCheck = process.argv.includes('--check');
let stale = 0;

for (const page of [buildErrorsPage(), buildConfigPage(), buildMetricsPage(), buildCliPage()]) {
  const file = path.join(docsDir, page.file);
  if (existsSync(file) && readFileSync(file, 'utf8') === page.text) continue;
  if (isCheck) {
    stale += 1;
    process.stderr.write(`docs/${page.file} is out of date: run «node scripts/docs.ts»\n`);
  } else {
    writeFileSync(file, page.text);
    process.stdout.write(`docs/${page.file} written\n`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
