// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '@signet/model';
import type { Endpoint as WireEndpoint } from '@signet/proto';

/** An endpoint with the verdict on it. */
export function endpointToWire(endpoint: Endpoint): WireEndpoint {
  return {
    namespace: endpoint.namespace,
    service: endpoint.service,
    portName: endpoint.portName,
    address: endpoint.address,
    port: endpoint.port,
    podUid: endpoint.podUid,
    pod: endpoint.pod,
    offered: endpoint.isOffered,
    reason: endpoint.reason,
    message: endpoint.message,
    spiffeId: endpoint.spiffeId ?? '',
    mutualTls: endpoint.spiffeId !== undefined,
  };
}
