// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';
import { envoy, type google } from '@signet/proto';
import type { ProtocolVariant, SessionRequest, SessionResponse } from './session.ts';

const discovery = envoy.service.discovery.v3;

/** What a client says of itself. Nothing in it is proved. */
export interface ProxyNode {
  readonly id: string;
  readonly cluster: string;
  /** For example 1.40.0; empty when it is not stated. */
  readonly version: string;
  /** Strings, numbers and booleans at the top of node.metadata. */
  readonly metadata: ReadonlyMap<string, string | number | boolean>;
}

/** A request as read from the wire. */
export interface WireRequest {
  /** On the first request of a stream only. */
  readonly node: ProxyNode | undefined;
  readonly request: SessionRequest;
}

/** Reads one message of either variant. */
export function decodeRequest(variant: ProtocolVariant, bytes: Uint8Array): Result<WireRequest> {
  try {
    return success(variant === 'delta' ? decodeDelta(bytes) : decodeStateOfTheWorld(bytes));
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  }
}

function decodeDelta(bytes: Uint8Array): WireRequest {
  const message = discovery.DeltaDiscoveryRequest.decode(bytes);
  const request: SessionRequest = {
    typeUrl: message.typeUrl,
    nonce: message.responseNonce,
    rejection: rejectionOf(message.errorDetail),
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: new Map(Object.entries(message.initialResourceVersions)),
    version: '',
  };
  return { node: decodeNode(message.node), request };
}

function decodeStateOfTheWorld(bytes: Uint8Array): WireRequest {
  const message = discovery.DiscoveryRequest.decode(bytes);
  const request: SessionRequest = {
    typeUrl: message.typeUrl,
    nonce: message.responseNonce,
    rejection: rejectionOf(message.errorDetail),
    subscribe: message.resourceNames,
    unsubscribe: [],
    initialVersions: new Map(),
    version: message.versionInfo,
  };
  return { node: decodeNode(message.node), request };
}

const messageLengthMax = 2000;

function rejectionOf(detail: google.rpc.Status.$Properties | null | undefined): string | undefined {
  if (detail === null || detail === undefined) return undefined;
  return (detail.message ?? '').slice(0, messageLengthMax);
}

function decodeNode(node: envoy.config.core.v3.Node.$Properties | null | undefined): ProxyNode | undefined {
  if (node === null || node === undefined) return undefined;
  const metadata = new Map<string, string | number | boolean>();
  for (const [key, value] of Object.entries(node.metadata?.fields ?? {})) {
    const plain = value.stringValue ?? value.numberValue ?? value.boolValue;
    if (plain !== undefined && plain !== null) metadata.set(key, plain);
  }
  const build = node.userAgentBuildVersion?.version;
  const version = build
    ? `${build.majorNumber ?? 0}.${build.minorNumber ?? 0}.${build.patch ?? 0}`
    : (node.userAgentVersion ?? '');
  return { id: node.id ?? '', cluster: node.cluster ?? '', version, metadata };
}

/** Writes one response. The bytes of resources are copied, never encoded again. */
export function encodeResponse(variant: ProtocolVariant, response: SessionResponse): Buffer {
  const { typeUrl, nonce, version } = response;
  if (variant === 'delta') {
    const resources = response.resources.map(({ name, hash, bytes }) => ({
      name,
      version: hash,
      resource: { type_url: typeUrl, value: bytes },
    }));
    const removedResources = [...response.removed];
    return toBuffer(
      discovery.DeltaDiscoveryResponse.encode({
        typeUrl,
        nonce,
        systemVersionInfo: version,
        resources,
        removedResources,
      }).finish(),
    );
  }
  const resources = response.resources.map(({ bytes }) => ({ type_url: typeUrl, value: bytes }));
  return toBuffer(discovery.DiscoveryResponse.encode({ typeUrl, nonce, versionInfo: version, resources }).finish());
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
