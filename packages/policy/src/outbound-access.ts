// SPDX-License-Identifier: Apache-2.0
import type { Endpoint, InventorySnapshot, Service, ServicePort, SpiffeId } from '@signet/model';
import { bySocket, socketKey, unique } from './socket-order.ts';
import { withheldFromClients } from './withheld-addresses.ts';
import type {
  IdentityAddresses,
  OfferedEndpoint,
  OutboundAccess,
  ServiceAccess,
  ServicePortAccess,
  WorkloadAccess,
} from './access-graph.ts';

/** True when clients must speak plaintext to a port of an enrolled pod. */
type IsPlaintext = (podUid: string, port: number) => boolean;

function servicePort(port: ServicePort, endpoints: readonly Endpoint[], isPlaintext: IsPlaintext): ServicePortAccess {
  const offered = endpoints
    .filter((endpoint) => endpoint.isOffered && endpoint.portName === port.name)
    .map((endpoint): OfferedEndpoint & { readonly identity: SpiffeId | undefined } => ({
      address: endpoint.address,
      port: endpoint.port,
      spiffeId: isPlaintext(endpoint.podUid, endpoint.port) ? undefined : endpoint.spiffeId,
      identity: endpoint.spiffeId,
    }))
    .toSorted(bySocket);
  const identities = offered.flatMap((endpoint) => endpoint.identity ?? []);
  return {
    port: port.port,
    protocol: port.protocol,
    endpoints: unique(offered, socketKey).map(({ address, port: number, spiffeId }) => ({
      address,
      port: number,
      spiffeId,
    })),
    identities: [...new Set(identities)].toSorted(),
  };
}

function serviceAccess(service: Service, endpoints: readonly Endpoint[], isPlaintext: IsPlaintext): ServiceAccess {
  return {
    namespace: service.namespace,
    name: service.name,
    addresses: service.clusterIps.filter((address) => address !== '' && address !== 'None').toSorted(),
    ports: unique(service.ports, (port) => String(port.port))
      .map((port) => servicePort(port, endpoints, isPlaintext))
      .toSorted((a, b) => a.port - b.port),
  };
}

function identityAddresses(workloads: readonly WorkloadAccess[]): readonly IdentityAddresses[] {
  const groups = Map.groupBy(workloads, (workload) => workload.spiffeId);
  return [...groups]
    .map(([spiffeId, members]) => ({
      spiffeId,
      addresses: [...new Set(members.flatMap((member) => member.ips))].toSorted(),
    }))
    .filter((group) => group.addresses.length > 0)
    .toSorted((a, b) => (a.spiffeId < b.spiffeId ? -1 : 1));
}

/** What clients are told of Services and pods. `workloads` are the enrolled ones with an address of their own. */
export function outboundAccess(
  snapshot: InventorySnapshot,
  workloads: ReadonlyMap<string, WorkloadAccess>,
): OutboundAccess {
  const isPlaintext: IsPlaintext = (podUid, port) =>
    workloads.get(podUid)?.ports.find((candidate) => candidate.port === port)?.isPlaintextForClients === true;
  const services = [...snapshot.services]
    .map(([key, service]) => serviceAccess(service, snapshot.endpoints.get(key) ?? [], isPlaintext))
    .toSorted((a, b) => (a.namespace + '/' + a.name < b.namespace + '/' + b.name ? -1 : 1));
  const enrolled = [...workloads.values()];
  const withheld = withheldFromClients(snapshot);
  return {
    services,
    pods: identityAddresses(enrolled),
    plaintextSockets: enrolled
      .flatMap((workload) =>
        workload.ports
          .filter((port) => port.isPlaintextForClients)
          .flatMap((port) => workload.ips.map((address) => ({ address, port: port.port }))),
      )
      .toSorted(bySocket),
    withheldAddresses: withheld.addresses,
    withheldSockets: withheld.sockets,
  };
}
