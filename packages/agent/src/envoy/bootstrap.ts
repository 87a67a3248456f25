// SPDX-License-Identifier: Apache-2.0
import { isIP, isIPv6 } from 'node:net';
import type { AgentConfig } from '../config.ts';

/** Names that the projection of `config` and this bootstrap share. */
export const configCluster = 'signet-config';
/** Cluster of the agent's Unix socket. */
export const agentCluster = 'signet-agent';
/** SDS name of the workload's key pair. */
export const workloadSecret = 'default';
/** SDS name of the key pair with DNS names. */
export const servingSecret = 'serving';
/** SDS name of the roots. */
export const rootsSecret = 'ROOTCA';

const socketLevel = 1; // SOL_SOCKET
const socketMark = 36; // SO_MARK

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `sidecar~<ip>~<pod>.<namespace>~<namespace>.svc.<trust domain>`, Istio's form. */
export function formatNodeId(config: Pick<AgentConfig, 'pod' | 'trustDomain'>): string {
  const { ip, name, namespace } = config.pod;
  return `sidecar~${ip}~${name}.${namespace}~${namespace}.svc.${config.trustDomain}`;
}

/**
 * Envoy's bootstrap, in the JSON form of envoy.config.bootstrap.v3.Bootstrap: everything comes over delta ADS from config;
 * the key pair of that connection and its trust come from the agent.
 */
export function buildBootstrap(config: AgentConfig): Json {
  const { pod, envoy } = config;
  return {
    node: {
      id: formatNodeId(config),
      cluster: `${pod.serviceAccount}.${pod.namespace}`,
      metadata: {
        NAMESPACE: pod.namespace,
        SERVICE_ACCOUNT: pod.serviceAccount,
        POD_UID: pod.uid,
        NODE_NAME: pod.node,
        INSTANCE_IPS: pod.ip,
        ...(envoy.proxyMark === undefined ? {} : { PROXY_MARK: envoy.proxyMark }),
      },
    },
    admin: { address: socketAddress('127.0.0.1', envoy.adminPort) },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [envoyGrpc(configCluster)],
      },
      cds_config: { ads: {}, resource_api_version: 'V3' },
      lds_config: { ads: {}, resource_api_version: 'V3' },
    },
    static_resources: { clusters: [buildConfigCluster(config), buildAgentCluster(config)] },
    overload_manager: {
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: {
            '@type':
              'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
            max_active_downstream_connections: 50_000,
          },
        },
      ],
    },
  };
}

/** Reconnects within a second of the control plane's return; Envoy's own limit is 30 s. */
function envoyGrpc(cluster: string): Json {
  return {
    envoy_grpc: {
      cluster_name: cluster,
      retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } },
    },
    timeout: '0s',
  };
}

function buildConfigCluster(config: AgentConfig): Json {
  const { host, port } = splitAddress(config.configAddress);
  const isAddress = isIP(host) !== 0;
  const mark = config.envoy.proxyMark;
  return {
    name: configCluster,
    type: isAddress ? 'STATIC' : 'STRICT_DNS',
    ...(isAddress ? {} : { dns_lookup_family: 'ALL' }),
    connect_timeout: '1s',
    load_assignment: loadAssignment(configCluster, socketAddress(host, port)),
    ...http2(),
    upstream_connection_options: { tcp_keepalive: { keepalive_time: 30, keepalive_interval: 10, keepalive_probes: 3 } },
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
        // A resumed session would keep the identity that is being renewed.
        max_session_keys: 0,
        common_tls_context: {
          tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
          alpn_protocols: ['h2'],
          tls_certificate_sds_secret_configs: [sdsConfig(workloadSecret)],
          combined_validation_context: {
            default_validation_context: {
              match_typed_subject_alt_names: config.controlPlaneIds.map((id) => ({
                san_type: 'URI',
                matcher: { exact: id },
              })),
            },
            validation_context_sds_secret_config: sdsConfig(rootsSecret),
          },
        },
      },
    },
    ...(mark === undefined ? {} : { upstream_bind_config: markedBind(host, mark) }),
  };
}

function buildAgentCluster(config: AgentConfig): Json {
  return {
    name: agentCluster,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: loadAssignment(agentCluster, { pipe: { path: config.socketPath } }),
    ...http2(),
  };
}

function sdsConfig(name: string): Json {
  return {
    name,
    sds_config: {
      api_config_source: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [envoyGrpc(agentCluster)],
      },
      resource_api_version: 'V3',
      // Waits as long as it takes: without a key pair there is nothing to serve.
      initial_fetch_timeout: '0s',
    },
  };
}

function http2(): { readonly typed_extension_protocol_options: Json } {
  return {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '10s', timeout: '5s' } },
        },
      },
    },
  };
}

function markedBind(host: string, mark: number): Json {
  return {
    source_address: { address: isIPv6(host) ? '::' : '0.0.0.0', port_value: 0 },
    socket_options: [
      {
        description: 'exempt from capture',
        level: socketLevel,
        name: socketMark,
        int_value: mark,
        state: 'STATE_PREBIND',
      },
    ],
  };
}

function loadAssignment(cluster: string, address: Json): Json {
  return { cluster_name: cluster, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] };
}

function socketAddress(address: string, port: number): Json {
  return { socket_address: { address, port_value: port } };
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
