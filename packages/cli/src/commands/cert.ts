// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';
import { formatAge, formatRemaining, parsePodName } from '../values.ts';

/** The certificates that the ledger holds for a pod, newest first. */
export async function showCertificates(session: Session, podName: string): Promise<number> {
  const wanted = parsePodName(podName);
  if (wanted === undefined) throw new UsageError(`«${podName}» is not NAMESPACE/POD`);
  const { workloads } = await session.connections.inventory().ListWorkloads({ namespace: wanted.namespace });
  const workload = workloads.find(
    (candidate) => candidate.name === wanted.pod && candidate.namespace === wanted.namespace,
  );
  if (workload === undefined) throw new UsageError(`there is no pod ${podName}`);
  const answer = await session.connections.ledger().ListIssuances({ podUid: workload.uid, pageSize: 100 });
  const now = session.now();
  printRows(session, {
    json: answer,
    rows: answer.issuances,
    empty: `the ledger has no certificate of ${podName}`,
    columns: [
      { heading: 'SERIAL', text: (row) => row.serial },
      { heading: 'IDENTITY', text: (row) => row.spiffeId },
      { heading: 'PROFILE', text: (row) => row.profile.replace('PROFILE_', '').toLowerCase() },
      { heading: 'ATTESTED', text: (row) => row.attestation },
      { heading: 'SINCE', text: (row) => formatAge(row.notBefore, now) },
      { heading: 'EXPIRES', text: (row) => formatRemaining(row.notAfter, now) },
      { heading: 'DNS NAMES', text: (row) => row.dnsNames.join(',') },
    ],
  });
  return 0;
}
