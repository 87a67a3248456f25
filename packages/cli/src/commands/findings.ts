// SPDX-License-Identifier: Apache-2.0
import type { Finding__Output } from '@signet/proto';
import { printRows, type Session } from '../session.ts';
import { formatTable, sanitise } from '../table.ts';
import { formatAge } from '../values.ts';

function formatEvidence(finding: Finding__Output): string {
  const signals = formatTable(
    [
      { heading: '  SIGNAL', text: (signal) => `  ${signal.name}` },
      { heading: 'HARD', text: (signal) => (signal.hard ? 'yes' : 'no') },
      { heading: 'VALUE', text: (signal) => signal.value },
    ],
    finding.signals,
    '  no signals',
  );
  const lines = [
    `${finding.namespace}/${finding.pod}: ${finding.message}`,
    `  reached through ${[...finding.services, ...finding.policies].join(', ') || 'nothing'}`,
    `  to clear it: ${finding.clears}`,
  ];
  return `\n${lines.map(sanitise).join('\n')}\n${signals}`;
}

/** Pods that do not belong where they are, with the facts. */
export async function showFindings(session: Session): Promise<number> {
  const answer = await session.connections.inventory().ListFindings({ namespace: session.namespace });
  const now = session.now();
  printRows(session, {
    json: answer,
    rows: answer.findings,
    empty: 'no findings',
    columns: [
      { heading: 'SEVERITY', text: (row) => row.severity },
      { heading: 'DETECTOR', text: (row) => row.detector },
      { heading: 'POD', text: (row) => `${row.namespace}/${row.pod}` },
      { heading: 'SINCE', text: (row) => formatAge(row.firstSeen, now) },
      { heading: 'ACTION', text: (row) => row.action },
      { heading: 'SIGNALS', text: (row) => String(row.signals.length) },
      { heading: 'SERVICES', text: (row) => row.services.join(',') },
    ],
  });
  if (session.format === 'table') session.streams.out.write(answer.findings.map(formatEvidence).join(''));
  return 0;
}
