// SPDX-License-Identifier: Apache-2.0

interface ProxyPorts {
  readonly mtls: number;
  readonly simpleTls: number;
  readonly strictTcp: number;
  readonly application: number;
}

const loopback = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });

const sds = (name: string): object => ({
  name,
  sds_config: {
    resource_api_version: 'V3',
    api_config_source: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      grpc_services: [{ envoy_grpc: { cluster_name: 'signet-agent' } }],
    },
  },
});

const tags = [
  ['peer', '%DOWNSTREAM_PEER_URI_SAN%'],
  ['peer_serial', '%DOWNSTREAM_PEER_SERIAL%'],
  ['local', '%DOWNSTREAM_LOCAL_URI_SAN%'],
  ['tls_version', '%DOWNSTREAM_TLS_VERSION%'],
  ['port', '%DOWNSTREAM_LOCAL_PORT%'],
  ['address', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'],
  ['failure', '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%'],
  ['details', '%CONNECTION_TERMINATION_DETAILS%'],
] as const;

function accessLog(kind: 'http' | 'tcp', logName: string, transport: string | undefined): object {
  const type = kind === 'http' ? 'HttpGrpcAccessLogConfig' : 'TcpGrpcAccessLogConfig';
  return {
    name: `envoy.access_loggers.${kind}_grpc`,
    typed_config: {
      '@type': `type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.${type}`,
      common_config: {
        log_name: logName,
        transport_api_version: 'V3',
        buffer_flush_interval: '0.1s',
        grpc_service: { envoy_grpc: { cluster_name: 'signet-agent' } },
        custom_tags: [
          ...tags.map(([tag, value]) => ({ tag, value })),
          ...(transport === undefined ? [] : [{ tag: 'transport', literal: { value: transport } }]),
        ],
      },
    },
  };
}

function tls(certificate: string, requiresClient: boolean): object {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      require_client_certificate: requiresClient,
      common_tls_context: {
        tls_certificate_sds_secret_configs: [sds(certificate)],
        ...(requiresClient
          ? {
              combined_validation_context: {
                default_validation_context: {},
                validation_context_sds_secret_config: sds('ROOTCA'),
              },
            }
          : {}),
      },
    },
  };
}

function httpManager(transport: string): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: 'inbound',
      access_log: [accessLog('http', 'inbound', transport)],
      route_config: {
        virtual_hosts: [
          { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'application' } }] },
        ],
      },
      http_filters: [
        {
          name: 'envoy.filters.http.rbac',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
            rules_stat_prefix: 'signet_allow_',
            rules: {
              action: 'ALLOW',
              policies: {
                'AuthorizationPolicy/shop/readers/0': {
                  permissions: [{ url_path: { path: { exact: '/read' } } }],
                  principals: [{ any: true }],
                },
              },
            },
          },
        },
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    },
  };
}

function httpListener(port: number, certificate: string, isMutual: boolean): object {
  return {
    name: `http-${port}`,
    address: loopback(port),
    filter_chains: [
      { transport_socket: tls(certificate, isMutual), filters: [httpManager(isMutual ? 'mtls' : 'tls')] },
    ],
  };
}

/** A listener that takes mesh TLS only, so that a plaintext client finds no filter chain. */
function strictListener(port: number): object {
  return {
    name: 'strict',
    address: loopback(port),
    access_log: [accessLog('tcp', 'inbound-refused', undefined)],
    listener_filters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
        },
      },
    ],
    filter_chains: [
      {
        filter_chain_match: { transport_protocol: 'tls' },
        transport_socket: tls('default', true),
        filters: [
          {
            name: 'envoy.filters.network.tcp_proxy',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
              stat_prefix: 'strict',
              cluster: 'application',
            },
          },
        ],
      },
    ],
  };
}

/** A proxy with fixed listeners that takes its secrets from the agent and sends its logs there. */
export function buildProxyBootstrap(socketPath: string, ports: ProxyPorts): object {
  return {
    node: { id: 'proxy-under-test', cluster: 'test' },
    static_resources: {
      listeners: [
        httpListener(ports.mtls, 'default', true),
        httpListener(ports.simpleTls, 'serving', false),
        strictListener(ports.strictTcp),
      ],
      clusters: [
        {
          name: 'application',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: 'application',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(ports.application) } }] }],
          },
        },
        {
          name: 'signet-agent',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: 'signet-agent',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socketPath } } } }] }],
          },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
  };
}
