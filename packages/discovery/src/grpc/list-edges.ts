// SPDX-License-Identifier: Apache-2.0
import type { ListEdgesResponse, ListRequest__Output } from '@signet/proto';
import type { DiscoveryContext } from '../discovery-context.ts';
import type { Edge } from '../edges/edge-table.ts';
import { edgeToWire } from '../wire/to-edge.ts';
import { inNamespace } from './in-namespace.ts';

function touches(edge: Edge, namespace: string): boolean {
  return namespace === '' || [edge.source, edge.destination].some((side) => side.startsWith(`${namespace}/`));
}

/** signet.discovery.v1.Inventory/ListEdges. Agents are asked for what they have seen since their last report. */
export function listEdges({ edges, reporters }: DiscoveryContext) {
  return async ({ namespace }: ListRequest__Output): Promise<ListEdgesResponse> => {
    inNamespace([], namespace, () => '');
    await reporters.refresh();
    return {
      edges: edges
        .list()
        .filter((edge) => touches(edge, namespace))
        .map(edgeToWire),
    };
  };
}
