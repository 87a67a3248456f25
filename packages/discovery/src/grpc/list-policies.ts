// SPDX-License-Identifier: Apache-2.0
import type { ListPoliciesResponse, ListRequest__Output } from '@signet/proto';
import { policyKey } from '@signet/model';
import type { DiscoveryContext } from '../discovery-context.ts';
import { policyToWire } from '../wire/to-policy.ts';
import { inNamespace } from './in-namespace.ts';

/** signet.discovery.v1.Inventory/ListPolicies. */
export function listPolicies({ view }: DiscoveryContext) {
  return async ({ namespace }: ListRequest__Output): Promise<ListPoliciesResponse> => {
    const { policies, fileProblems, revision } = view.current();
    const found = inNamespace(policies.values(), namespace, policyKey);
    return {
      policies: found.map((policy) => policyToWire(policy, fileProblems)),
      revision,
      fileProblems: [...fileProblems],
    };
  };
}
