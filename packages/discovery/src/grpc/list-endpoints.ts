// SPDX-License-Identifier: Apache-2.0
import type { ListEndpointsResponse, ListRequest__Output } from '@signet/proto';
import type { DiscoveryContext } from '../discovery-context.ts';
import { endpointToWire } from '../wire/to-endpoint.ts';
import { inNamespace } from './in-namespace.ts';

/** signet.discovery.v1.Inventory/ListEndpoints. */
export function listEndpoints({ view }: DiscoveryContext) {
  return async ({ namespace }: ListRequest__Output): Promise<ListEndpointsResponse> => {
    const { endpoints, revision } = view.current();
    const found = inNamespace(
      [...endpoints.values()].flat(),
      namespace,
      (one) => `${one.namespace}/${one.service}\0${one.portName}\0${one.address}\0${one.port}`,
    );
    return { endpoints: found.map(endpointToWire), revision };
  };
}
