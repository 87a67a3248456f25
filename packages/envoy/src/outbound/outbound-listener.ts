// SPDX-License-Identifier: Apache-2.0
import { proxyPorts } from '@signet/model';
import type { OutboundAccess, SocketAddress } from '@signet/policy';
import { envoy } from '@signet/proto';
import { encodeCluster, encodeListener, toCluster } from '../encode.ts';
import type { MeshParameters } from '../mesh-parameters.ts';
import { clusterNames, directCluster, secretNames } from '../names.ts';
import { typeUrls, type EncodedResource } from '../resource-set.ts';
import { bindConfig, hostRange, socketAddress } from '../socket-options.ts';
import { clientProtocols, mutualTlsClient } from '../tls-context.ts';
import { circuitBreakers, connectTimeout } from '../upstream-protocol.ts';
import { outboundTcpFilters } from './outbound-filters.ts';

const { DiscoveryType, LbPolicy } = envoy.config.cluster.v3.Cluster;
const { TrafficDirection } = envoy.config.core.v3;

type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;

/** Where traffic to an address goes that is not a Service's address and port. */
function clusterByAddress(outbound: OutboundAccess): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  // A Service's address leads nowhere on ports that it does not have.
  for (const address of outbound.services.flatMap((service) => service.addresses))
    found.set(address, clusterNames.withheld);
  for (const { spiffeId, addresses } of outbound.pods) {
    // An address that two identities claim at a time (a pod that has gone, one that has come) belongs to neither.
    for (const address of addresses)
      found.set(address, found.has(address) ? clusterNames.withheld : directCluster(spiffeId));
  }
  for (const address of outbound.withheldAddresses) found.set(address, clusterNames.withheld);
  return found;
}

/** Addresses that clients dial themselves, because they belong to a headless Service. */
function headlessAddresses(outbound: OutboundAccess): ReadonlySet<string> {
  const headless = outbound.services.filter((service) => service.addresses.length === 0);
  return new Set(
    headless.flatMap(({ ports }) => ports.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))),
  );
}

/**
 * One chain for each cluster; a change of a chain drains its connections, so addresses that are dialled by design have one
 * of their own and outlive the coming and going of others.
 */
function addressChains(byAddress: ReadonlyMap<string, string>, outbound: OutboundAccess): readonly FilterChain[] {
  const headless = headlessAddresses(outbound);
  const groups = Map.groupBy(byAddress, ([address, cluster]) =>
    headless.has(address) && cluster !== clusterNames.withheld ? `${cluster}|${address}` : cluster,
  );
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, members]) => ({
      name,
      filterChainMatch: {
        prefixRanges: members
          .map(([address]) => address)
          .toSorted()
          .map(hostRange),
      },
      filters: [...outboundTcpFilters(members[0]?.[1] ?? clusterNames.withheld)],
    }));
}

/** A client that dials the proxy itself would be forwarded to the proxy for ever. */
const ownPortChain: FilterChain = {
  name: `${proxyPorts.outbound}-refused`,
  filterChainMatch: { destinationPort: { value: proxyPorts.outbound } },
  filters: [...outboundTcpFilters(clusterNames.withheld)],
};

function originalDestination(name: string, mesh: MeshParameters): Parameters<typeof encodeCluster>[0] {
  return {
    name,
    type: DiscoveryType.ORIGINAL_DST,
    lbPolicy: LbPolicy.CLUSTER_PROVIDED,
    connectTimeout,
    circuitBreakers,
    upstreamBindConfig: bindConfig(mesh) ?? null,
  };
}

function directClusters(outbound: OutboundAccess, mesh: MeshParameters): readonly EncodedResource[] {
  return outbound.pods.map(({ spiffeId }) =>
    encodeCluster(
      {
        ...originalDestination(directCluster(spiffeId), mesh),
        transportSocket: mutualTlsClient({ alpn: clientProtocols.tcp, identities: [spiffeId], sni: '' }),
      },
      [{ typeUrl: typeUrls.secret, name: secretNames.roots }],
    ),
  );
}

function exceptionListener(prefix: string, socket: SocketAddress, cluster: string): EncodedResource {
  return encodeListener(
    {
      name: `${prefix}|${socket.address}|${socket.port}`,
      address: socketAddress(socket.address, socket.port),
      bindToPort: { value: false },
      trafficDirection: TrafficDirection.OUTBOUND,
      filterChains: [{ filters: [...outboundTcpFilters(cluster)] }],
    },
    [toCluster(cluster)],
  );
}

/** The listener that takes what goes out to no Service, and the clusters behind it. */
export function outboundResources(outbound: OutboundAccess, mesh: MeshParameters): readonly EncodedResource[] {
  const byAddress = clusterByAddress(outbound);
  const listener = encodeListener(
    {
      name: 'outbound',
      address: socketAddress('0.0.0.0', proxyPorts.outbound),
      useOriginalDst: { value: true },
      trafficDirection: TrafficDirection.OUTBOUND,
      filterChains: [ownPortChain, ...addressChains(byAddress, outbound)],
      defaultFilterChain: {
        name: clusterNames.passthrough,
        filters: [...outboundTcpFilters(clusterNames.passthrough)],
      },
    },
    [toCluster(clusterNames.passthrough), toCluster(clusterNames.withheld), ...[...byAddress.values()].map(toCluster)],
  );
  return [
    listener,
    ...outbound.plaintextSockets.map((socket) => exceptionListener('direct', socket, clusterNames.passthrough)),
    ...outbound.withheldSockets.map((socket) => exceptionListener('withheld', socket, clusterNames.withheld)),
    ...directClusters(outbound, mesh),
    encodeCluster(originalDestination(clusterNames.passthrough, mesh)),
    encodeCluster({
      name: clusterNames.withheld,
      type: DiscoveryType.STATIC,
      connectTimeout,
      loadAssignment: { clusterName: clusterNames.withheld },
    }),
  ];
}
