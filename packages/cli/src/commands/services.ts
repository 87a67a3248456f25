// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';

/** Every Service with its ports and how many of its endpoints are offered. */
export async function showServices(session: Session): Promise<number> {
  const answer = await session.connections.inventory().ListServices({ namespace: session.namespace });
  printRows(session, {
    json: answer,
    rows: answer.services,
    empty: 'no Services',
    columns: [
      { heading: 'NAMESPACE', text: (row) => row.namespace },
      { heading: 'NAME', text: (row) => row.name },
      { heading: 'ADDRESS', text: (row) => (row.headless ? 'none' : row.clusterIps.join(',')) },
      { heading: 'PORTS', text: (row) => row.ports.map((port) => `${port.port}/${port.protocol}`).join(',') },
      { heading: 'OFFERED', text: (row) => String(row.offered) },
      { heading: 'WITHHELD', text: (row) => String(row.withheld) },
    ],
  });
  return 0;
}
