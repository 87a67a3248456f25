// SPDX-License-Identifier: Apache-2.0
import { matchesLabels, type InventorySnapshot, type PolicyStatus, type Workload } from '@signet/model';
import type { AccessGraph, WorkloadAccess } from './access-graph.ts';
import { createPolicySelector, type ApplicablePolicies } from './applicable-policies.ts';
import type { CompiledPolicies } from './compile-policies.ts';
import { declaredPorts, groupServices } from './declared-ports.ts';
import { rankTransports } from './effective-transport.ts';
import { outboundAccess } from './outbound-access.ts';
import { byPolicyKey, policyStatus } from './policy-status.ts';
import { readSelector } from './selector.ts';
import { createSpecReader, type Fields } from './spec-reader.ts';
import { portsAccess, type PortsAccess } from './workload-access.ts';

/** What the access graph depends on. */
export interface EvaluateInput {
  readonly snapshot: InventorySnapshot;
  readonly compiled: CompiledPolicies;
  readonly trustDomain: string;
  readonly rootNamespace: string;
  /** Judges `permissiveUntil`; without it such a policy counts as expired. */
  readonly now?: Date | undefined;
}

/** The access graph and what became of each policy. */
export interface Evaluation {
  readonly graph: AccessGraph;
  /** Sorted by kind, namespace and name. */
  readonly statuses: readonly PolicyStatus[];
  /** Evaluate again then: a `permissiveUntil` ends. */
  readonly nextChange: Date | undefined;
}

interface Findings {
  readonly workloads: Set<string>;
  readonly remarks: Set<string>;
}

function isInMesh(workload: Workload): boolean {
  return (
    workload.isEnrolled &&
    workload.spiffeId !== undefined &&
    !workload.usesHostNetwork &&
    workload.phase !== 'Succeeded' &&
    workload.phase !== 'Failed'
  );
}

function shadowRemarks(policies: ApplicablePolicies): readonly (readonly [string, string])[] {
  const ranked = rankTransports(policies.transports);
  return policies.transports
    .filter((policy) => !ranked.includes(policy))
    .map((policy) => {
      const winner = ranked.find((other) => other.scope === policy.scope && other.kind === policy.kind);
      return [policy.key, `${winner?.key ?? 'another'} is older and holds in the same scope`];
    });
}

/** Replicas share everything but their names, so each combination is worked out once. */
function createPortsCache(
  input: EvaluateInput,
): (workload: Workload) => { access: PortsAccess; policies: ApplicablePolicies } {
  const select = createPolicySelector(input.compiled);
  const services = groupServices(input.snapshot);
  const knownIdentities = [
    ...new Set([...input.snapshot.workloads.values()].filter(isInMesh).flatMap((workload) => workload.spiffeId ?? [])),
  ].toSorted();
  const cache = new Map<string, { access: PortsAccess; policies: ApplicablePolicies }>();
  return (workload) => {
    const ports = workload.containers.flatMap((container) => container.ports);
    const labels = Object.entries(workload.labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([workload.namespace, labels, ports]);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const policies = select(workload.namespace, workload.labels);
    const declared = declaredPorts(workload, services);
    const result = { policies, access: portsAccess({ declared, policies, knownIdentities, now: input.now }) };
    cache.set(key, result);
    return result;
  };
}

function selectedByNetworkPolicy(input: EvaluateInput, note: (key: string) => Findings): void {
  for (const [key, policy] of input.compiled.byKey) {
    if (policy.object.kind !== 'NetworkPolicy') continue;
    const spec = policy.object.spec;
    const selector = typeof spec === 'object' && spec !== null ? (spec as Fields)['podSelector'] : undefined;
    const labels = readSelector(selector, 'spec.podSelector', createSpecReader());
    for (const workload of input.snapshot.workloads.values()) {
      if (workload.namespace !== policy.object.namespace || !matchesLabels(labels, workload.labels)) continue;
      note(key).workloads.add(`${workload.namespace}/${workload.name}`);
    }
  }
}

/** Combines inventory and policies into who may reach what, and says what became of each policy. */
export function evaluate(input: EvaluateInput): Evaluation {
  const findings = new Map<string, Findings>();
  const note = (key: string): Findings => {
    const entry = findings.get(key) ?? { workloads: new Set(), remarks: new Set() };
    findings.set(key, entry);
    return entry;
  };
  const portsOf = createPortsCache(input);
  const workloads = new Map<string, WorkloadAccess>();
  const members = [...input.snapshot.workloads.values()].filter(isInMesh).toSorted((a, b) => (a.uid < b.uid ? -1 : 1));
  for (const workload of members) {
    const { uid, namespace, name, spiffeId } = workload;
    if (spiffeId === undefined) continue;
    const { access, policies } = portsOf(workload);
    const { ports, undeclared } = access;
    workloads.set(uid, { uid, namespace, name, spiffeId, ips: workload.ips.toSorted(), ports, undeclared });
    for (const policy of [...policies.authorizations, ...policies.transports]) {
      note(policy.key).workloads.add(`${namespace}/${name}`);
    }
    for (const [key, remark] of [...access.remarks, ...shadowRemarks(policies)]) note(key).remarks.add(remark);
  }
  selectedByNetworkPolicy(input, note);
  const policies = [...input.compiled.byKey.values()];
  const now = input.now;
  const ends = policies
    .flatMap((policy) => policy.transport?.permissiveUntil ?? [])
    .filter((until) => now !== undefined && until > now)
    .toSorted((a, b) => a.getTime() - b.getTime());
  return {
    graph: { trustDomain: input.trustDomain, workloads, outbound: outboundAccess(input.snapshot, workloads) },
    statuses: [...input.compiled.byKey]
      .map(([key, policy]) => policyStatus(policy, findings.get(key)))
      .toSorted(byPolicyKey),
    nextChange: ends[0],
  };
}
