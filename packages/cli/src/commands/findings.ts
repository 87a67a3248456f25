// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';
import { formatAge } from '../values.ts';

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
      { heading: 'SERVICES', text: (row) => row.services.join(',') },
      { heading: 'SIGNALS', text: (row) => row.signals.map((signal) => `${signal.name}=${signal.value}`).join('; ') },
      { heading: 'MESSAGE', text: (row) => row.message },
    ],
  });
  return 0;
}
