// SPDX-License-Identifier: Apache-2.0
import type { Endpoint, Service } from '@signet/model';
import type { Service as WireService } from '@signet/proto';

/** A Service with a count of its endpoints. */
export function serviceToWire(
  service: Service,
  endpoints: readonly Endpoint[],
  clusterDomain = 'cluster.local',
): WireService {
  const offered = endpoints.filter((endpoint) => endpoint.isOffered).length;
  return {
    namespace: service.namespace,
    name: service.name,
    uid: service.uid,
    clusterIps: [...service.clusterIps],
    selector: { ...service.selector },
    ports: service.ports.map(({ name, port, targetPort, protocol }) => ({
      name,
      port,
      targetPort: String(targetPort),
      protocol,
    })),
    host: `${service.name}.${service.namespace}.svc.${clusterDomain}`,
    offered,
    withheld: endpoints.length - offered,
    publishNotReady: service.publishNotReady,
    headless: service.clusterIps.length === 0,
  };
}
