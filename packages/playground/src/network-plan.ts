// SPDX-License-Identifier: Apache-2.0

/** Addresses and names inside the cluster's network namespace; nothing outside it sees them. */
export const networkPlan = {
  bridge: 'signet0',
  /** Address of the bridge: node, DNS server and control plane. */
  gateway: '10.244.0.1',
  prefixLength: 16,
  /** Pods of node n are in 10.244.n.0/24. */
  podPrefix: '10.244',
  serviceRange: '10.96.0.0/16',
  servicePrefix: '10.96',
  dnsDomain: 'cluster.local',
  /** SO_MARK of the proxy's own packets, by which the capture lets them through. */
  proxyMark: 1337,
  /** Source of the proxy's connections to its own application. */
  proxyLoopback: '127.0.0.6',
} as const;

/** Names of the two nodes. */
export const nodeNames = ['signet-node-1', 'signet-node-2'] as const;
