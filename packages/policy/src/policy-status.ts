// SPDX-License-Identifier: Apache-2.0
import { policyKey, type PolicyStatus } from '@signet/model';
import type { CompiledPolicy } from './compile-policies.ts';

/** What evaluation adds to what the compiler found. */
export interface PolicyFindings {
  /** Pods, as namespace/name. */
  readonly workloads: ReadonlySet<string>;
  /** Sentences about what the policy cannot do where it applies. */
  readonly remarks: ReadonlySet<string>;
}

const severity = ['Invalid', 'UnsupportedValue', 'NotHonoured'] as const;

/** Status of one policy object. */
export function policyStatus(policy: CompiledPolicy, findings: PolicyFindings | undefined): PolicyStatus {
  const remarks = [...(findings?.remarks ?? [])].toSorted();
  const reasons = new Set(policy.problems.map((problem) => problem.reason));
  if (remarks.length > 0) reasons.add('NotHonoured');
  const reason = severity.find((candidate) => reasons.has(candidate)) ?? 'Accepted';
  const { kind, namespace, name } = policy.object;
  const notes = kind === 'NetworkPolicy' ? ['enforced by the network plugin; Signet shows whom it selects'] : [];
  return {
    kind,
    namespace,
    name,
    isAccepted: reason === 'Accepted',
    reason,
    messages: [...policy.problems.map((problem) => problem.message), ...remarks, ...notes],
    workloads: [...(findings?.workloads ?? [])].toSorted(),
  };
}

/** Sorts statuses by kind, namespace and name. */
export function byPolicyKey(a: PolicyStatus, b: PolicyStatus): number {
  return policyKey(a) < policyKey(b) ? -1 : 1;
}
