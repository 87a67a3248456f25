// SPDX-License-Identifier: Apache-2.0
import {
  formatSpiffeId,
  objectKey,
  policyKey,
  type CertificateState,
  type ClusterSnapshot,
  type Controller,
  type PolicyObject,
  type Service,
  type SliceEndpoint,
  type Workload,
} from '@signet/model';
import {
  attestEndpoints,
  emptyMemory,
  type AttestationInput,
  type AttestationResult,
} from '../src/attest-endpoints.ts';
import type { EstablishedOrigin } from '../src/origin.ts';

/** 2026-01-01T00:00:00Z plus seconds. */
export function at(seconds: number): Date {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
}

/** What differs from an ordinary replica of Deployment `checkout` in `shop`. */
export type PodOverrides = Partial<Workload> & { readonly replicaSet?: string | undefined };

/** Values inside too, so that a rule which writes into its input fails. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Date || Object.isFrozen(value)) return value;
  Object.freeze(value);
  const inner = value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
  for (const one of inner) freeze(one);
  return value;
}

/** A small cluster that tests change one property at a time. */
export class ClusterBuilder {
  readonly namespaces = new Map<string, { name: string; labels: Record<string, string> }>();
  readonly services = new Map<string, Service>();
  readonly workloads = new Map<string, Workload>();
  readonly controllers = new Map<string, Controller>();
  readonly adopted = new Set<string>();
  readonly slices = new Map<string, SliceEndpoint[]>();
  readonly policies = new Map<string, PolicyObject>();
  readonly certificates = new Map<string, CertificateState>();
  isStale = false;
  isSynced = true;

  namespace(name: string, isEnrolled = true): this {
    this.namespaces.set(name, { name, labels: isEnrolled ? { 'signet.dev/inject': 'enabled' } : {} });
    return this;
  }

