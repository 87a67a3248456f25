// SPDX-License-Identifier: Apache-2.0
import { foldHttp, isHttpProtocol, type PortAccess, type StringMatch } from '@signet/policy';
import { proxyPorts } from '@signet/model';
import { envoy } from '@signet/proto';
import { tcpAccessLog } from '../access-log.ts';
import { encodeListener, pack, toCluster } from '../encode.ts';
import type { MeshParameters } from '../mesh-parameters.ts';
import { clusterNames, logNames, rulesName, secretNames } from '../names.ts';
import { typeUrls, type EncodedResource, type ResourceReference } from '../resource-set.ts';
import { socketAddress } from '../socket-options.ts';
import { meshProtocols, mutualTlsServer, serverHttpProtocols, simpleTlsServer } from '../tls-context.ts';
import { httpCluster, inboundHttpFilters } from './http-filters.ts';
import { closingFilters, inboundTcpFilters } from './tcp-filters.ts';

const { OriginalDst } = envoy.extensions.filters.listener.original_dst.v3;
const { TlsInspector } = envoy.extensions.filters.listener.tls_inspector.v3;
const { TrafficDirection } = envoy.config.core.v3;

type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;
type FilterChainMatch = envoy.config.listener.v3.FilterChainMatch.$Properties;

/** Time for a handshake; a peer that says hello and then nothing would otherwise keep its connection for ever. */
const handshakeTimeout = { seconds: 10 };

/** Time for the first bytes; a client that sends less is then treated as plaintext. */
const inspectionSeconds = 5;

function chainMatch(port: PortAccess, match: FilterChainMatch): FilterChainMatch {
  // A port with a chain of its own never falls back to the chains without a port (no default chain is set).
  return port.port === 0 ? match : { ...match, destinationPort: { value: port.port } };
}

function filtersOf(port: PortAccess, transport: 'mtls' | 'tls' | 'plaintext'): FilterChain['filters'] {
  const isHttp = isHttpProtocol(port.protocol);
  return [...(isHttp ? inboundHttpFilters(port, transport) : inboundTcpFilters(port, transport))];
}

function meshPeers(port: PortAccess, mesh: MeshParameters): readonly StringMatch[] {
  const admitted = port.admitted?.certificates ?? 'any';
  return admitted === 'any' ? [{ kind: 'prefix', value: `spiffe://${mesh.trustDomain}/` }] : admitted;
}

function alpnOf(port: PortAccess): readonly string[] {
  return isHttpProtocol(port.protocol) ? serverHttpProtocols : [];
}

function meshChain(port: PortAccess, mesh: MeshParameters): FilterChain {
  return {
    name: `${port.port}-mtls`,
    filterChainMatch: chainMatch(port, { transportProtocol: 'tls', applicationProtocols: [...meshProtocols] }),
    transportSocketConnectTimeout: handshakeTimeout,
    transportSocket: mutualTlsServer({ parameters: port.tls, alpn: alpnOf(port), peers: meshPeers(port, mesh) }),
    filters: filtersOf(port, 'mtls') ?? [],
  };
}

function simpleTlsChain(port: PortAccess): FilterChain {
  return {
    name: `${port.port}-tls`,
    filterChainMatch: chainMatch(port, { transportProtocol: 'tls' }),
    transportSocketConnectTimeout: handshakeTimeout,
    transportSocket: simpleTlsServer(port.tls, alpnOf(port)),
    filters: filtersOf(port, 'tls') ?? [],
  };
}

/** TLS that is the application's own: forwarded as it is, under the rules as far as they do not need HTTP. */
function passThroughChain(port: PortAccess): FilterChain {
  const blind: PortAccess = {
    ...port,
    protocol: isHttpProtocol(port.protocol) ? 'tcp' : port.protocol,
    allow: foldHttp(port.allow, 'ALLOW'),
    deny: foldHttp(port.deny, 'DENY'),
  };
  return {
    name: `${port.port}-passthrough`,
    filterChainMatch: chainMatch(port, { transportProtocol: 'tls' }),
    filters: [...inboundTcpFilters(blind, 'plaintext')],
  };
}

