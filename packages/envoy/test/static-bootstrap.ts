// SPDX-License-Identifier: Apache-2.0
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { secretNames, staticClusters } from '../src/index.ts';
import type { ResourceDocument } from './resource-json.ts';
import { testRootPem } from './test-root.ts';

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pipeCluster(name: string): JsonObject {
  return {
    name,
    type: 'STATIC',
    typedExtensionProtocolOptions: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicitHttpConfig: { http2ProtocolOptions: {} },
      },
    },
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { pipe: { path: `/nonexistent/${name}` } } } }] }],
    },
  };
}

/** Puts what is discovered in place of the reference to it, so that Envoy judges it as well. */
function inlined(value: JsonValue, document: ResourceDocument): JsonValue {
  if (Array.isArray(value)) return value.map((entry) => inlined(entry, document));
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key === 'configDiscovery') {
      const extension = document['TypedExtensionConfig']?.[String(value['name'])];
      if (!isObject(extension)) throw new Error(`no extension ${String(value['name'])}`);
      result['typedConfig'] = extension['typedConfig'] ?? null;
    } else if (key === 'rds' && isObject(entry)) {
      const route = document['RouteConfiguration']?.[String(entry['routeConfigName'])];
      if (route === undefined) throw new Error(`no route ${String(entry['routeConfigName'])}`);
      result['routeConfig'] = isObject(route) ? { ...route, validateClusters: true } : route;
    } else if (key === 'validationContextSdsSecretConfig') {
      // Static clusters are made before the aggregated stream exists; Envoy would crash on a secret from it.
      result[key] = { name: secretNames.roots };
    } else if (key === 'validateClusters') {
      result[key] = true;
    } else {
      result[key] = inlined(entry, document);
    }
  }
  return result;
}

function withEndpoints(cluster: JsonValue, document: ResourceDocument): JsonValue {
  if (!isObject(cluster) || cluster['type'] !== 'EDS') return cluster;
  const name = String(cluster['name']);
  const loadAssignment = document['ClusterLoadAssignment']?.[name];
  if (loadAssignment === undefined) throw new Error(`no endpoints for ${name}`);
  const { edsClusterConfig: _, ...rest } = cluster;
  return { ...rest, type: 'STATIC', loadAssignment };
}

/** A configuration file that holds a whole resource set; key pairs stay with the agent's stream, the roots are those of a test. */
export function staticBootstrap(document: ResourceDocument): JsonObject {
  const listeners = Object.values(document['Listener'] ?? {}).map((listener) => inlined(listener, document));
  const clusters = Object.values(document['Cluster'] ?? {}).map((cluster) =>
    inlined(withEndpoints(cluster, document), document),
  );
  return {
    node: { id: 'sidecar~10.0.0.1~server.shop~shop.svc.cluster.local', cluster: 'shop' },
    dynamicResources: {
      adsConfig: {
        apiType: 'DELTA_GRPC',
        transportApiVersion: 'V3',
        grpcServices: [{ envoyGrpc: { clusterName: staticClusters.config } }],
      },
    },
    staticResources: {
      secrets: [{ name: secretNames.roots, validationContext: { trustedCa: { inlineString: testRootPem } } }],
      listeners,
      clusters: [pipeCluster(staticClusters.config), pipeCluster(staticClusters.agent), ...clusters],
    },
  };
}
