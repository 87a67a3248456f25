// SPDX-License-Identifier: Apache-2.0

/** Files whose messages Signet encodes or decodes; what they import comes along. */
export const envoyRoots: readonly string[] = [
  'envoy/config/bootstrap/v3/bootstrap.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/extensions/access_loggers/grpc/v3/als.proto',
  'envoy/extensions/filters/http/rbac/v3/rbac.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/listener/original_dst/v3/original_dst.proto',
  'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/network/rbac/v3/rbac.proto',
  'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
  'envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.proto',
  'envoy/extensions/transport_sockets/tls/v3/tls.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/service/accesslog/v3/als.proto',
  'envoy/service/discovery/v3/ads.proto',
  'envoy/service/secret/v3/sds.proto',
];

/** The few that the agent needs, for a module that loads in a third of the time: many agents start at once. */
export const agentRoots: readonly string[] = [
  'envoy/extensions/transport_sockets/tls/v3/secret.proto',
  'envoy/service/accesslog/v3/als.proto',
  'envoy/service/discovery/v3/discovery.proto',
];

/** Text inserted before a mark in one file, for what the pinned package is too old to know. */
export interface Overlay {
  readonly file: string;
  readonly before: string;
  readonly insert: string;
}

/** Facts from Envoy 1.40's API: field numbers and names. */
export const overlays: readonly Overlay[] = [
  {
    file: 'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    before: 'message TcpProxy {',
    insert:
      'enum UpstreamConnectMode {\n  IMMEDIATE = 0;\n  ON_DOWNSTREAM_DATA = 1;\n  ON_DOWNSTREAM_TLS_HANDSHAKE = 2;\n}\n\n',
  },
  {
    file: 'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    before: '  reserved 6;',
    insert:
      '  UpstreamConnectMode upstream_connect_mode = 21;\n  google.protobuf.UInt32Value max_early_data_bytes = 22;\n\n',
  },
  {
    file: 'envoy/type/tracing/v3/custom_tag.proto',
    before: '    // A custom tag to obtain tag value from the metadata.',
    insert: '    // A format string with command operators.\n    string value = 6;\n\n',
  },
  {
    // Absent in this copy of protoc-gen-validate, yet used by the Envoy protos beside it; strict compilers stumble.
    file: 'validate/validate.proto',
    before: 'optional string const = 1;',
    insert: 'optional bool ignore_empty = 26;\n    ',
  },
];
