// SPDX-License-Identifier: Apache-2.0
import type { EncodedResource } from '@signet/envoy';
import { envoy, google } from '@signet/proto';
import { typeUrls } from './resource-types.ts';

/** A resource that another one names. */
export interface Reference {
  readonly typeUrl: string;
  readonly name: string;
}

type TypedConfig = google.protobuf.Any.$Properties | null | undefined;
type RouteConfiguration = envoy.config.route.v3.RouteConfiguration.$Properties;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;
type Add = (typeUrl: string, name: string | null | undefined) => void;

const prefix = 'type.googleapis.com/';
const tls = envoy.extensions.transport_sockets.tls.v3;
const network = envoy.extensions.filters.network;

const memory = new WeakMap<EncodedResource, readonly Reference[]>();

/** What a resource names; found by decoding it once. Bytes that do not decode name nothing. */
export function referencesOf(resource: EncodedResource): readonly Reference[] {
  const known = memory.get(resource);
  if (known !== undefined) return known;
  const found = new Map<string, Reference>();
  const add: Add = (typeUrl, name) => {
    if (name !== undefined && name !== null && name !== '') found.set(`${typeUrl} ${name}`, { typeUrl, name });
  };
  try {
    collect(resource, add);
  } catch {
    // Order is a courtesy; the codec check and the proxy judge content.
    found.clear();
  }
  const references = [...found.values()];
  memory.set(resource, references);
  return references;
}

function collect(resource: EncodedResource, add: Add): void {
  switch (resource.typeUrl) {
    case typeUrls.listener:
      collectListener(envoy.config.listener.v3.Listener.decode(resource.bytes), add);
      break;
    case typeUrls.cluster:
      collectCluster(envoy.config.cluster.v3.Cluster.decode(resource.bytes), add);
      break;
    case typeUrls.routes:
      collectRoutes(envoy.config.route.v3.RouteConfiguration.decode(resource.bytes), add);
      break;
    default:
  }
}

function valueOf(config: TypedConfig, message: string): Uint8Array | undefined {
  return config?.type_url === prefix + message ? (config.value ?? undefined) : undefined;
}

function collectListener(listener: envoy.config.listener.v3.Listener.$Properties, add: Add): void {
  const chains = [...(listener.filterChains ?? [])];
  if (listener.defaultFilterChain) chains.push(listener.defaultFilterChain);
  for (const chain of chains) {
    collectTransportSocket(chain.transportSocket?.typedConfig, add);
    for (const filter of chain.filters ?? []) collectFilter(filter.typedConfig, add);
  }
}

function collectFilter(config: TypedConfig, add: Add): void {
  const http = valueOf(config, 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager');
  if (http !== undefined) {
    const manager = network.http_connection_manager.v3.HttpConnectionManager.decode(http);
    add(typeUrls.routes, manager.rds?.routeConfigName);
    if (manager.routeConfig) collectRoutes(manager.routeConfig, add);
    for (const filter of manager.httpFilters ?? []) if (filter.configDiscovery) add(typeUrls.extension, filter.name);
    return;
  }
  const tcp = valueOf(config, 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy');
  if (tcp === undefined) return;
  const proxy = network.tcp_proxy.v3.TcpProxy.decode(tcp);
  add(typeUrls.cluster, proxy.cluster);
  for (const weighted of proxy.weightedClusters?.clusters ?? []) add(typeUrls.cluster, weighted.name);
}

function collectRoutes(routes: RouteConfiguration, add: Add): void {
  for (const host of routes.virtualHosts ?? []) {
    for (const { route } of host.routes ?? []) {
      add(typeUrls.cluster, route?.cluster);
      for (const weighted of route?.weightedClusters?.clusters ?? []) add(typeUrls.cluster, weighted.name);
    }
  }
}

function collectCluster(cluster: envoy.config.cluster.v3.Cluster.$Properties, add: Add): void {
  if (cluster.type === envoy.config.cluster.v3.Cluster.DiscoveryType.EDS) {
    add(typeUrls.endpoints, cluster.edsClusterConfig?.serviceName || cluster.name);
  }
  collectTransportSocket(cluster.transportSocket?.typedConfig, add);
  for (const match of cluster.transportSocketMatches ?? []) collectTransportSocket(match.transportSocket?.typedConfig, add);
}

function collectTransportSocket(config: TypedConfig, add: Add): void {
  const downstream = valueOf(config, 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext');
  if (downstream !== undefined) collectSecrets(tls.DownstreamTlsContext.decode(downstream).commonTlsContext, add);
  const upstream = valueOf(config, 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext');
  if (upstream !== undefined) collectSecrets(tls.UpstreamTlsContext.decode(upstream).commonTlsContext, add);
}

function collectSecrets(context: CommonTlsContext | null | undefined, add: Add): void {
  for (const secret of context?.tlsCertificateSdsSecretConfigs ?? []) add(typeUrls.secret, secret.name);
  add(typeUrls.secret, context?.validationContextSdsSecretConfig?.name);
  add(typeUrls.secret, context?.combinedValidationContext?.validationContextSdsSecretConfig?.name);
}
