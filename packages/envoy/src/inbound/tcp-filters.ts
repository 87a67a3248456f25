// SPDX-License-Identifier: Apache-2.0
import type { PortAccess } from '@signet/policy';
import { envoy } from '@signet/proto';
import { tcpAccessLog, type ChainTransport } from '../access-log.ts';
import { accessRules, allowRules } from '../access-rules.ts';
import { pack } from '../encode.ts';
import { clusterNames, logNames } from '../names.ts';

const { TcpProxy, UpstreamConnectMode } = envoy.extensions.filters.network.tcp_proxy.v3;
const { RBAC } = envoy.extensions.filters.network.rbac.v3;

type Filter = envoy.config.listener.v3.Filter.$Properties;
type Rules = envoy.config.rbac.v3.RBAC.$Properties;

/** Bytes that may wait for the upstream connection. */
const earlyDataBytesMax = 16_384;

function rulesFilter(effect: 'deny' | 'allow', port: number, rules: Rules): Filter {
  // The id of the rule that admits a connection is known only for shadow rules.
  const config = {
    rules,
    shadowRules: rules,
    statPrefix: `signet_${effect}_${port}`,
    shadowRulesStatPrefix: `signet_${effect}_`,
  };
  return {
    name: `signet.${effect}`,
    typedConfig: pack('envoy.extensions.filters.network.rbac.v3.RBAC', RBAC, config),
  };
}

function tcpProxy(config: envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.$Properties): Filter {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: pack('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', TcpProxy, config),
  };
}

/** Filters of a chain that serves nobody. */
export function closingFilters(port: number): readonly Filter[] {
  const nobody = accessRules('ALLOW', []);
  return [
    rulesFilter('allow', port, nobody),
    tcpProxy({ statPrefix: `inbound_${port}`, cluster: clusterNames.withheld }),
  ];
}

/**
 * When the application is connected. Rules are judged at the first byte of the client, so where there are any nothing must
 * reach the application, nor come back from it, before that. A server-first application speaks first: there the
 * handshake has judged.
 */
function connectMode(
  port: PortAccess,
  isTlsHere: boolean,
): envoy.extensions.filters.network.tcp_proxy.v3.UpstreamConnectMode {
  const isRestricted = port.isAllowRequired || port.deny.length > 0;
  if (port.protocol !== 'server-first' && isRestricted) return UpstreamConnectMode.ON_DOWNSTREAM_DATA;
  return isTlsHere ? UpstreamConnectMode.ON_DOWNSTREAM_TLS_HANDSHAKE : UpstreamConnectMode.IMMEDIATE;
}

/** Filters of a chain that forwards connections. `isTlsHere`: this proxy ends the client's TLS. */
export function inboundTcpFilters(port: PortAccess, transport: ChainTransport): readonly Filter[] {
  const isTlsHere = transport !== 'plaintext';
  const mode = connectMode(port, isTlsHere);
  const proxy = {
    statPrefix: `inbound_${port.port}`,
    cluster: clusterNames.inboundTcp,
    idleTimeout: {},
    accessLog: [tcpAccessLog(logNames.inbound, transport)],
    accessLogOptions: { flushAccessLogOnConnected: true },
    upstreamConnectMode: mode,
    ...(mode === UpstreamConnectMode.IMMEDIATE ? {} : { maxEarlyDataBytes: { value: earlyDataBytesMax } }),
  };
  return [
    ...(port.deny.length > 0 ? [rulesFilter('deny', port.port, accessRules('DENY', port.deny))] : []),
    rulesFilter('allow', port.port, allowRules(port)),
    tcpProxy(proxy),
  ];
}
