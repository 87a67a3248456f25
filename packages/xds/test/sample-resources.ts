// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { EncodedResource, ResourceReference, ResourceSet } from '@signet/envoy';
import { envoy } from '@signet/proto';
import type { DesiredState } from '../src/session.ts';
import { typeUrls } from '../src/resource-types.ts';

/** A resource from its bytes. */
export function encoded(typeUrl: string, name: string, bytes: Uint8Array): EncodedResource {
  return { typeUrl, name, bytes, references: [], hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
}

const ads = { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 };

/** An EDS cluster; another `variant` gives another content. */
export function cluster(name: string, variant = 1): EncodedResource {
  const { Cluster } = envoy.config.cluster.v3;
  const bytes = Cluster.encode({
    name,
    type: Cluster.DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: ads },
    connectTimeout: { seconds: variant, nanos: 0 },
  }).finish();
  return { ...encoded(typeUrls.cluster, name, bytes), references: [{ typeUrl: typeUrls.endpoints, name }] };
}

/** A cluster without endpoint discovery. */
export function staticCluster(name: string, variant = 1): EncodedResource {
  const bytes = envoy.config.cluster.v3.Cluster.encode({
    name,
    connectTimeout: { seconds: variant, nanos: 0 },
  }).finish();
  return encoded(typeUrls.cluster, name, bytes);
}

/** Endpoints of a cluster: one address on 127.0.0.1. */
export function endpoints(name: string, port = 1): EncodedResource {
  const bytes = envoy.config.endpoint.v3.ClusterLoadAssignment.encode({
    clusterName: name,
    endpoints: [
      { lbEndpoints: [{ endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } } }] },
    ],
  }).finish();
  return encoded(typeUrls.endpoints, name, bytes);
}

/** Routes that send everything to one cluster. */
export function routes(name: string, target: string, variant = 1): EncodedResource {
  const bytes = envoy.config.route.v3.RouteConfiguration.encode({
    name,
    virtualHosts: [
      { name: `v${variant}`, domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: target } }] },
    ],
  }).finish();
  return { ...encoded(typeUrls.routes, name, bytes), references: [{ typeUrl: typeUrls.cluster, name: target }] };
}

const httpManagerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const tcpProxyType = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
const rbacType = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC';
const routerType = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

/** A listener on 127.0.0.1 whose routes and access rules come by discovery. */
export function httpListener(
  name: string,
  o: { routes: string; rules?: string; port?: number; variant?: number },
): EncodedResource {
  const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
  const rules = {
    name: o.rules ?? '',
    configDiscovery: {
      configSource: ads,
      typeUrls: [rbacType],
      applyDefaultConfigWithoutWarming: true,
      defaultConfig: { type_url: rbacType, value: new Uint8Array([10, 0]) },
    },
  };
  const router = { name: 'router', typedConfig: { type_url: routerType, value: new Uint8Array() } };
  const manager = HttpConnectionManager.encode({
    statPrefix: `s${o.variant ?? 1}`,
    rds: { routeConfigName: o.routes, configSource: ads },
    httpFilters: o.rules === undefined ? [router] : [rules, router],
  }).finish();
  const references: ResourceReference[] = [{ typeUrl: typeUrls.routes, name: o.routes }];
  if (o.rules !== undefined) references.push({ typeUrl: typeUrls.extension, name: o.rules });
  return listenerOf({
    name,
    typedConfig: { type_url: httpManagerType, value: manager },
    port: o.port ?? 0,
    references,
  });
}

/** A listener that forwards to one cluster. */
export function tcpListener(
  name: string,
  target: string,
  o: { port?: number; variant?: number } = {},
): EncodedResource {
  const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;
  const proxy = TcpProxy.encode({ statPrefix: `s${o.variant ?? 1}`, cluster: target }).finish();
  const references = [{ typeUrl: typeUrls.cluster, name: target }];
  return listenerOf({ name, typedConfig: { type_url: tcpProxyType, value: proxy }, port: o.port ?? 0, references });
}

function listenerOf(o: {
  name: string;
  typedConfig: { type_url: string; value: Uint8Array };
  port: number;
  references: readonly ResourceReference[];
}): EncodedResource {
  const { name, typedConfig, port, references } = o;
  const bytes = envoy.config.listener.v3.Listener.encode({
    name,
    address: { socketAddress: { address: '127.0.0.1', portValue: port } },
    filterChains: [{ filters: [{ name: 'filter', typedConfig }] }],
  }).finish();
  return { ...encoded(typeUrls.listener, name, bytes), references };
}

/** HTTP access rules: allow everything, or nothing. */
export function rules(name: string, action: 'allow' | 'deny'): EncodedResource {
  const { RBAC } = envoy.extensions.filters.http.rbac.v3;
  const any = { permissions: [{ any: true }], principals: [{ any: true }] };
  const rbac = RBAC.encode({ rules: { policies: action === 'allow' ? { all: any } : {} } }).finish();
  const bytes = envoy.config.core.v3.TypedExtensionConfig.encode({
    name,
    typedConfig: { type_url: rbacType, value: rbac },
  }).finish();
  return encoded(typeUrls.extension, name, bytes);
}

/** A set of resources. */
export function resourceSet(...resources: readonly EncodedResource[]): ResourceSet {
  const byType = new Map<string, Map<string, EncodedResource>>();
  for (const resource of resources) {
    const ofType = byType.get(resource.typeUrl) ?? new Map<string, EncodedResource>();
    byType.set(resource.typeUrl, ofType.set(resource.name, resource));
  }
  const hash = createHash('sha256')
    .update(
      resources
        .map((one) => one.name + one.hash)
        .sort()
        .join('\n'),
    )
    .digest('hex');
  return { hash, byType };
}

/** A desired state at a revision. */
export function desiredState(revision: number, ...resources: readonly EncodedResource[]): DesiredState {
  return { set: resourceSet(...resources), revision: { source: revision, ledger: 0 }, sinceMs: 0 };
}
