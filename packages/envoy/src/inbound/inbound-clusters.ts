// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { encodeCluster, type Any } from '../encode.ts';
import type { MeshParameters } from '../mesh-parameters.ts';
import { clusterNames } from '../names.ts';
import type { EncodedResource } from '../resource-set.ts';
import { bindConfig } from '../socket-options.ts';
import { circuitBreakers, connectTimeout, upstreamProtocol } from '../upstream-protocol.ts';

const { DiscoveryType, LbPolicy } = envoy.config.cluster.v3.Cluster;

/** Source by which the capture knows connections to the application; no pod has it. */
const proxySource = '127.0.0.6';

/** Shorter than the keep-alive of common servers (Node: 5 s), so that no request meets a closing connection. */
const applicationIdleSeconds = 3;

function applicationCluster(
  name: string,
  mesh: MeshParameters,
  protocol?: { readonly [name: string]: Any },
): EncodedResource {
  return encodeCluster({
    name,
    type: DiscoveryType.ORIGINAL_DST,
    lbPolicy: LbPolicy.CLUSTER_PROVIDED,
    connectTimeout,
    circuitBreakers,
    upstreamBindConfig: bindConfig(mesh, proxySource) ?? null,
    typedExtensionProtocolOptions: protocol ?? {},
  });
}

/** The clusters that reach the application. All proxies have all of them: they cost nothing and never change. */
export function inboundClusters(mesh: MeshParameters): readonly EncodedResource[] {
  return [
    applicationCluster(clusterNames.inboundHttp, mesh, upstreamProtocol('as-client', applicationIdleSeconds)),
    applicationCluster(clusterNames.inboundHttp2, mesh, upstreamProtocol('http2', applicationIdleSeconds)),
    applicationCluster(clusterNames.inboundTcp, mesh),
  ];
}
