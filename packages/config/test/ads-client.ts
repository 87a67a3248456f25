// SPDX-License-Identifier: Apache-2.0
import { Client, credentials, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { envoy } from '@signet/proto';
import type { TestCertificate } from '@signet/testing';
import { aggregatedDiscoveryService } from '@signet/xds';

const discovery = envoy.service.discovery.v3;

type DeltaRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;
type StateRequest = envoy.service.discovery.v3.DiscoveryRequest.$Properties;

/** What came back, in either variant. */
export interface ClientResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  readonly names: readonly string[];
}

/** A plain grpc-js client of ADS, with nothing of ours but the generated codecs. */
export interface AdsClient {
  sendDelta(request: DeltaRequest): void;
  sendState(request: StateRequest): void;
  readonly responses: ClientResponse[];
  /** Status that ended the stream; undefined while it is open. */
  ended(): ServiceError | 'ok' | undefined;
  close(): void;
}

/** Opens one stream. */
export function openAdsClient(o: {
  readonly port: number;
  readonly variant: 'delta' | 'sotw';
  readonly certificate: TestCertificate;
  readonly rootPem: string;
}): AdsClient {
  const secure = credentials.createSsl(
    Buffer.from(o.rootPem),
    Buffer.from(o.certificate.keyPem),
    Buffer.from(o.certificate.chainPem),
    {
      // The server is a SPIFFE identity, not a host name.
      checkServerIdentity: () => undefined,
    },
  );
  const client = new Client(`127.0.0.1:${o.port}`, secure);
  const methods = aggregatedDiscoveryService;
  const { path } = o.variant === 'delta' ? methods.DeltaAggregatedResources : methods.StreamAggregatedResources;
  const raw = (bytes: Buffer): Buffer => bytes;
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, raw, raw);
  const responses: ClientResponse[] = [];
  let ended: ServiceError | 'ok' | undefined;
  call.on('data', (bytes: Buffer) => responses.push(o.variant === 'delta' ? readDelta(bytes) : readState(bytes)));
  call.on('error', (error: ServiceError) => {
    ended = error;
  });
  call.on('end', () => {
    ended ??= 'ok';
  });
  return {
    sendDelta: (request) => void call.write(Buffer.from(discovery.DeltaDiscoveryRequest.encode(request).finish())),
    sendState: (request) => void call.write(Buffer.from(discovery.DiscoveryRequest.encode(request).finish())),
    responses,
    ended: () => ended,
    close() {
      call.cancel();
      client.close();
    },
  };
}

function readDelta(bytes: Buffer): ClientResponse {
  const { typeUrl, nonce, systemVersionInfo, resources } = discovery.DeltaDiscoveryResponse.decode(bytes);
  return { typeUrl, nonce, version: systemVersionInfo, names: resources.map(({ name }) => name ?? '') };
}

function readState(bytes: Buffer): ClientResponse {
  const { typeUrl, nonce, versionInfo, resources } = discovery.DiscoveryResponse.decode(bytes);
  const names = resources.map((any) => {
    if (typeUrl.endsWith('.Cluster')) return envoy.config.cluster.v3.Cluster.decode(any.value ?? new Uint8Array()).name;
    if (typeUrl.endsWith('.Listener'))
      return envoy.config.listener.v3.Listener.decode(any.value ?? new Uint8Array()).name;
    return '';
  });
  return { typeUrl, nonce, version: versionInfo, names };
}
