// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { pack, type Any } from './encode.ts';

const { HttpProtocolOptions } = envoy.extensions.upstreams.http.v3;

const optionsType = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** What a cluster speaks: HTTP/1.1, HTTP/2, or what the client spoke. */
export type UpstreamProtocol = 'http1' | 'http2' | 'as-client';

/** Protocol options of a cluster; idle connections are closed before the other side closes them. */
export function upstreamProtocol(protocol: UpstreamProtocol, idleSeconds: number): { readonly [name: string]: Any } {
  const choice = {
    http1: { explicitHttpConfig: { httpProtocolOptions: {} } },
    http2: { explicitHttpConfig: { http2ProtocolOptions: {} } },
    'as-client': { useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} } },
  }[protocol];
  const options = { ...choice, commonHttpProtocolOptions: { idleTimeout: { seconds: idleSeconds } } };
  return { [optionsType]: pack(optionsType, HttpProtocolOptions, options) };
}

/** High enough never to be what limits an application. */
export const circuitBreakers: envoy.config.cluster.v3.CircuitBreakers.$Properties = {
  thresholds: [
    {
      maxConnections: { value: 100_000 },
      maxPendingRequests: { value: 100_000 },
      maxRequests: { value: 100_000 },
      maxRetries: { value: 1_000 },
    },
  ],
};

/** Time for a connection to an endpoint. */
export const connectTimeout = { seconds: 5 };
