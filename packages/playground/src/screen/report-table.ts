// SPDX-License-Identifier: Apache-2.0
import type { DemoReport } from './demo-report.ts';
import { formatTable } from './table.ts';

/** The outcome of `--once` for people. */
export function reportLines(report: DemoReport): string[] {
  return [
    ...formatTable(
      ['FROM', 'TO', 'EXPECTED', 'VERDICT', 'MTLS', 'CLIENT SERIAL', 'RULE'],
      report.calls.map((call) => [
        call.from,
        call.to,
        call.expected,
        call.verdict,
        call.mtls ? 'yes' : 'no',
        call.clientSerial?.slice(0, 12) ?? '',
        call.rule ?? '',
      ]),
    ),
    '',
    ...report.findings.map(
      (finding) =>
        `${finding.severity} ${finding.detector} ${finding.namespace}/${finding.pod}: ${finding.signals.map(({ name, value }) => `${name} = ${value}`).join('; ')}`,
    ),
    `${report.workloads.length} pods, ${report.proxies.length} proxies, ${report.calls.length} calls`,
  ];
}
