// SPDX-License-Identifier: Apache-2.0
import { matchesLabels } from '@signet/model';
import type { CompiledAuthorization } from './authorization-policy/compile-authorization.ts';
import type { CompiledPolicies } from './compile-policies.ts';
import { type Selector } from './selector.ts';
import type { CompiledTransport } from './transport-setting.ts';

/** Policies that select one kind of pod, sorted by key. */
export interface ApplicablePolicies {
  readonly authorizations: readonly CompiledAuthorization[];
  readonly transports: readonly CompiledTransport[];
}

/** Answers which policies select a pod. */
export type PolicySelector = (namespace: string, labels: Readonly<Record<string, string>>) => ApplicablePolicies;

/** Groups policies by namespace once, so that each pod looks at few. */
export function createPolicySelector(compiled: CompiledPolicies): PolicySelector {
  const policies = [...compiled.byKey.values()];
  const authorizations = policies.flatMap((policy) => policy.authorization ?? []);
  const transports = policies.flatMap((policy) => policy.transport ?? []);
  const everywhere = '';
  const authorizationsOf = Map.groupBy(authorizations, (policy) => (policy.isMeshWide ? everywhere : policy.namespace));
  const transportsOf = Map.groupBy(transports, (policy) => (policy.scope === 'mesh' ? everywhere : policy.namespace));
  const select = <P extends { readonly key: string; readonly selector: Selector }>(
    groups: ReadonlyMap<string, readonly P[]>,
    namespace: string,
    labels: Readonly<Record<string, string>>,
  ): readonly P[] =>
    [...(groups.get(everywhere) ?? []), ...(groups.get(namespace) ?? [])]
      .filter((policy) => matchesLabels(policy.selector, labels))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return (namespace, labels) => ({
    authorizations: select(authorizationsOf, namespace, labels),
    transports: select(transportsOf, namespace, labels),
  });
}
