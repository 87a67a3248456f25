// SPDX-License-Identifier: Apache-2.0
// A client from @grpc/grpc-js and protos/ alone: nothing of @signet/runtime stands between it and the wire.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { Client, credentials, Metadata, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { envoy, loadEnvoyDescriptorSet } from '@signet/proto';
import { repositoryDir } from '../src/playground.ts';

/** Where to connect and as whom. */
export interface GrpcJsConnection {
  readonly address: string;
  readonly rootsPem: string;
  readonly serverIds: readonly string[];
  readonly token?: string;
  readonly certificate?: { readonly keyPem: string; readonly chainPem: string };
}

const options = { longs: Number, enums: String, defaults: true, oneofs: true };
const own = loadSync(['istio/v1/auth/ca.proto', 'signet/ca/v1/ca.proto', 'signet/discovery/v1/inventory.proto'], {
  ...options,
  includeDirs: [path.join(repositoryDir, 'protos')],
});
// Names from a descriptor set stay as the protos write them.
const xds = loadFileDescriptorSetFromBuffer(loadEnvoyDescriptorSet(), options);

function methodOf(service: string, name: string) {
  const method = ((own[service] ?? xds[service]) as ServiceDefinition | undefined)?.[name];
  if (method === undefined) throw new Error(`no method ${service}/${name}`);
  return method;
}

function open(to: GrpcJsConnection): { readonly client: Client; readonly metadata: Metadata } {
  const { keyPem, chainPem } = to.certificate ?? {};
  const bytes = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  const channel = credentials.createSsl(Buffer.from(to.rootsPem), bytes(keyPem), bytes(chainPem), {
    // The chain has been judged; who it is stands in the one URI.
    checkServerIdentity: (_host, { subjectaltname = '' }) => {
      const uris = subjectaltname.split(', ').filter((name) => name.startsWith('URI:'));
      const isExpected = uris.length === 1 && to.serverIds.some((id) => uris[0] === `URI:${id}`);
      return isExpected ? undefined : new Error(`the server is ${subjectaltname}`);
    },
  });
  const metadata = new Metadata();
  if (to.token !== undefined) metadata.set('authorization', `Bearer ${to.token}`);
  return { client: new Client(to.address, channel), metadata };
}

