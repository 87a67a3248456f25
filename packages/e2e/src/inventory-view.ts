// SPDX-License-Identifier: Apache-2.0
import type { Playground } from './playground.ts';

interface Signal {
  readonly name: string;
  readonly hard: boolean;
}

interface FindingRow {
  readonly detector: string;
  readonly namespace: string;
  readonly pod: string;
  readonly severity: string;
  readonly action: string;
  readonly services: readonly string[];
  readonly policies: readonly string[];
  readonly signals: readonly Signal[];
}

interface EndpointRow {
  readonly namespace: string;
  readonly service: string;
  readonly portName: string;
  readonly port: number;
  readonly podUid: string;
  readonly pod: string;
  readonly offered: boolean;
  readonly reason: string;
  readonly spiffeId: string;
  readonly mutualTls: boolean;
}

interface WorkloadDetails {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly workloadName: string;
  readonly workloadKind: string;
  readonly owners: readonly { readonly kind: string; readonly verified: boolean }[];
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly object[];
  readonly enrolled: boolean;
  readonly spiffeId: string;
  readonly certificate: { readonly spiffeId: string } | null;
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly hostNetwork: boolean;
}

interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

interface PolicyRow {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly accepted: boolean;
  readonly reason: string;
  readonly messages: readonly string[];
  readonly workloads: readonly string[];
}

/** What the inventory says of some namespaces, without what any two clusters differ in: UIDs, addresses, times, generated names. */
export interface InventoryView {
  readonly workloads: readonly object[];
  readonly services: readonly object[];
  readonly endpoints: readonly object[];
  readonly findings: readonly object[];
}

/** Labels that controllers add. */
const generatedLabels = [
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
];

function sorted(rows: readonly object[]): readonly object[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function ownLabels(labels: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => !generatedLabels.includes(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function workloadView(pod: WorkloadDetails): object {
  const { namespace, workloadKind, workloadName, serviceAccount, containers, enrolled, spiffeId } = pod;
  const { phase, ready, terminating, hostNetwork } = pod;
  return {
    ...{ namespace, workloadKind, workloadName, serviceAccount, containers, enrolled, spiffeId },
    ...{ phase, ready, terminating, hostNetwork },
    owners: pod.owners.map(({ kind, verified }) => ({ kind, verified })),
    labels: ownLabels(pod.labels),
    certificateOf: pod.certificate?.spiffeId ?? '',
  };
}

function serviceView(service: ServiceRow): object {
  const { uid: _uid, clusterIps: _clusterIps, ...rest } = service;
  return rest;
}

function findingView(finding: FindingRow): object {
  const { detector, namespace, pod, severity, action, services, policies } = finding;
  const signals = finding.signals.map(({ name, hard }) => ({ name, hard }));
  return { detector, namespace, pod, severity, action, services, policies, signals };
}

/** Asks for everything as the command line gives it and takes away what is the cluster's own. */
export async function readInventory(mesh: Playground, namespaces: readonly string[]): Promise<InventoryView> {
  const ask = async <T extends { readonly namespace: string }>(what: string): Promise<readonly T[]> => {
    const answer = await mesh.signetJson<Record<string, readonly T[]>>([what]);
    return (answer[what] ?? []).filter((row) => namespaces.includes(row.namespace));
  };
  const workloads = await ask<WorkloadDetails>('workloads');
  const workloadOf = new Map(workloads.map((pod) => [pod.uid, `${pod.workloadKind}/${pod.workloadName}`]));
  const endpoints = (await ask<EndpointRow>('endpoints')).map((row) => {
    const { namespace, service, portName, port, offered, reason, spiffeId, mutualTls } = row;
    const workload = workloadOf.get(row.podUid) ?? '';
    return { namespace, service, portName, port, offered, reason, spiffeId, mutualTls, workload };
  });
  return {
    workloads: sorted(workloads.map(workloadView)),
    services: sorted((await ask<ServiceRow>('services')).map(serviceView)),
    endpoints: sorted(endpoints),
    findings: sorted((await ask<FindingRow>('findings')).map(findingView)),
  };
}

/** What became of every policy. */
export async function readPolicies(mesh: Playground): Promise<readonly object[]> {
  const { policies } = await mesh.signetJson<{ policies: readonly PolicyRow[] }>(['policies']);
  return sorted(
    policies.map(({ kind, namespace, name, accepted, reason, messages, workloads }) => ({
      ...{ kind, namespace, name, accepted, reason, messages },
      targets: workloads.length,
    })),
  );
}
