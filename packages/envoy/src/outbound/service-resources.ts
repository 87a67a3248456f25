// SPDX-License-Identifier: Apache-2.0
import { isHttpProtocol, type OfferedEndpoint, type ServiceAccess, type ServicePortAccess } from '@signet/policy';
import { envoy } from '@signet/proto';
import { encodeCluster, encodeEndpoints, encodeListener, encodeRoute, toCluster } from '../encode.ts';
import type { MeshParameters } from '../mesh-parameters.ts';
import { secretNames, serviceCluster, serviceHost, serviceSni } from '../names.ts';
import { typeUrls, type EncodedResource } from '../resource-set.ts';
import { bindConfig, socketAddress } from '../socket-options.ts';
import { clientProtocols, fromAds, mutualTlsClient, rawSocket } from '../tls-context.ts';
import { circuitBreakers, connectTimeout, upstreamProtocol } from '../upstream-protocol.ts';
import { outboundHttpFilters, outboundTcpFilters } from './outbound-filters.ts';

const { DiscoveryType } = envoy.config.cluster.v3.Cluster;
const { TrafficDirection } = envoy.config.core.v3;

type Endpoint = envoy.config.endpoint.v3.LbEndpoint.$Properties;

/** Shorter than the hour after which the other proxy closes. */
const meshIdleSeconds = 300;

/** Endpoint metadata that asks for plaintext; an endpoint without it gets mTLS. */
const plaintextMark = { fields: { transport: { stringValue: 'plaintext' } } };

function transportOf(port: ServicePortAccess): keyof typeof clientProtocols {
  if (!isHttpProtocol(port.protocol)) return 'tcp';
  return port.protocol === 'http' ? 'http1' : 'http2';
}

function cluster(service: ServiceAccess, port: ServicePortAccess, mesh: MeshParameters): EncodedResource {
  const host = serviceHost(service);
  const transport = transportOf(port);
  return encodeCluster(
    {
      name: serviceCluster(host, port.port),
      type: DiscoveryType.EDS,
      edsClusterConfig: { edsConfig: fromAds },
      connectTimeout,
      circuitBreakers,
      // Pooled connections must not outlive a change from plaintext to mTLS, nor an endpoint that is withheld now.
      commonLbConfig: { closeConnectionsOnHostSetChange: true, healthyPanicThreshold: {} },
      ignoreHealthOnHostRemoval: true,
      upstreamBindConfig: bindConfig(mesh) ?? null,
      transportSocket: mutualTlsClient({
        alpn: clientProtocols[transport],
        identities: port.identities,
        sni: serviceSni(host, port.port),
      }),
      transportSocketMatches: [{ name: 'plaintext', match: plaintextMark, transportSocket: rawSocket() }],
      typedExtensionProtocolOptions: transport === 'tcp' ? {} : upstreamProtocol(transport, meshIdleSeconds),
    },
    [{ typeUrl: typeUrls.secret, name: secretNames.roots }],
  );
}

function lbEndpoint(endpoint: OfferedEndpoint): Endpoint {
  return {
    endpoint: { address: socketAddress(endpoint.address, endpoint.port) },
    ...(endpoint.spiffeId === undefined
      ? { metadata: { filterMetadata: { 'envoy.transport_socket_match': plaintextMark } } }
      : {}),
  };
}

function endpoints(clusterName: string, port: ServicePortAccess): EncodedResource {
  const lbEndpoints = port.endpoints.map(lbEndpoint);
  return encodeEndpoints({ clusterName, endpoints: lbEndpoints.length === 0 ? [] : [{ locality: {}, lbEndpoints }] });
}

function route(clusterName: string): EncodedResource {
  return encodeRoute(
    {
      name: clusterName,
      validateClusters: { value: false },
      virtualHosts: [
        {
          name: 'service',
          domains: ['*'],
          routes: [
            {
              match: { prefix: '/' },
              route: {
                cluster: clusterName,
                timeout: {},
                // Only what the server cannot have seen is sent again.
                retryPolicy: {
                  retryOn: 'connect-failure,refused-stream,reset-before-request',
                  numRetries: { value: 2 },
                },
              },
            },
          ],
        },
      ],
    },
    [toCluster(clusterName)],
  );
}

function listener(address: string, port: ServicePortAccess, clusterName: string): EncodedResource {
  const isHttp = isHttpProtocol(port.protocol);
  return encodeListener(
    {
      name: `outbound|${address}|${port.port}`,
      address: socketAddress(address, port.port),
      bindToPort: { value: false },
      trafficDirection: TrafficDirection.OUTBOUND,
      filterChains: [{ filters: [...(isHttp ? outboundHttpFilters(clusterName) : outboundTcpFilters(clusterName))] }],
    },
    [isHttp ? { typeUrl: typeUrls.route, name: clusterName } : toCluster(clusterName)],
  );
}

/** Everything that a client needs for one Service. */
export function serviceResources(service: ServiceAccess, mesh: MeshParameters): readonly EncodedResource[] {
  return service.ports.flatMap((port) => {
    const name = serviceCluster(serviceHost(service), port.port);
    return [
      cluster(service, port, mesh),
      endpoints(name, port),
      ...(isHttpProtocol(port.protocol) && service.addresses.length > 0 ? [route(name)] : []),
      ...service.addresses.map((address) => listener(address, port, name)),
    ];
  });
}
