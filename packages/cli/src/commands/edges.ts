// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';
import { formatAge } from '../values.ts';

/** Who called whom, over what, and which rule decided. */
export async function showEdges(session: Session): Promise<number> {
  const answer = await session.connections.inventory().ListEdges({ namespace: session.namespace });
  const now = session.now();
  printRows(session, {
    json: answer,
    rows: answer.edges,
    empty: 'no calls seen',
    columns: [
      { heading: 'FROM', text: (row) => row.source },
      { heading: 'TO', text: (row) => row.destination },
      { heading: 'POD', text: (row) => `${row.destinationPod}:${row.destinationPort}` },
      { heading: 'OVER', text: (row) => [row.transport, row.tlsVersion].filter(Boolean).join(' ') },
      { heading: 'VERDICT', text: (row) => row.verdict },
      { heading: 'CALLS', text: (row) => String(row.calls) },
      { heading: 'LAST', text: (row) => formatAge(row.lastSeen, now) },
      { heading: 'RULE', text: (row) => row.rule },
    ],
  });
  return 0;
}
