// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';

/** Every address behind every Service, with the reason for its being offered or withheld. */
export async function showEndpoints(session: Session): Promise<number> {
  const answer = await session.connections.inventory().ListEndpoints({ namespace: session.namespace });
  printRows(session, {
    json: answer,
    rows: answer.endpoints,
    empty: 'no endpoints',
    columns: [
      { heading: 'SERVICE', text: (row) => `${row.namespace}/${row.service}` },
      { heading: 'PORT', text: (row) => row.portName },
      { heading: 'ADDRESS', text: (row) => `${row.address}:${row.port}` },
      { heading: 'POD', text: (row) => row.pod },
      { heading: 'OFFERED', text: (row) => (row.offered ? 'yes' : 'no') },
      { heading: 'REASON', text: (row) => row.reason },
      { heading: 'MESSAGE', text: (row) => row.message },
    ],
  });
  return 0;
}
