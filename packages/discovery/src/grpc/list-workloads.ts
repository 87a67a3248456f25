// SPDX-License-Identifier: Apache-2.0
import type { ListRequest__Output, ListWorkloadsResponse } from '@signet/proto';
import type { DiscoveryContext } from '../discovery-context.ts';
import { workloadToWire } from '../wire/to-workload.ts';
import { inNamespace } from './in-namespace.ts';

/** signet.discovery.v1.Inventory/ListWorkloads. */
export function listWorkloads({ view }: DiscoveryContext) {
  return async ({ namespace }: ListRequest__Output): Promise<ListWorkloadsResponse> => {
    const { workloads, revision } = view.current();
    const found = inNamespace(workloads.values(), namespace, (one) => `${one.namespace}/${one.name}`);
    return { workloads: found.map(workloadToWire), revision };
  };
}
