// SPDX-License-Identifier: Apache-2.0

/** Clusters that the bootstrap brings along. */
export const staticClusters = { config: 'signet-config', agent: 'signet-agent' } as const;

/** Secrets: key pairs come from the agent, roots over ADS. */
export const secretNames = { workload: 'default', serving: 'serving', roots: 'ROOTCA' } as const;

/** Clusters without a Service behind them. */
export const clusterNames = {
  inboundHttp: 'inbound-http',
  inboundHttp2: 'inbound-http2',
  inboundTcp: 'inbound-tcp',
  passthrough: 'passthrough',
  withheld: 'withheld',
} as const;

/** Names of the gRPC access logs. */
export const logNames = { inbound: 'inbound', outbound: 'outbound', refused: 'inbound-refused' } as const;

/** Rule id that stands for «no ALLOW policy selects this port». */
export const defaultRuleId = 'default';

/** DNS name of a Service. */
export function serviceHost(service: { readonly namespace: string; readonly name: string }): string {
  return `${service.name}.${service.namespace}.svc.cluster.local`;
}

/** Cluster, endpoint set and route of one port of a Service. */
export function serviceCluster(host: string, port: number): string {
  return `outbound|${port}||${host}`;
}

/** Server name that clients send for a Service, in Istio's form. */
export function serviceSni(host: string, port: number): string {
  return `outbound_.${port}_._.${host}`;
}

/** Cluster that reaches a pod by its own address under one identity. */
export function directCluster(spiffeId: string): string {
  return `direct|${spiffeId}`;
}

/** Access rules of an HTTP port, by ECDS. */
export function rulesName(port: number, effect: 'deny' | 'allow'): string {
  return `inbound/${port}/${effect}`;
}
