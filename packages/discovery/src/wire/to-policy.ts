// SPDX-License-Identifier: Apache-2.0
import type { PolicyObject } from '@signet/model';
import type { Policy as WirePolicy } from '@signet/proto';
import { dateToWire } from './timestamp.ts';

/** Problems of the file that a policy was read from. */
function problemsOf(policy: PolicyObject, fileProblems: readonly string[]): readonly string[] {
  const file = policy.origin.slice(0, policy.origin.lastIndexOf(':'));
  return file === '' ? [] : fileProblems.filter((problem) => problem.startsWith(`${file}:`));
}

/** A policy object as it was read. */
export function policyToWire(policy: PolicyObject, fileProblems: readonly string[]): WirePolicy {
  return {
    apiVersion: policy.apiVersion,
    kind: policy.kind,
    namespace: policy.namespace,
    name: policy.name,
    uid: policy.uid,
    createdAt: dateToWire(policy.createdAt),
    specJson: JSON.stringify(policy.spec ?? {}),
    origin: policy.origin,
    annotations: { ...policy.annotations },
    problems: [...problemsOf(policy, fileProblems)],
    generation: policy.generation,
  };
}