  service(name: string, overrides: Partial<Service> = {}): this {
    const service: Service = {
      namespace: 'shop',
      name,
      uid: `uid-${name}`,
      clusterIps: ['10.96.0.1'],
      selector: { app: name },
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }],
      publishNotReady: false,
      createdAt: at(-600),
      ...overrides,
    };
    this.services.set(objectKey(service.namespace, name), service);
    return this;
  }

  deployment(name: string, overrides: Partial<Controller> & { readonly replicaSet?: string } = {}): this {
    const { replicaSet = `${name}-1`, ...rest } = overrides;
    const template: Controller = {
      kind: 'Deployment',
      namespace: 'shop',
      name,
      uid: `deployment-${name}`,
      templateLabels: { app: name },
      templateServiceAccount: name,
      templateContainers: { app: { image: `${name}:1`, command: [], args: [] } },
      createdAt: at(-600),
      ...rest,
    };
    this.controllers.set(template.uid, template);
    this.controllers.set(`rs-${replicaSet}`, {
      ...template,
      kind: 'ReplicaSet',
      name: replicaSet,
      uid: `rs-${replicaSet}`,
    });
    return this;
  }

  /** A replica of a Deployment, ready, with its endpoint in the Service of the same name. */
  pod(name: string, app: string, overrides: PodOverrides = {}): this {
    const { replicaSet = `${app}-1`, ...rest } = overrides;
    const isEnrolled = rest.isEnrolled ?? true;
    const serviceAccount = rest.serviceAccount ?? app;
    const namespace = rest.namespace ?? 'shop';
    const pod: Workload = {
      uid: `pod-${name}`,
      namespace,
      name,
      owners: [
        { kind: 'ReplicaSet', name: replicaSet, uid: `rs-${replicaSet}`, isVerified: true },
        { kind: 'Deployment', name: app, uid: `deployment-${app}`, isVerified: true },
      ],
      serviceAccount,
      node: 'node-1',
      ips: [`10.0.0.${this.workloads.size + 1}`],
      labels: { app },
      annotations: {},
      containers: [{ name: 'app', image: `${app}:1`, imageDigest: `sha256:${app}`, command: [], args: [], ports: [] }],
      isEnrolled,
      spiffeId: isEnrolled ? formatSpiffeId({ trustDomain: 'cluster.local', namespace, serviceAccount }) : undefined,
      certificate: undefined,
      phase: 'Running',
      isReady: true,
      isTerminating: false,
      usesHostNetwork: false,
      createdAt: at(-300),
      ...rest,
    };
    this.workloads.set(pod.uid, pod);
    if (pod.spiffeId !== undefined) this.certificate(name);
    for (const [key, service] of this.services) {
      const isSelected = Object.entries(service.selector).every(([label, value]) => pod.labels[label] === value);
      if (isSelected && Object.keys(service.selector).length > 0) this.endpoint(key, name);
    }
    return this;
  }

  certificate(pod: string, overrides: Partial<CertificateState> = {}): this {
    const { spiffeId } = this.podNamed(pod);
    if (spiffeId === undefined) throw new Error(`${pod} is not enrolled`);
    this.certificates.set(`pod-${pod}`, {
      serial: '0a',
      spiffeId,
      notBefore: at(-300),
      notAfter: at(3600),
      ...overrides,
    });
    return this;
  }

  endpoint(service: string, pod: string, overrides: Partial<SliceEndpoint> = {}): this {
    const { uid, ips, isReady, isTerminating } = this.podNamed(pod);
    const address = ips[0] ?? '';
    const endpoint = { portName: 'http', address, port: 8080, podUid: uid, isReady, isTerminating, ...overrides };
    this.slices.set(service, [...(this.slices.get(service) ?? []), endpoint]);
    return this;
  }

  podNamed(name: string): Workload {
    const pod = this.workloads.get(`pod-${name}`);
    if (pod === undefined) throw new Error(`no pod ${name}`);
    return pod;
  }

  change(name: string, overrides: Partial<Workload>): this {
    this.workloads.set(`pod-${name}`, { ...this.podNamed(name), ...overrides });
    return this;
  }

  /** `name` or `namespace/name`. */
  policy(kind: string, path: string, spec: unknown): this {
    const [name = '', namespace = 'shop'] = path.split('/').reverse();
    const policy: PolicyObject = {
      apiVersion: 'test/v1',
      kind,
      namespace,
      name,
      uid: name,
      generation: 1,
      createdAt: at(-600),
      spec,
      annotations: {},
      origin: '',
    };
    this.policies.set(policyKey(policy), policy);
    return this;
  }

  snapshot(): ClusterSnapshot {
    return {
      revision: 1,
      isSynced: this.isSynced,
      isStale: this.isStale,
      namespaces: new Map(this.namespaces),
      services: new Map(this.services),
      workloads: new Map(this.workloads),
      controllers: new Map(this.controllers),
      adopted: new Set(this.adopted),
      slices: new Map(this.slices),
      policies: new Map(this.policies),
      fileProblems: [],
    };
  }

  attest(overrides: Partial<AttestationInput> = {}): AttestationResult {
    return attestEndpoints({
      cluster: freeze(this.snapshot()),
      certificates: new Map(this.certificates),
      isLedgerFollowed: true,
      origins: new Map(),
      firstSeen: new Map(),
      bareBefore: new Set(),
      memory: emptyMemory,
      now: at(0),
      rootNamespace: 'signet-system',
      attestation: true,
      ...overrides,
    });
  }
}

/** The shop with two replicas of checkout. */
export function shop(): ClusterBuilder {
  return new ClusterBuilder()
    .namespace('shop')
    .service('checkout')
    .deployment('checkout')
    .pod('checkout-1', 'checkout')
    .pod('checkout-2', 'checkout', { node: 'node-2' });
}

/** Origins of a result, to be handed to the next evaluation. */
export function originsOf(result: AttestationResult): Map<string, EstablishedOrigin> {
  return new Map(result.established.map((origin) => [objectKey(origin.namespace, origin.service), origin]));
}

/** `pod: reason`, with a + for offered endpoints. */
export function verdicts(result: AttestationResult, service = 'shop/checkout'): Record<string, string> {
  return Object.fromEntries(
    (result.endpoints.get(service) ?? []).map((one) => [
      one.pod || one.address,
      `${one.isOffered ? '+' : '-'}${one.reason}`,
    ]),
  );
}