function rawChain(port: PortAccess): FilterChain {
  return {
    name: `${port.port}-plaintext`,
    filterChainMatch: chainMatch(port, { transportProtocol: 'raw_buffer' }),
    filters: filtersOf(port, 'plaintext') ?? [],
  };
}

/** Chains of one port by transport mode. The mTLS chain is always there, so that mesh callers keep their principal. */
function chainsOf(port: PortAccess, mesh: MeshParameters): readonly FilterChain[] {
  const chains = [meshChain(port, mesh)];
  // A server-first application would speak before any rule is judged.
  if (port.admitted?.isAnonymousAdmitted === false) return chains;
  switch (port.mode) {
    case 'MUTUAL_TLS':
      return chains;
    case 'SIMPLE_TLS':
      return [...chains, simpleTlsChain(port)];
    case 'PERMISSIVE':
    case 'PLAINTEXT':
      return [...chains, passThroughChain(port), rawChain(port)];
  }
}

/** Connections that name the proxy's own ports would be forwarded to the proxy for ever. */
function ownPortChains(): readonly FilterChain[] {
  return [proxyPorts.inbound, proxyPorts.outbound].map((port) => ({
    name: `${port}-refused`,
    filterChainMatch: { destinationPort: { value: port } },
    filters: [...closingFilters(port)],
  }));
}

/** Ports on which plaintext clients wait for the server to speak: looking for TLS there would only delay them. */
function uninspected(
  ports: readonly PortAccess[],
): envoy.config.listener.v3.ListenerFilterChainMatchPredicate.$Properties | undefined {
  const rules = ports
    .filter((port) => port.protocol === 'server-first' && port.isPlaintextForClients)
    .map(({ port }) => ({ destinationPortRange: { start: port, end: port + 1 } }));
  const [only, ...rest] = rules;
  if (only === undefined) return undefined;
  return rest.length === 0 ? only : { orMatch: { rules } };
}

function referencesOf(ports: readonly PortAccess[]): readonly ResourceReference[] {
  const http = ports.filter((port) => isHttpProtocol(port.protocol));
  return [
    toCluster(clusterNames.inboundTcp),
    toCluster(clusterNames.withheld),
    ...http.map((port) => toCluster(httpCluster(port))),
    ...http.flatMap(({ port }) =>
      (['deny', 'allow'] as const).map((effect) => ({ typeUrl: typeUrls.extension, name: rulesName(port, effect) })),
    ),
    { typeUrl: typeUrls.secret, name: secretNames.roots },
  ];
}

/** The listener that takes everything that comes in. */
export function inboundListener(
  access: { readonly ports: readonly PortAccess[]; readonly undeclared: PortAccess },
  mesh: MeshParameters,
): EncodedResource {
  const own: readonly number[] = [proxyPorts.inbound, proxyPorts.outbound];
  const ports = access.ports.filter(({ port }) => !own.includes(port));
  const filterDisabled = uninspected(ports);
  const inspector = pack('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', TlsInspector, {});
  const originalDst = pack('envoy.extensions.filters.listener.original_dst.v3.OriginalDst', OriginalDst, {});
  return encodeListener(
    {
      name: 'inbound',
      address: socketAddress('0.0.0.0', proxyPorts.inbound),
      trafficDirection: TrafficDirection.INBOUND,
      listenerFilters: [
        { name: 'envoy.filters.listener.original_dst', typedConfig: originalDst },
        {
          name: 'envoy.filters.listener.tls_inspector',
          typedConfig: inspector,
          ...(filterDisabled === undefined ? {} : { filterDisabled }),
        },
      ],
      listenerFiltersTimeout: { seconds: inspectionSeconds },
      // Without it a client that sends less than a TLS header is reset instead of served.
      continueOnListenerFiltersTimeout: true,
      accessLog: [tcpAccessLog(logNames.refused)],
      filterChains: [...ports, access.undeclared].flatMap((port) => chainsOf(port, mesh)).concat(ownPortChains()),
    },
    referencesOf(ports),
  );
}
