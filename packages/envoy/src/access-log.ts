// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { pack } from './encode.ts';
import { logNames, staticClusters } from './names.ts';

const als = envoy.extensions.access_loggers.grpc.v3;
const { ApiVersion } = envoy.config.core.v3;

type AccessLog = envoy.config.accesslog.v3.AccessLog.$Properties;
type LogName = (typeof logNames)[keyof typeof logNames];

/** What a filter chain of the inbound listener takes. */
export type ChainTransport = 'mtls' | 'tls' | 'plaintext';

const flushIntervalNanos = 250_000_000;

const inboundTags: Readonly<Record<string, string>> = {
  address: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%',
  details: '%CONNECTION_TERMINATION_DETAILS%',
  failure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%',
  local: '%DOWNSTREAM_LOCAL_URI_SAN%',
  peer: '%DOWNSTREAM_PEER_URI_SAN%',
  peer_serial: '%DOWNSTREAM_PEER_SERIAL%',
  port: '%DOWNSTREAM_LOCAL_PORT%',
  tls_version: '%DOWNSTREAM_TLS_VERSION%',
};

const outboundTags: Readonly<Record<string, string>> = {
  address: '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%',
  details: '%CONNECTION_TERMINATION_DETAILS%',
  endpoint: '%UPSTREAM_REMOTE_ADDRESS%',
  failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  local: '%UPSTREAM_LOCAL_URI_SAN%',
  peer: '%UPSTREAM_PEER_URI_SAN%',
  port: '%DOWNSTREAM_LOCAL_PORT%',
  target: '%UPSTREAM_CLUSTER_RAW%',
  tls_version: '%UPSTREAM_TLS_VERSION%',
};

function commonConfig(
  logName: LogName,
  transport: ChainTransport | undefined,
): envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig.$Properties {
  const tags = logName === logNames.outbound ? outboundTags : inboundTags;
  const all = transport === undefined ? tags : { ...tags, transport };
  return {
    logName,
    transportApiVersion: ApiVersion.V3,
    grpcService: { envoyGrpc: { clusterName: staticClusters.agent } },
    bufferFlushInterval: { nanos: flushIntervalNanos },
    customTags: Object.entries(all)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([tag, value]) => ({ tag, value })),
  };
}

/** Log of requests. */
export function httpAccessLog(logName: LogName, transport?: ChainTransport): AccessLog {
  const name = 'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig';
  return {
    name: 'envoy.access_loggers.http_grpc',
    typedConfig: pack(name, als.HttpGrpcAccessLogConfig, { commonConfig: commonConfig(logName, transport) }),
  };
}

/** Log of connections. */
export function tcpAccessLog(logName: LogName, transport?: ChainTransport): AccessLog {
  const name = 'envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig';
  return {
    name: 'envoy.access_loggers.tcp_grpc',
    typedConfig: pack(name, als.TcpGrpcAccessLogConfig, { commonConfig: commonConfig(logName, transport) }),
  };
}