/** Makes one call; rejects with the ServiceError. */
export async function callGrpcJs<T>(
  to: GrpcJsConnection,
  [service, name]: readonly [service: string, method: string],
  request: object,
): Promise<T> {
  const { client, metadata } = open(to);
  const { path: at, requestSerialize, responseDeserialize } = methodOf(service, name);
  try {
    return await new Promise<T>((resolve, reject) => {
      const limits = { deadline: Date.now() + 10_000 };
      client.makeUnaryRequest(at, requestSerialize, responseDeserialize, request, metadata, limits, (error, answer) =>
        error === null ? resolve(answer as T) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}

/** Reads a server stream until `isEnough`; rejects with the ServiceError. */
export async function readGrpcJs<T>(
  to: GrpcJsConnection,
  [service, name]: readonly [service: string, method: string],
  isEnough: (message: T) => boolean,
): Promise<readonly T[]> {
  const { client, metadata } = open(to);
  const { path: at, requestSerialize, responseDeserialize } = methodOf(service, name);
  const stream = client.makeServerStreamRequest(at, requestSerialize, responseDeserialize, {}, metadata);
  // Ending the stream is an error for it, and after the loop nobody listens.
  stream.on('error', () => undefined);
  const messages: T[] = [];
  try {
    for await (const message of stream as unknown as AsyncIterable<T>) {
      messages.push(message);
      if (isEnough(message)) break;
    }
  } finally {
    stream.cancel();
    client.close();
  }
  return messages;
}

/** What an ADS stream brought. */
export interface AdsView {
  /** SHA-256 of each resource by `<short type> <name>`. */
  readonly resources: ReadonlyMap<string, string>;
  /** gRPC status and message that the server ended the stream with. */
  readonly error: ServiceError | undefined;
}

const types = {
  cds: {
    url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    nameOf: (body: Uint8Array) => envoy.config.cluster.v3.Cluster.decode(body).name,
  },
  lds: {
    url: 'type.googleapis.com/envoy.config.listener.v3.Listener',
    nameOf: (body: Uint8Array) => envoy.config.listener.v3.Listener.decode(body).name,
  },
  eds: {
    url: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
    nameOf: (body: Uint8Array) => envoy.config.endpoint.v3.ClusterLoadAssignment.decode(body).clusterName,
  },
  sds: {
    url: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    nameOf: (body: Uint8Array) => envoy.extensions.transport_sockets.tls.v3.Secret.decode(body).name,
  },
};
type ShortType = keyof typeof types;

interface AdsResponse {
  readonly type_url: string;
  readonly version_info?: string;
  readonly nonce: string;
  readonly resources: readonly (AdsAny & { readonly resource?: AdsAny })[];
}

interface AdsAny {
  readonly value: Buffer;
}

interface Subscription {
  readonly type: ShortType;
  readonly names: readonly string[];
  readonly response?: AdsResponse;
}

function requestOf(isDelta: boolean, nodeId: string, { type, names, response }: Subscription): object {
  const common = { node: { id: nodeId }, type_url: types[type].url, response_nonce: response?.nonce ?? '' };
  if (isDelta) return { ...common, resource_names_subscribe: response === undefined ? names : [] };
  return { ...common, resource_names: names, version_info: response?.version_info ?? '' };
}

/** Names of the endpoints that clusters take from ADS. */
function endpointNames(bodies: readonly Uint8Array[]): string[] {
  return bodies
    .map((body) => envoy.config.cluster.v3.Cluster.decode(body))
    .filter((cluster) => cluster.edsClusterConfig !== undefined && cluster.edsClusterConfig !== null)
    .map((cluster) => cluster.edsClusterConfig?.serviceName || cluster.name || '');
}

// The server gives up on a stream whose pod it does not see only after a while.
const firstMs = 45_000;
const idleMs = 2000;

/** Holds an ADS stream, acknowledges what comes, and returns it when nothing has come for a while. */
export async function readAds(
  to: GrpcJsConnection,
  subscriber: { readonly nodeId: string; readonly isDelta: boolean },
): Promise<AdsView> {
  const { isDelta, nodeId } = subscriber;
  const { client, metadata } = open(to);
  const service = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
  const method = methodOf(service, isDelta ? 'DeltaAggregatedResources' : 'StreamAggregatedResources');
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  ) as ClientDuplexStream<object, AdsResponse>;
  const resources = new Map<string, string>();
  const wanted = new Map<ShortType, readonly string[]>();
  const subscribe = (type: ShortType, names: readonly string[]): void => {
    wanted.set(type, names);
    stream.write(requestOf(isDelta, nodeId, { type, names }));
  };
  const take = (response: AdsResponse): void => {
    const type = (Object.keys(types) as ShortType[]).find((short) => types[short].url === response.type_url);
    if (type === undefined) throw new Error(`nobody asked for ${response.type_url}`);
    const bodies = response.resources.map((entry) => entry.resource?.value ?? entry.value);
    for (const body of bodies) {
      resources.set(`${type} ${types[type].nameOf(body)}`, createHash('sha256').update(body).digest('hex'));
    }
    stream.write(requestOf(isDelta, nodeId, { type, names: wanted.get(type) ?? [], response }));
    if (type === 'cds' && !wanted.has('eds')) subscribe('eds', endpointNames(bodies));
  };
  try {
    const error = await new Promise<ServiceError | undefined>((resolve, reject) => {
      const finish = (): void => resolve(undefined);
      let quiet = setTimeout(finish, firstMs);
      stream.on('data', (response: AdsResponse) => {
        clearTimeout(quiet);
        quiet = setTimeout(finish, idleMs);
        try {
          take(response);
        } catch (cause) {
          reject(cause as Error);
        }
      });
      stream.on('error', (cause: ServiceError) => {
        clearTimeout(quiet);
        resolve(cause);
      });
      subscribe('cds', []);
      subscribe('lds', []);
      subscribe('sds', ['ROOTCA']);
    });
    return { resources, error };
  } finally {
    stream.cancel();
    client.close();
  }
}

/** The status of a rejected call, by name. */
export function statusOf(error: unknown): string {
  return status[(error as ServiceError).code] ?? String(error);
}
