// SPDX-License-Identifier: Apache-2.0

/** Type URLs that Signet serves over ADS. */
export const typeUrls = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  extension: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
} as const;

/** How one type behaves on the wire. */
export interface ResourceType {
  readonly typeUrl: string;
  /** Short name for metrics. */
  readonly label: string;
  /** A first request without names asks for all (xDS protocol, «wildcard»). Only listeners and clusters. */
  readonly allowsWildcard: boolean;
  /** State of the world: what a response leaves out is deleted by the client. Only listeners and clusters. */
  readonly isFullState: boolean;
  /** May be removed only when nothing that the proxy holds names it any more, and drains are over. */
  readonly isReferenced: boolean;
}

/**
 * In the order in which one update is sent: clusters, endpoints, secrets, listeners, routes, access rules.
 * Removal runs the other way because a thing goes only after everything that names it (design §4).
 */
export const resourceTypes: readonly ResourceType[] = [
  { typeUrl: typeUrls.cluster, label: 'cluster', allowsWildcard: true, isFullState: true, isReferenced: true },
  { typeUrl: typeUrls.endpoints, label: 'endpoints', allowsWildcard: false, isFullState: false, isReferenced: true },
  { typeUrl: typeUrls.secret, label: 'secret', allowsWildcard: false, isFullState: false, isReferenced: true },
  { typeUrl: typeUrls.listener, label: 'listener', allowsWildcard: true, isFullState: true, isReferenced: false },
  { typeUrl: typeUrls.routes, label: 'routes', allowsWildcard: false, isFullState: false, isReferenced: true },
  { typeUrl: typeUrls.extension, label: 'extension', allowsWildcard: false, isFullState: false, isReferenced: true },
];

const byTypeUrl: ReadonlyMap<string, ResourceType> = new Map(resourceTypes.map((type) => [type.typeUrl, type]));

/** The entry of a type URL; undefined for a type that is not served. */
export function resourceType(typeUrl: string): ResourceType | undefined {
  return byTypeUrl.get(typeUrl);
}
