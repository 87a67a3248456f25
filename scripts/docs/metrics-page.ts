// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildPage, formatMarkdownTable, type Page } from './markdown.ts';

const repositoryDir = path.resolve(import.meta.dirname, '../..');
const anyCall = /\bmetrics\s*\??\s*\.(counter|gauge|histogram)\(/g;
const literalCall =
  /\bmetrics\s*\??\s*\.(counter|gauge|histogram)\(\s*'([^']+)',\s*'((?:[^'\\]|\\.)+)'(?:,\s*\[([^\]]*)\])?/g;

interface Metric {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly labels: string;
}

function readMetrics(file: string): readonly Metric[] {
  const text = readFileSync(path.join(repositoryDir, file), 'utf8');
  const component = file.split('/')[1] ?? '';
  const found = [...text.matchAll(literalCall)].map(([, kind = '', name = '', help = '', labels = '']) => ({
    name: name.startsWith('signet_') ? name : `signet_${component.replaceAll('-', '_')}_${name}`,
    kind,
    help: help.replaceAll(/\\(.)/g, '$1'),
    labels: labels.replaceAll(/['\s]/g, '').replaceAll(',', ', ').replace(/, $/, ''),
  }));
  // Whatever is not written as literals would be missing from the page in silence.
  const expected = [...text.matchAll(anyCall)].length;
  if (found.length !== expected)
    throw new Error(`${file}: ${expected} metrics, ${found.length} with literal name and help`);
  return found;
}

/** docs/metrics.md. */
export function buildMetricsPage(): Page {
  const files = globSync('packages/*/src/**/*.ts', { cwd: repositoryDir })
    .filter((file) => !file.endsWith('.test.ts') && !file.startsWith('packages/testing/'))
    .toSorted();
  const metrics = files.flatMap(readMetrics).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return buildPage({
    file: 'metrics.md',
    title: 'Metrics',
    source: 'the calls that register them',
    parts: [
      'In Prometheus’ text format at `/metrics` of the health port, beside Node’s own (`nodejs_*`, `process_*`). Label values come from closed sets: never a name, an id or a message.',
      formatMarkdownTable(
        ['Name', 'Kind', 'Labels', 'Meaning'],
        metrics.map((metric) => [`\`${metric.name}\``, metric.kind, metric.labels, metric.help]),
      ),
    ],
  });
}
