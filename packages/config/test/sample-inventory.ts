// SPDX-License-Identifier: Apache-2.0
import { formatSpiffeId, type InventorySnapshot, type Workload } from '@signet/model';
import type { InventoryEvent } from '@signet/proto';

/** A running, enrolled pod of namespace shop. */
export function samplePod(name: string, ip: string, extra: Partial<Workload> = {}): Workload {
  return {
    uid: `uid-${name}`,
    namespace: 'shop',
    name,
    owners: [],
    serviceAccount: name,
    node: 'node-1',
    ips: [ip],
    labels: { app: name },
    annotations: {},
    containers: [],
    isEnrolled: true,
    spiffeId: formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: name }),
    certificate: undefined,
    phase: 'Running',
    isReady: true,
    isTerminating: false,
    usesHostNetwork: false,
    createdAt: new Date(0),
    ...extra,
  };
}

/** A snapshot that holds these pods only. */
export function sampleSnapshot(source: number, ...pods: readonly Workload[]): InventorySnapshot {
  return {
    revision: { source, ledger: 0 },
    isSynced: true,
    isStale: false,
    namespaces: new Map([['shop', { name: 'shop', labels: {} }]]),
    services: new Map(),
    workloads: new Map(pods.map((pod) => [pod.uid, pod])),
    endpoints: new Map(),
    policies: new Map(),
    findings: new Map(),
    fileProblems: [],
  };
}

/** The event that discovery sends for an enrolled pod with an HTTP port. */
export function podEvent(name: string, ip: string, port = 8080): InventoryEvent {
  return {
    workload: {
      uid: `uid-${name}`,
      namespace: 'shop',
      name,
      serviceAccount: name,
      node: 'node-1',
      ips: [ip],
      labels: { app: name },
      containers: [{ name: 'main', image: 'sample', ports: [{ name: 'http', port, protocol: 'TCP' }] }],
      enrolled: true,
      spiffeId: `spiffe://cluster.local/ns/shop/sa/${name}`,
      phase: 'Running',
      ready: true,
      createdAt: { seconds: 1 },
    },
  };
}

/** Events of a Service with one attested endpoint. */
export function serviceEvents(name: string, clusterIp: string, podIp: string): InventoryEvent[] {
  const ports = [{ name: 'http', port: 80, targetPort: 'http', protocol: 'http' }];
  const endpoint = {
    namespace: 'shop',
    service: name,
    portName: 'http',
    address: podIp,
    port: 8080,
    podUid: `uid-${name}`,
    pod: name,
    offered: true,
    reason: 'ATTESTED',
    spiffeId: `spiffe://cluster.local/ns/shop/sa/${name}`,
    mutualTls: true,
  };
  return [
    {
      service: {
        namespace: 'shop',
        name,
        uid: `uid-service-${name}`,
        clusterIps: [clusterIp],
        selector: { app: name },
        ports,
      },
    },
    { endpoints: { namespace: 'shop', service: name, endpoints: [endpoint] } },
  ];
}

/** Closes a group of events. */
export function revisionEvent(source: number, o: { synced?: boolean; stale?: boolean } = {}): InventoryEvent {
  return { revision: { revision: { source, ledger: 0 }, synced: o.synced ?? true, stale: o.stale ?? false } };
}
