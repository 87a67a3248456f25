// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';
import { formatAge, formatRemaining } from '../values.ts';

/** Every pod with its origin, identity and certificate. */
export async function showWorkloads(session: Session): Promise<number> {
  const answer = await session.connections.inventory().ListWorkloads({ namespace: session.namespace });
  const now = session.now();
  printRows(session, {
    json: answer,
    rows: answer.workloads,
    empty: 'no workloads',
    columns: [
      { heading: 'NAMESPACE', text: (row) => row.namespace },
      { heading: 'POD', text: (row) => row.name },
      { heading: 'ORIGIN', text: (row) => `${row.workloadKind}/${row.workloadName}` },
      { heading: 'ENROLLED', text: (row) => (row.enrolled ? 'yes' : 'no') },
      { heading: 'STATE', text: (row) => (row.terminating ? 'Terminating' : row.ready ? 'Ready' : row.phase) },
      { heading: 'AGE', text: (row) => formatAge(row.createdAt, now) },
      { heading: 'IDENTITY', text: (row) => row.certificate?.spiffeId ?? row.spiffeId },
      { heading: 'SERIAL', text: (row) => row.certificate?.serial ?? '' },
      { heading: 'EXPIRES', text: (row) => formatRemaining(row.certificate?.notAfter, now) },
    ],
  });
  return 0;
}
