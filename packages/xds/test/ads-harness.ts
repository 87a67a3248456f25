// SPDX-License-Identifier: Apache-2.0
import { loadEnvoyDescriptorSet } from '@signet/proto';
import { createGrpcServer, createLogger, createMetrics, systemClock, type TlsMaterial } from '@signet/runtime';
import { createTestAuthority, startEnvoy, type TestCertificate, type TestEnvoy } from '@signet/testing';
import { createAdsService } from '../src/ads-service.ts';
import type { StreamEvent } from '../src/ads-stream.ts';
import { createProxyRegistry, type ProxyRegistry } from '../src/proxy-registry.ts';
import type { DesiredState, ProtocolVariant, SessionLimits } from '../src/session.ts';

const serverId = 'spiffe://cluster.local/ns/signet-system/sa/signetd';
const clientId = 'spiffe://cluster.local/ns/shop/sa/checkout';

/** A response as it went out. */
export interface SentResponse {
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly removed: readonly string[];
}

/** A running ADS server over mTLS with one desired state for everybody. */
export interface AdsHarness {
  readonly port: number;
  readonly registry: ProxyRegistry;
  readonly events: StreamEvent[];
  /** Responses in order. */
  readonly sent: SentResponse[];
  readonly client: TestCertificate;
  readonly rootPem: string;
  desire(desired: DesiredState): void;
  cutConnections(): number;
  /** Starts an Envoy that speaks to this server. */
  startEnvoy(o: { readonly variant: ProtocolVariant; readonly version?: string }): Promise<TestEnvoy>;
  stop(): Promise<void>;
}

/** Starts the server. `identify` accepts everybody unless given. */
export async function startAdsHarness(o: { readonly limits?: Partial<SessionLimits> } = {}): Promise<AdsHarness> {
  const authority = createTestAuthority();
  const own = authority.issue({ uris: [serverId] });
  const client = authority.issue({ uris: [clientId] });
  const material: TlsMaterial = {
    keyPem: own.keyPem,
    certificateChainPem: own.chainPem,
    rootsPem: authority.rootPem,
    serial: own.serial,
    spiffeId: serverId,
    notBefore: new Date(Date.now() - 1000),
    notAfter: new Date(Date.now() + 86_400_000),
  };
  const registry = createProxyRegistry();
  const events: StreamEvent[] = [];
  const sent: SentResponse[] = [];
  let desired: DesiredState | undefined;
  const service = createAdsService({
    registry,
    clock: systemClock,
    ...(o.limits === undefined ? {} : { limits: o.limits }),
    identify: async (node, { peer }) => ({
      podUid: node.id,
      namespace: 'shop',
      pod: node.id,
      serial: peer?.serial ?? '',
    }),
    desiredFor: () => desired,
    onEvent: (_proxy, event) => {
      events.push(event);
      if (event.kind !== 'send') return;
      const { typeUrl, resources, removed } = event.response;
      sent.push({ typeUrl, names: resources.map(({ name }) => name), removed });
    },
  });
  const server = createGrpcServer({
    listeners: [
      {
        name: 'ads',
        host: '127.0.0.1',
        port: 0,
        clientCertificate: 'require',
        services: [service],
        authorise: () => {},
      },
    ],
    material: () => material,
    logger: createLogger({ component: 'test', level: 'fatal' }),
    metrics: createMetrics('test'),
    descriptorSet: loadEnvoyDescriptorSet(),
  });
  const ports = await server.start();
  server.setServing(true);
  const port = ports.get('ads') ?? 0;
  const envoys: TestEnvoy[] = [];
  return {
    port,
    registry,
    events,
    sent,
    client,
    rootPem: authority.rootPem,
    desire(next) {
      desired = next;
      for (const proxy of registry.all()) proxy.stream.desire(next);
    },
    cutConnections: () => server.closeConnections(() => true),
    async startEnvoy({ variant, version }) {
      const bootstrap = envoyBootstrap({ port, variant, client, rootPem: authority.rootPem });
      const envoy = await startEnvoy({ bootstrap, ...(version === undefined ? {} : { version }) });
      envoys.push(envoy);
      return envoy;
    },
    async stop() {
      for (const envoy of envoys) await envoy.stop();
      await server.stop(100);
    },
  };
}

function envoyBootstrap(o: {
  port: number;
  variant: ProtocolVariant;
  client: TestCertificate;
  rootPem: string;
}): object {
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    common_tls_context: {
      tls_params: { tls_maximum_protocol_version: 'TLSv1_3' },
      tls_certificates: [
        { certificate_chain: { inline_string: o.client.chainPem }, private_key: { inline_string: o.client.keyPem } },
      ],
      validation_context: {
        trusted_ca: { inline_string: o.rootPem },
        match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: serverId } }],
      },
    },
  };
  const http2 = {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicit_http_config: { http2_protocol_options: {} },
  };
  return {
    node: { id: 'envoy', cluster: 'test' },
    dynamic_resources: {
      ads_config: {
        api_type: o.variant === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'signet-config' } }],
      },
      cds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '15s' },
      lds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '15s' },
    },
    static_resources: {
      clusters: [
        {
          name: 'signet-config',
          type: 'STATIC',
          typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 },
          transport_socket: { name: 'tls', typed_config: tls },
          load_assignment: {
            cluster_name: 'signet-config',
            endpoints: [
              {
                lb_endpoints: [
                  { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: o.port } } } },
                ],
              },
            ],
          },
        },
      ],
    },
  };
}
