// SPDX-License-Identifier: Apache-2.0
import {
  formatSpiffeId,
  objectKey,
  policyKey,
  type AppProtocol,
  type Endpoint,
  type InventorySnapshot,
  type PolicyObject,
  type Service,
  type Workload,
} from '@signet/model';

export const trustDomain = 'cluster.local';
export const rootNamespace = 'signet-system';

const epoch = new Date('2026-01-01T00:00:00Z');

/** A pod `<namespace>/<name>` with label `app: <name>`. */
export function buildPod(
  name: string,
  options: Partial<
    Pick<Workload, 'namespace' | 'labels' | 'ips' | 'isEnrolled' | 'containers' | 'usesHostNetwork' | 'owners'>
  > = {},
): Workload {
  const namespace = options.namespace ?? 'shop';
  const isEnrolled = options.isEnrolled ?? true;
  return {
    uid: `${namespace}-${name}`,
    namespace,
    name,
    owners: options.owners ?? [],
    serviceAccount: name,
    node: 'node-1',
    ips: options.ips ?? ['10.0.0.1'],
    labels: options.labels ?? { app: name },
    annotations: {},
    containers: options.containers ?? [],
    isEnrolled,
    spiffeId: isEnrolled ? formatSpiffeId({ trustDomain, namespace, serviceAccount: name }) : undefined,
    certificate: undefined,
    phase: 'Running',
    isReady: true,
    isTerminating: false,
    usesHostNetwork: options.usesHostNetwork ?? false,
    createdAt: epoch,
  };
}

/** A Service that selects `app: <name>`. */
export function buildService(name: string, ports: Readonly<Record<number, AppProtocol>>, namespace = 'shop'): Service {
  return {
    namespace,
    name,
    uid: `${namespace}-${name}-service`,
    clusterIps: ['10.96.0.1'],
    selector: { app: name },
    ports: Object.entries(ports).map(([port, protocol]) => ({
      name: `p${port}`,
      port: Number(port),
      targetPort: Number(port),
      protocol,
    })),
    publishNotReady: false,
    createdAt: epoch,
  };
}

/** A policy object. */
export function buildPolicy(
  kind: string,
  spec: unknown,
  options: { namespace?: string; name?: string; createdAt?: Date; annotations?: Readonly<Record<string, string>> } = {},
): PolicyObject {
  const { namespace = 'shop', name = 'policy', createdAt = epoch, annotations = {} } = options;
  return {
    apiVersion: 'v1',
    kind,
    namespace,
    name,
    uid: name,
    generation: 1,
    createdAt,
    spec,
    annotations,
    origin: '',
  };
}

/** A consistent snapshot of these objects. */
export function buildSnapshot(input: {
  readonly pods?: readonly Workload[];
  readonly services?: readonly Service[];
  readonly endpoints?: readonly Endpoint[];
  readonly policies?: readonly PolicyObject[];
}): InventorySnapshot {
  const endpoints = Map.groupBy(input.endpoints ?? [], (endpoint) => objectKey(endpoint.namespace, endpoint.service));
  return {
    revision: { source: 1, ledger: 1 },
    isSynced: true,
    isStale: false,
    namespaces: new Map(),
    services: new Map((input.services ?? []).map((service) => [objectKey(service.namespace, service.name), service])),
    workloads: new Map((input.pods ?? []).map((pod) => [pod.uid, pod])),
    endpoints,
    policies: new Map((input.policies ?? []).map((policy) => [policyKey(policy), policy])),
    findings: new Map(),
    fileProblems: [],
  };
}
