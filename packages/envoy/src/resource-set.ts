// SPDX-License-Identifier: Apache-2.0

/** Names one resource. */
export interface ResourceReference {
  readonly typeUrl: string;
  readonly name: string;
}

/** One Envoy resource, encoded. */
export interface EncodedResource {
  readonly name: string;
  readonly typeUrl: string;
  /** SHA-256 of `bytes`, first 16 hexadecimal digits. */
  readonly hash: string;
  /** The resource message, to be put into Any.value. */
  readonly bytes: Uint8Array;
  /** What the proxy must hold before this resource is of use; endpoints of a cluster are asked for after it. */
  readonly references: readonly ResourceReference[];
}

/** Everything one proxy gets. */
export interface ResourceSet {
  /** SHA-256 over names, types and hashes of all resources, first 16 hexadecimal digits. */
  readonly hash: string;
  /** By type URL, then by name. */
  readonly byType: ReadonlyMap<string, ReadonlyMap<string, EncodedResource>>;
}

const prefix = 'type.googleapis.com/';

/** Type URLs of what is sent over ADS. */
export const typeUrls = {
  listener: `${prefix}envoy.config.listener.v3.Listener`,
  route: `${prefix}envoy.config.route.v3.RouteConfiguration`,
  cluster: `${prefix}envoy.config.cluster.v3.Cluster`,
  endpoints: `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  extension: `${prefix}envoy.config.core.v3.TypedExtensionConfig`,
  secret: `${prefix}envoy.extensions.transport_sockets.tls.v3.Secret`,
} as const;
