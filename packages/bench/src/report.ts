// SPDX-License-Identifier: Apache-2.0
import type { Report, Result } from './benchmark.ts';

function formatRate(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString('en') : rate.toPrecision(3);
}

function formatResult(name: string, result: Result): string {
  const spread = `${formatRate(Math.min(...result.rates))} to ${formatRate(Math.max(...result.rates))}`;
  const counters = Object.entries(result.counters).map(
    ([counter, count]) => `${counter} ${Math.round(count * 100) / 100}`,
  );
  return `  ${name.padEnd(10)} ${formatRate(result.rate).padStart(9)}/s  (${result.rates.length} runs, ${spread})  ${counters.join(', ')}`.trimEnd();
}

/** A report for people. */
export function formatReport(report: Report): string {
  const named: (readonly [string, Result])[] = [
    ...(report.ours === undefined ? [] : [['ours', report.ours] as const]),
    ...(report.floor === undefined ? [] : [['floor', report.floor] as const]),
    ...Object.entries(report.peers),
  ];
  return [
    `${report.name}: ${report.operation}`,
    `  ${Object.entries(report.machine)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
    `  ${Object.entries(report.versions)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
    ...named.map(([name, result]) => formatResult(name, result)),
    ...Object.entries(report.ratios).map(([name, ratio]) => `  ours / ${name} = ${ratio.toPrecision(3)}`),
    ...report.problems.map((problem) => `  NOT VALID: ${problem}`),
    '',
  ].join('\n');
}
