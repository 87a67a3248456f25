// SPDX-License-Identifier: Apache-2.0
import type { StringMatch, TlsParameters } from '@signet/policy';
import { envoy } from '@signet/proto';
import { pack } from './encode.ts';
import { secretNames, staticClusters } from './names.ts';
import { stringMatcher } from './string-matcher.ts';

const tls = envoy.extensions.transport_sockets.tls.v3;
const { ApiVersion } = envoy.config.core.v3;
const { ApiType } = envoy.config.core.v3.ApiConfigSource;
const { TlsProtocol } = tls.TlsParameters;
const { SanType } = tls.SubjectAltNameMatcher;

type ConfigSource = envoy.config.core.v3.ConfigSource.$Properties;
type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;

/** ALPN names that only clients of a mesh offer; what Istio's sidecars send is understood as well. */
export const meshProtocols: readonly string[] = [
  'istio',
  'istio-peer-exchange',
  'istio-http/1.0',
  'istio-http/1.1',
  'istio-h2',
];

/** What a client offers, by what it speaks inside. */
export const clientProtocols = {
  http1: ['istio-http/1.1', 'istio', 'http/1.1'],
  http2: ['istio-h2', 'istio', 'h2'],
  tcp: ['istio'],
} as const;

/** What servers of HTTP choose from. */
export const serverHttpProtocols: readonly string[] = ['h2', 'http/1.1'];

/** Everything that comes over the aggregated stream. */
export const fromAds: ConfigSource = { ads: {}, resourceApiVersion: ApiVersion.V3 };

/** Key pairs come from the agent beside the proxy. */
export const fromAgent: ConfigSource = {
  apiConfigSource: {
    apiType: ApiType.GRPC,
    transportApiVersion: ApiVersion.V3,
    setNodeOnFirstMessageOnly: true,
    grpcServices: [{ envoyGrpc: { clusterName: staticClusters.agent } }],
  },
  resourceApiVersion: ApiVersion.V3,
};

// A chain that admits nobody still has to be there: without it the port would fall to the chains of undeclared ports.
const nobody: StringMatch = { kind: 'exact', value: 'spiffe://nobody.invalid/ns/none/sa/none' };

function commonContext(input: {
  readonly certificate: string;
  readonly parameters: TlsParameters;
  readonly alpn: readonly string[];
  readonly peers: readonly StringMatch[] | undefined;
}): CommonTlsContext {
  const { peers } = input;
  return {
    tlsParams: {
      tlsMinimumProtocolVersion: TlsProtocol[input.parameters.minimumVersion],
      // Upstream contexts stop at 1.2 unless told otherwise.
      tlsMaximumProtocolVersion: TlsProtocol.TLSv1_3,
      cipherSuites: [...input.parameters.ciphers],
    },
    tlsCertificateSdsSecretConfigs: [{ name: input.certificate, sdsConfig: fromAgent }],
    ...(peers === undefined
      ? {}
      : {
          combinedValidationContext: {
            defaultValidationContext: {
              matchTypedSubjectAltNames: (peers.length === 0 ? [nobody] : peers).map((match) => ({
                sanType: SanType.URI,
                matcher: stringMatcher(match),
              })),
            },
            validationContextSdsSecretConfig: { name: secretNames.roots, sdsConfig: fromAds },
          },
        }),
    alpnProtocols: [...input.alpn],
  };
}

const tlsSocketName = 'envoy.transport_sockets.tls';

function downstream(commonTlsContext: CommonTlsContext, requireClientCertificate: boolean): TransportSocket {
  // A resumed session is accepted with an expired client certificate.
  const context = {
    commonTlsContext,
    requireClientCertificate: { value: requireClientCertificate },
    disableStatelessSessionResumption: true,
    disableStatefulSessionResumption: true,
  };
  const name = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
  return { name: tlsSocketName, typedConfig: pack(name, tls.DownstreamTlsContext, context) };
}

/** A server that demands a certificate of the mesh. */
export function mutualTlsServer(input: {
  readonly parameters: TlsParameters;
  readonly alpn: readonly string[];
  readonly peers: readonly StringMatch[];
}): TransportSocket {
  return downstream(commonContext({ ...input, certificate: secretNames.workload }), true);
}

/** A server that shows its names and asks for no certificate. */
export function simpleTlsServer(parameters: TlsParameters, alpn: readonly string[]): TransportSocket {
  return downstream(commonContext({ certificate: secretNames.serving, parameters, alpn, peers: undefined }), false);
}

/** A client that accepts exactly the named identities. */
export function mutualTlsClient(input: {
  readonly alpn: readonly string[];
  readonly identities: readonly string[];
  readonly sni: string;
}): TransportSocket {
  const context = {
    commonTlsContext: commonContext({
      certificate: secretNames.workload,
      parameters: { minimumVersion: 'TLSv1_2', ciphers: [] },
      alpn: input.alpn,
      peers: input.identities.map((value) => ({ kind: 'exact', value })),
    }),
    sni: input.sni,
    maxSessionKeys: { value: 0 },
  };
  const name = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
  return { name: tlsSocketName, typedConfig: pack(name, tls.UpstreamTlsContext, context) };
}

/** No TLS. */
export function rawSocket(): TransportSocket {
  const name = 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer';
  return {
    name: 'envoy.transport_sockets.raw_buffer',
    typedConfig: pack(name, envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer, {}),
  };
}
