// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { untypedService, type CallContext, type ServiceRegistration } from '@signet/runtime';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
type Request = InstanceType<typeof DeltaDiscoveryRequest>;

/** One ADS stream as the stub saw it. */
export interface SeenStream {
  readonly serial: string | undefined;
  readonly spiffeId: string | undefined;
  readonly nodeId: string;
}

/** Delta ADS that has nothing to say: answers the first request of each type with an empty response. */
export function registerEmptyAds(streams: SeenStream[]): ServiceRegistration {
  return untypedService(
    {
      DeltaAggregatedResources: {
        path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
        requestStream: true,
        responseStream: true,
        requestSerialize: (message: Request) => Buffer.from(DeltaDiscoveryRequest.encode(message).finish()),
        requestDeserialize: (bytes: Buffer) => DeltaDiscoveryRequest.decode(bytes),
        responseSerialize: (message: object) => Buffer.from(DeltaDiscoveryResponse.encode(message).finish()),
        responseDeserialize: (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
      },
    },
    {
      async *DeltaAggregatedResources(requests: AsyncIterable<Request>, { peer }: CallContext) {
        let isFirst = true;
        for await (const { node, typeUrl, responseNonce } of requests) {
          if (isFirst) streams.push({ serial: peer?.serial, spiffeId: peer?.spiffeId, nodeId: node?.id ?? '' });
          isFirst = false;
          if (responseNonce === '') yield { typeUrl, nonce: '1', systemVersionInfo: '1', resources: [] };
        }
      },
    },
  );
}
