// SPDX-License-Identifier: Apache-2.0
import type { PortAccess } from '@signet/policy';
import { envoy } from '@signet/proto';
import { httpAccessLog, type ChainTransport } from '../access-log.ts';
import { accessRules, allowRules } from '../access-rules.ts';
import { encodeExtension, pack } from '../encode.ts';
import { httpConnectionManager, routerFilter, transparentHttp } from '../http-connection-manager.ts';
import { clusterNames, logNames, rulesName } from '../names.ts';
import type { EncodedResource } from '../resource-set.ts';
import { fromAds } from '../tls-context.ts';

const { RBAC } = envoy.extensions.filters.http.rbac.v3;
const { Action } = envoy.config.rbac.v3.RBAC;
const { ForwardClientCertDetails } = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;

type Effect = 'deny' | 'allow';

const rbacType = 'envoy.extensions.filters.http.rbac.v3.RBAC';

function packRules(effect: Effect, rules: envoy.config.rbac.v3.RBAC.$Properties) {
  // Both filters write into one metadata namespace; the prefixes keep them apart.
  return pack(rbacType, RBAC, {
    rules,
    rulesStatPrefix: `signet_${effect}_`,
    shadowRulesStatPrefix: `signet_${effect}_`,
  });
}

function discoveredFilter(port: number, effect: Effect) {
  return {
    name: rulesName(port, effect),
    configDiscovery: {
      configSource: fromAds,
      // An ALLOW filter without policies refuses everything.
      defaultConfig: packRules(effect, { action: Action.ALLOW }),
      applyDefaultConfigWithoutWarming: true,
      typeUrls: [`type.googleapis.com/${rbacType}`],
    },
  };
}

/** Access rules of an HTTP port; they change without touching the listener. */
export function inboundRules(port: PortAccess): readonly EncodedResource[] {
  return [
    encodeExtension({
      name: rulesName(port.port, 'deny'),
      typedConfig: packRules('deny', accessRules('DENY', port.deny)),
    }),
    encodeExtension({ name: rulesName(port.port, 'allow'), typedConfig: packRules('allow', allowRules(port)) }),
  ];
}

/** Cluster that reaches the application on an HTTP port. */
export function httpCluster(port: PortAccess): string {
  return port.protocol === 'http' ? clusterNames.inboundHttp : clusterNames.inboundHttp2;
}

/** Filters of a chain that forwards requests. */
export function inboundHttpFilters(
  port: PortAccess,
  transport: ChainTransport,
): readonly envoy.config.listener.v3.Filter.$Properties[] {
  return [
    httpConnectionManager({
      ...transparentHttp,
      statPrefix: `inbound_${port.port}`,
      // Rules on paths must see what the application will see.
      normalizePath: { value: true },
      mergeSlashes: true,
      // Of the headers only: requests and answers may take as long as they like.
      requestHeadersTimeout: { seconds: 30 },
      forwardClientCertDetails: ForwardClientCertDetails.SANITIZE_SET,
      setCurrentClientCertDetails: { uri: true },
      accessLog: [httpAccessLog(logNames.inbound, transport)],
      httpFilters: [discoveredFilter(port.port, 'deny'), discoveredFilter(port.port, 'allow'), routerFilter],
      routeConfig: {
        name: `inbound/${port.port}`,
        validateClusters: { value: false },
        virtualHosts: [
          {
            name: 'application',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: httpCluster(port), timeout: {} } }],
          },
        ],
      },
    }),
  ];
}
