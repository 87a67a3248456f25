// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto/agent';
import type { untypedService } from '@signet/runtime';

type Definition = Parameters<typeof untypedService>[0];
type Method = Definition[string];

interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

interface MethodShape {
  readonly path: string;
  readonly request: Codec;
  readonly response: Codec;
  readonly isStream: boolean;
}

/** Describes a method whose messages have static codecs. */
export function defineMethod({ path, request, response, isStream }: MethodShape): Method {
  const serialize = (codec: Codec) => (message: object) => Buffer.from(codec.encode(message).finish());
  const deserialize = (codec: Codec) => (bytes: Buffer) => codec.decode(bytes);
  return {
    path,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: serialize(request),
    requestDeserialize: deserialize(request),
    responseSerialize: serialize(response),
    responseDeserialize: deserialize(response),
  };
}

const { DiscoveryRequest, DiscoveryResponse, DeltaDiscoveryRequest, DeltaDiscoveryResponse } =
  envoy.service.discovery.v3;
const service = '/envoy.service.secret.v3.SecretDiscoveryService';

/** envoy.service.secret.v3.SecretDiscoveryService. */
export const secretDiscoveryService: Definition = {
  StreamSecrets: defineMethod({
    path: `${service}/StreamSecrets`,
    request: DiscoveryRequest,
    response: DiscoveryResponse,
    isStream: true,
  }),
  DeltaSecrets: defineMethod({
    path: `${service}/DeltaSecrets`,
    request: DeltaDiscoveryRequest,
    response: DeltaDiscoveryResponse,
    isStream: true,
  }),
  FetchSecrets: defineMethod({
    path: `${service}/FetchSecrets`,
    request: DiscoveryRequest,
    response: DiscoveryResponse,
    isStream: false,
  }),
};
