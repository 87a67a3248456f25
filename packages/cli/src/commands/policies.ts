// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';
import { sanitise } from '../table.ts';

/** What became of every policy object, and which files do not parse. Fails when a file does not parse. */
export async function showPolicies(session: Session): Promise<number> {
  const { connections, namespace } = session;
  const [read, status] = await Promise.all([
    connections.inventory().ListPolicies({ namespace }),
    connections.proxyStatus().then((client) => client.ListPolicyStatus({})),
  ]);
  const statuses = new Map(status.policies.map((entry) => [`${entry.kind}/${entry.namespace}/${entry.name}`, entry]));
  const rows = read.policies.map((policy) => {
    const known = statuses.get(`${policy.kind}/${policy.namespace}/${policy.name}`);
    return {
      kind: policy.kind,
      namespace: policy.namespace,
      name: policy.name,
      origin: policy.origin,
      accepted: known?.accepted ?? false,
      reason: known?.reason ?? 'Pending',
      messages: [...policy.problems, ...(known?.messages ?? [])],
      workloads: known?.workloads ?? [],
    };
  });
  printRows(session, {
    json: { policies: rows, fileProblems: read.fileProblems, revision: read.revision },
    rows,
    empty: 'no policies',
    columns: [
      { heading: 'KIND', text: (row) => row.kind },
      { heading: 'NAMESPACE', text: (row) => row.namespace },
      { heading: 'NAME', text: (row) => row.name },
      { heading: 'ACCEPTED', text: (row) => (row.accepted ? 'yes' : 'no') },
      { heading: 'REASON', text: (row) => row.reason },
      { heading: 'WORKLOADS', text: (row) => String(row.workloads.length) },
      { heading: 'MESSAGES', text: (row) => row.messages.join('; ') },
    ],
  });
  for (const problem of read.fileProblems) session.streams.err.write(`${sanitise(problem)}\n`);
  return read.fileProblems.length === 0 ? 0 : 1;
}
