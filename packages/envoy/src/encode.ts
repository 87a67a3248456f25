// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { envoy, type google } from '@signet/proto';
import { typeUrls, type EncodedResource, type ResourceReference } from './resource-set.ts';

/** A packed message. */
export type Any = google.protobuf.Any.$Properties;

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
}

/** Packs a message under its full name. */
export function pack<T>(typeName: string, codec: Codec<T>, message: T): Any {
  return { type_url: `type.googleapis.com/${typeName}`, value: codec.encode(message).finish() };
}

/** First 16 hexadecimal digits of SHA-256. */
export function contentHash(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

function byName(a: ResourceReference, b: ResourceReference): number {
  const [left, right] = [`${a.typeUrl} ${a.name}`, `${b.typeUrl} ${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function encoded<T>(
  identity: ResourceReference,
  input: { readonly codec: Codec<T>; readonly message: T },
  references: readonly ResourceReference[],
): EncodedResource {
  const bytes = input.codec.encode(input.message).finish();
  const unique = new Map(references.map((reference) => [`${reference.typeUrl} ${reference.name}`, reference]));
  return { ...identity, hash: contentHash(bytes), bytes, references: [...unique.values()].toSorted(byName) };
}

/** Reference to a cluster. */
export function toCluster(name: string): ResourceReference {
  return { typeUrl: typeUrls.cluster, name };
}

/** Encodes a listener. */
export function encodeListener(
  message: envoy.config.listener.v3.Listener.$Properties & { readonly name: string },
  references: readonly ResourceReference[],
): EncodedResource {
  const codec = envoy.config.listener.v3.Listener;
  return encoded({ typeUrl: typeUrls.listener, name: message.name }, { codec, message }, references);
}

/** Encodes a cluster. */
export function encodeCluster(
  message: envoy.config.cluster.v3.Cluster.$Properties & { readonly name: string },
  references: readonly ResourceReference[] = [],
): EncodedResource {
  const codec = envoy.config.cluster.v3.Cluster;
  return encoded({ typeUrl: typeUrls.cluster, name: message.name }, { codec, message }, references);
}

/** Encodes the endpoints of a cluster. */
export function encodeEndpoints(
  message: envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties & { readonly clusterName: string },
): EncodedResource {
  const codec = envoy.config.endpoint.v3.ClusterLoadAssignment;
  return encoded({ typeUrl: typeUrls.endpoints, name: message.clusterName }, { codec, message }, [
    toCluster(message.clusterName),
  ]);
}

/** Encodes a route configuration. */
export function encodeRoute(
  message: envoy.config.route.v3.RouteConfiguration.$Properties & { readonly name: string },
  references: readonly ResourceReference[],
): EncodedResource {
  const codec = envoy.config.route.v3.RouteConfiguration;
  return encoded({ typeUrl: typeUrls.route, name: message.name }, { codec, message }, references);
}

/** Encodes the configuration of a filter that listeners name. */
export function encodeExtension(
  message: envoy.config.core.v3.TypedExtensionConfig.$Properties & { readonly name: string },
): EncodedResource {
  const codec = envoy.config.core.v3.TypedExtensionConfig;
  return encoded({ typeUrl: typeUrls.extension, name: message.name }, { codec, message }, []);
}

/** Encodes a secret. */
export function encodeSecret(
  message: envoy.extensions.transport_sockets.tls.v3.Secret.$Properties & { readonly name: string },
): EncodedResource {
  const codec = envoy.extensions.transport_sockets.tls.v3.Secret;
  return encoded({ typeUrl: typeUrls.secret, name: message.name }, { codec, message }, []);
}
