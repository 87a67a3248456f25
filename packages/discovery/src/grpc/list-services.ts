// SPDX-License-Identifier: Apache-2.0
import { objectKey } from '@signet/model';
import type { ListRequest__Output, ListServicesResponse } from '@signet/proto';
import type { DiscoveryContext } from '../discovery-context.ts';
import { serviceToWire } from '../wire/to-service.ts';
import { inNamespace } from './in-namespace.ts';

/** signet.discovery.v1.Inventory/ListServices. */
export function listServices({ view }: DiscoveryContext) {
  return async ({ namespace }: ListRequest__Output): Promise<ListServicesResponse> => {
    const { services, endpoints, revision } = view.current();
    const found = inNamespace(services.values(), namespace, (one) => `${one.namespace}/${one.name}`);
    return {
      services: found.map((one) => serviceToWire(one, endpoints.get(objectKey(one.namespace, one.name)) ?? [])),
      revision,
    };
  };
}
