// SPDX-License-Identifier: Apache-2.0
import {
  formatSpiffeId,
  objectKey,
  policyKey,
  type AppProtocol,
  type Endpoint,
  type EndpointReason,
  type InventorySnapshot,
  type PolicyObject,
  type Service,
  type Workload,
} from '@signet/model';

/** A pod of a test world. */
export interface WorldPod {
  readonly namespace?: string;
  readonly name: string;
  readonly account?: string;
  readonly ip: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly enrolled?: boolean;
  readonly hostNetwork?: boolean;
  readonly ports?: readonly { readonly name: string; readonly port: number }[];
  /** Withheld from every Service, for this reason. */
  readonly withheld?: EndpointReason;
}

/** A Service of a test world; it selects by `app`, its own name when left out. */
export interface WorldService {
  readonly namespace?: string;
  readonly name: string;
  readonly ip?: string;
  readonly app?: string;
  readonly ports: readonly WorldPort[];
}

/** A port of a Service. */
export interface WorldPort {
  readonly port: number;
  readonly target?: number | string;
  readonly protocol: AppProtocol;
}

/** A policy object as in a manifest. */
export interface WorldPolicy {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** A small cluster for tests. */
export interface World {
  readonly pods: readonly WorldPod[];
  readonly services: readonly WorldService[];
  readonly policies?: readonly WorldPolicy[];
}

export const trustDomain = 'cluster.local';
export const rootNamespace = 'signet-system';

const defaultNamespace = 'shop';
const epoch = new Date('2026-01-01T00:00:00Z');

function podOf(pod: WorldPod): Workload {
  const namespace = pod.namespace ?? defaultNamespace;
  const serviceAccount = pod.account ?? pod.name;
  const isEnrolled = pod.enrolled ?? true;
  const ports = (pod.ports ?? []).map((port) => ({ ...port, protocol: 'TCP' as const }));
  return {
    uid: `${namespace}-${pod.name}-uid`,
    namespace,
    name: pod.name,
    owners: [],
    serviceAccount,
    node: 'node-1',
    ips: [pod.ip],
    labels: pod.labels ?? { app: pod.name },
    annotations: {},
    containers: [{ name: 'app', image: 'signet-sample', imageDigest: '', command: [], args: [], ports }],
    isEnrolled,
    spiffeId: isEnrolled ? formatSpiffeId({ trustDomain, namespace, serviceAccount }) : undefined,
    certificate: undefined,
    phase: 'Running',
    isReady: true,
    isTerminating: false,
    usesHostNetwork: pod.hostNetwork ?? false,
    createdAt: epoch,
  };
}

function serviceOf(service: WorldService): Service {
  const namespace = service.namespace ?? defaultNamespace;
  return {
    namespace,
    name: service.name,
    uid: `${namespace}-${service.name}-service`,
    clusterIps: service.ip === undefined ? [] : [service.ip],
    selector: { app: service.app ?? service.name },
    ports: service.ports.map((port) => ({
      name: `p${port.port}`,
      port: port.port,
      targetPort: port.target ?? port.port,
      protocol: port.protocol,
    })),
    publishNotReady: false,
    createdAt: epoch,
  };
}

function targetOf(target: number | string, pod: Workload): number {
  if (typeof target === 'number') return target;
  return pod.containers.flatMap((container) => container.ports).find((port) => port.name === target)?.port ?? 0;
}

function endpointsOf(
  service: Service,
  pods: readonly { readonly pod: Workload; readonly withheld: EndpointReason | undefined }[],
): readonly Endpoint[] {
  const members = pods.filter(
    ({ pod }) => pod.namespace === service.namespace && pod.labels['app'] === service.selector['app'],
  );
  return members.flatMap(({ pod, withheld }) =>
    service.ports.map((port): Endpoint => ({
      namespace: service.namespace,
      service: service.name,
      portName: port.name,
      address: pod.ips[0] ?? '',
      port: targetOf(port.targetPort, pod),
      podUid: pod.uid,
      pod: pod.name,
      isReady: true,
      isTerminating: false,
      isOffered: withheld === undefined,
      reason: withheld ?? (pod.isEnrolled ? 'ATTESTED' : 'NOT_ENROLLED_ORIGIN'),
      message: '',
      spiffeId: pod.spiffeId,
    })),
  );
}

function policyOf(policy: WorldPolicy): PolicyObject {
  const { name, namespace = defaultNamespace, creationTimestamp, annotations = {} } = policy.metadata;
  return {
    apiVersion:
      policy.apiVersion ?? (policy.kind === 'TransportPolicy' ? 'signet.dev/v1alpha1' : 'security.istio.io/v1'),
    kind: policy.kind,
    namespace,
    name,
    uid: `${policy.kind}-${namespace}-${name}`,
    generation: 1,
    createdAt: creationTimestamp === undefined ? epoch : new Date(creationTimestamp),
    spec: policy.spec,
    annotations,
    origin: '',
  };
}

/** The snapshot that discovery would publish for a world. */
export function snapshotOf(world: World): InventorySnapshot {
  const pods = world.pods.map((pod) => ({ pod: podOf(pod), withheld: pod.withheld }));
  const services = world.services.map(serviceOf);
  const policies = (world.policies ?? []).map(policyOf);
  const names = new Set([...pods.map(({ pod }) => pod.namespace), ...services.map((service) => service.namespace)]);
  return {
    revision: { source: 1, ledger: 1 },
    isSynced: true,
    isStale: false,
    namespaces: new Map([...names].map((name) => [name, { name, labels: {} }])),
    services: new Map(services.map((service) => [objectKey(service.namespace, service.name), service])),
    workloads: new Map(pods.map(({ pod }) => [pod.uid, pod])),
    endpoints: new Map(
      services.map((service) => [objectKey(service.namespace, service.name), endpointsOf(service, pods)]),
    ),
    policies: new Map(policies.map((policy) => [policyKey(policy), policy])),
    findings: new Map(),
    fileProblems: [],
  };
}

/** UID of a pod of a world. */
export function uidOf(name: string, namespace = defaultNamespace): string {
  return `${namespace}-${name}-uid`;
}
