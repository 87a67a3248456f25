// SPDX-License-Identifier: Apache-2.0
import type { Endpoint, EndpointReason, InventorySnapshot, Workload } from '@signet/model';
import type { SocketAddress } from './access-graph.ts';
import { bySocket, socketKey, unique } from './socket-order.ts';

/** Reasons that make an address dangerous even to a client that dials it itself, as clients of headless Services do. */
const pretenders: ReadonlySet<EndpointReason> = new Set([
  'FOREIGN_ORIGIN',
  'BARE_POD',
  'NOT_ENROLLED',
  'IDENTITY_MISMATCH',
  'ADDRESS_MISMATCH',
]);

/** What no client may dial. */
export interface Withheld {
  readonly addresses: readonly string[];
  /** Of pods on the network of their node, whose address is also that of others. */
  readonly sockets: readonly SocketAddress[];
}

function isAccused(endpoint: Endpoint): boolean {
  return !endpoint.isOffered && pretenders.has(endpoint.reason);
}

function podsByAddress(snapshot: InventorySnapshot): ReadonlyMap<string, readonly Workload[]> {
  const pods = [...snapshot.workloads.values()].filter(
    (pod) => !pod.usesHostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed',
  );
  const byAddress = new Map<string, Workload[]>();
  for (const pod of pods) {
    for (const address of pod.ips) byAddress.set(address, [...(byAddress.get(address) ?? []), pod]);
  }
  return byAddress;
}

/**
 * Addresses of accused pods. Whoever writes an EndpointSlice or creates a Service must not be able to make anything else
 * unreachable: the address has to be that of a pod in the namespace of the Service, no enrolled pod is withheld because
 * another pod or nobody claims its address, and a controlled pod that belongs to some other Service stays reachable.
 */
export function withheldFromClients(snapshot: InventorySnapshot): Withheld {
  const endpoints = [...snapshot.endpoints.values()].flat();
  const cleared = new Set(endpoints.filter((endpoint) => !isAccused(endpoint)).map(({ podUid }) => podUid));
  const owners = podsByAddress(snapshot);
  const mayWithhold = ({ namespace, podUid }: Endpoint, pod: Workload): boolean =>
    pod.namespace === namespace &&
    (!pod.isEnrolled || pod.uid === podUid) &&
    !(cleared.has(pod.uid) && pod.owners[0]?.isVerified === true);
  const addresses = new Set<string>();
  const sockets: SocketAddress[] = [];
  for (const endpoint of endpoints.filter(isAccused)) {
    const { address, port, podUid } = endpoint;
    const pods = owners.get(address) ?? [];
    if (pods.length > 0) {
      if (pods.every((pod) => mayWithhold(endpoint, pod))) addresses.add(address);
      continue;
    }
    const claimed = snapshot.workloads.get(podUid);
    if (claimed?.usesHostNetwork === true && claimed.ips.includes(address)) sockets.push({ address, port });
  }
  return { addresses: [...addresses].toSorted(), sockets: unique(sockets, socketKey).toSorted(bySocket) };
}
