// SPDX-License-Identifier: Apache-2.0
import { toSignetError } from '@signet/runtime';
import { printJson, type Session } from '../session.ts';
import { formatTable, sanitise } from '../table.ts';
import { formatDuration, parseTimestamp } from '../values.ts';

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

async function attempt<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    const { reason, message } = toSignetError(error);
    return { ok: false, problem: `${reason}: ${message}` };
  }
}

async function readInventory(session: Session) {
  const client = session.connections.inventory();
  const request = { namespace: session.namespace };
  const [workloads, endpoints, findings, policies] = await Promise.all([
    client.ListWorkloads(request),
    client.ListEndpoints(request),
    client.ListFindings(request),
    client.ListPolicies(request),
  ]);
  const enrolled = workloads.workloads.filter((workload) => workload.enrolled);
  const expiries = enrolled.flatMap((workload) => parseTimestamp(workload.certificate?.notAfter) ?? []);
  const earliest = expiries.toSorted((a, b) => a.getTime() - b.getTime())[0];
  return {
    revision: workloads.revision,
    workloads: workloads.workloads.length,
    enrolled: enrolled.length,
    certified: enrolled.filter((workload) => workload.certificate !== null).length,
    earliestExpiry: earliest?.toISOString(),
    offered: endpoints.endpoints.filter((endpoint) => endpoint.offered).length,
    withheld: endpoints.endpoints.filter((endpoint) => !endpoint.offered).length,
    findings: findings.findings.length,
    critical: findings.findings.filter((finding) => ['critical', 'high'].includes(finding.severity)).length,
    policies: policies.policies.length,
    fileProblems: policies.fileProblems,
  };
}

async function readProxies(session: Session) {
  const client = await session.connections.proxyStatus();
  const { proxies } = await client.ListProxies({ namespace: session.namespace });
  const types = proxies.map((proxy) => proxy.types);
  return {
    proxies: proxies.length,
    acknowledged: types.filter((list) => list.every((type) => type.acked === type.desired && type.nacks.length === 0))
      .length,
    rejecting: types.filter((list) => list.some((type) => type.nacks.length > 0)).length,
  };
}

async function readLedger(session: Session) {
  const { issuances } = await session.connections.ledger().ListIssuances({ pageSize: 1 });
  return { newestSequence: issuances[0]?.sequence ?? 0 };
}

type Row = readonly [part: string, text: string];

/** The state of the mesh on one screen. Fails when a service of the control plane does not answer. */
export async function showStatus(session: Session): Promise<number> {
  const [discovery, config, ca] = await Promise.all([
    attempt(readInventory(session)),
    attempt(readProxies(session)),
    attempt(readLedger(session)),
  ]);
  const isGood = discovery.ok && config.ok && ca.ok;
  if (session.format === 'json') {
    printJson(session, { ok: isGood, discovery, config, ca });
    return isGood ? 0 : 1;
  }
  const rows: Row[] = [
    ['ca', ca.ok ? `answers; ${ca.value.newestSequence} entries in the ledger` : ca.problem],
    [
      'discovery',
      discovery.ok
        ? `answers; revision ${discovery.value.revision?.source ?? 0}/${discovery.value.revision?.ledger ?? 0}`
        : discovery.problem,
    ],
    [
      'config',
      config.ok
        ? `answers; ${config.value.proxies} proxies, ${config.value.acknowledged} up to date, ${config.value.rejecting} rejecting`
        : config.problem,
    ],
  ];
  if (discovery.ok) {
    const seen = discovery.value;
    const left =
      seen.earliestExpiry === undefined
        ? ''
        : `; the first certificate ends in ${formatDuration(new Date(seen.earliestExpiry).getTime() - session.now().getTime())}`;
    rows.push(['workloads', `${seen.workloads}, ${seen.enrolled} enrolled, ${seen.certified} with certificate${left}`]);
    rows.push(['endpoints', `${seen.offered} offered, ${seen.withheld} withheld`]);
    rows.push([
      'policies',
      `${seen.policies}${seen.fileProblems.length > 0 ? `; ${seen.fileProblems.length} files do not parse` : ''}`,
    ]);
    rows.push(['findings', `${seen.findings}, ${seen.critical} high or critical`]);
    for (const problem of seen.fileProblems) session.streams.err.write(`${sanitise(problem)}\n`);
  }
  session.streams.out.write(
    formatTable<Row>(
      [
        { heading: 'PART', text: (row) => row[0] },
        { heading: 'STATE', text: (row) => row[1] },
      ],
      rows,
      '',
    ),
  );
  return isGood ? 0 : 1;
}
