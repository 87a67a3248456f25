// SPDX-License-Identifier: Apache-2.0
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { httpAccessLog, tcpAccessLog, type ChainTransport } from '../src/access-log.ts';
import { encodeCluster, pack } from '../src/encode.ts';
import { routerFilter } from '../src/http-connection-manager.ts';
import { inboundClusters } from '../src/inbound/inbound-clusters.ts';
import { logNames } from '../src/names.ts';
import type { EncodedResource } from '../src/resource-set.ts';
import { fromAds, fromAgent } from '../src/tls-context.ts';
import { circuitBreakers } from '../src/upstream-protocol.ts';
import { envoy } from '@signet/proto';
import { rootNamespace, trustDomain } from './golden-world.ts';
import { anyJson, resourceJson } from './resource-json.ts';

/** Values that stand in nearly every resource set: they are written once, in `golden-common.json`. */
export type CommonValues = Readonly<Record<string, JsonValue>>;

const marker = 'common';

function logJson(log: envoy.config.accesslog.v3.AccessLog.$Properties): JsonValue {
  return anyJson(pack('envoy.config.accesslog.v3.AccessLog', envoy.config.accesslog.v3.AccessLog, log));
}

function configSource(source: envoy.config.core.v3.ConfigSource.$Properties): JsonValue {
  return anyJson(pack('envoy.config.core.v3.ConfigSource', envoy.config.core.v3.ConfigSource, source));
}

/** Builds the values, from the code that projections use. */
export function commonValues(): CommonValues {
  const transports: readonly ChainTransport[] = ['mtls', 'tls', 'plaintext'];
  const clusters: readonly EncodedResource[] = inboundClusters({ trustDomain, rootNamespace });
  const breakers = resourceJson(encodeCluster({ name: 'any', circuitBreakers })) as JsonObject;
  const router = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
  return {
    ...Object.fromEntries(
      transports.map((transport) => [`http log ${transport}`, logJson(httpAccessLog(logNames.inbound, transport))]),
    ),
    ...Object.fromEntries(
      transports.map((transport) => [`tcp log ${transport}`, logJson(tcpAccessLog(logNames.inbound, transport))]),
    ),
    'http log outbound': logJson(httpAccessLog(logNames.outbound)),
    'tcp log outbound': logJson(tcpAccessLog(logNames.outbound)),
    'log of refused connections': logJson(tcpAccessLog(logNames.refused)),
    ...Object.fromEntries(clusters.map((cluster) => [`cluster ${cluster.name}`, resourceJson(cluster)])),
    'circuit breakers': breakers['circuitBreakers'] ?? null,
    'router filter': anyJson(
      pack('envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter', router, routerFilter),
    ),
    'from the agent': configSource(fromAgent),
    'over ADS': configSource(fromAds),
  };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapEntries(value: JsonValue, visit: (entry: JsonValue) => JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(visit);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, visit(entry)]));
}

/** Replaces the values by their names. */
export function abbreviate(document: JsonValue, common: CommonValues): JsonValue {
  const names = new Map(Object.entries(common).map(([name, value]) => [JSON.stringify(value), name]));
  const visit = (value: JsonValue): JsonValue => {
    const name = isObject(value) ? names.get(JSON.stringify(value)) : undefined;
    return name === undefined ? mapEntries(value, visit) : { [marker]: name };
  };
  return visit(document);
}

/** Puts the values back; a name that does not exist is an error. */
export function expand(document: JsonValue, common: CommonValues): JsonValue {
  const visit = (value: JsonValue): JsonValue => {
    const name = isObject(value) ? value[marker] : undefined;
    if (typeof name !== 'string') return mapEntries(value, visit);
    const found = common[name];
    if (found === undefined) throw new Error(`golden-common.json has no «${name}»`);
    return found;
  };
  return visit(document);
}
