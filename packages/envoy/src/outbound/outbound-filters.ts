// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { httpAccessLog, tcpAccessLog } from '../access-log.ts';
import { pack } from '../encode.ts';
import { httpConnectionManager, routerFilter, transparentHttp } from '../http-connection-manager.ts';
import { logNames } from '../names.ts';
import { fromAds } from '../tls-context.ts';

const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;

type Filter = envoy.config.listener.v3.Filter.$Properties;

/** Names in statistics hold no colon, dot or bar. */
function statName(cluster: string): string {
  return cluster.replaceAll(/[^A-Za-z0-9_-]+/g, '_');
}

/** Forwards connections to a cluster. */
export function outboundTcpFilters(cluster: string): readonly Filter[] {
  const proxy = {
    statPrefix: statName(cluster),
    cluster,
    idleTimeout: {},
    accessLog: [tcpAccessLog(logNames.outbound)],
    accessLogOptions: { flushAccessLogOnConnected: true },
  };
  return [
    {
      name: 'envoy.filters.network.tcp_proxy',
      typedConfig: pack('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', TcpProxy, proxy),
    },
  ];
}

/** Forwards requests by the route configuration of that name. */
export function outboundHttpFilters(routeName: string): readonly Filter[] {
  return [
    httpConnectionManager({
      ...transparentHttp,
      statPrefix: statName(routeName),
      accessLog: [httpAccessLog(logNames.outbound)],
      httpFilters: [routerFilter],
      rds: { configSource: fromAds, routeConfigName: routeName },
    }),
  ];
}
