// SPDX-License-Identifier: Apache-2.0
import type { SpiffeId } from './spiffe-id.ts';
import type { Finding } from './finding.ts';
import type { PolicyObject } from './policy-object.ts';

/** Orders states of the inventory: by source first, then by ledger. */
export interface Revision {
  /** Highest resource version of the source; µs since 1970 of the newest change for a directory of manifests. */
  readonly source: number;
  /** Highest issuance sequence taken into account. */
  readonly ledger: number;
}

/** Negative when `a` is older than `b`, positive when newer, 0 when equal. */
export function compareRevisions(a: Revision, b: Revision): number {
  return a.source - b.source || a.ledger - b.ledger;
}

/** What the mesh needs to know of a namespace. */
export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One port of a Service. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** Number, or name of a container port. */
  readonly targetPort: number | string;
  readonly protocol: AppProtocol;
}

/** What is spoken on a port; from appProtocol or the port's name, never from sniffing. */
export type AppProtocol = 'http' | 'http2' | 'grpc' | 'tls' | 'tcp' | 'server-first';

/** A Kubernetes Service. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Empty for a headless Service. */
  readonly clusterIps: readonly string[];
  /** Empty when endpoints are written by hand. */
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
  readonly publishNotReady: boolean;
  readonly createdAt: Date;
}

/** One step of the chain of controllers above a pod. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** An object with this UID exists and its selector matches the pod. */
  readonly isVerified: boolean;
}

/** A declared port of a container. */
export interface ContainerPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** A container as specified and as run. */
export interface Container {
  readonly name: string;
  readonly image: string;
  /** Digest that runs, as the kubelet reports it; empty until then. */
  readonly imageDigest: string;
  /** Replaces the image's entry point; empty when the image decides. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly ports: readonly ContainerPort[];
}

/** Newest certificate of a pod. */
export interface CertificateState {
  readonly serial: string;
  readonly spiffeId: SpiffeId;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A pod. */
export interface Workload {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Controllers from the pod upwards; empty for a bare pod. */
  readonly owners: readonly Owner[];
  readonly serviceAccount: string;
  /** Empty until scheduled. */
  readonly node: string;
  /** Empty until the kubelet reports them. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Annotations under signet.dev/ only. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** The namespace or pod asks for the mesh, and the pod carries an agent. */
  readonly isEnrolled: boolean;
  /** Identity that its certificate must carry; undefined when not enrolled. */
  readonly spiffeId: SpiffeId | undefined;
  readonly certificate: CertificateState | undefined;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  readonly usesHostNetwork: boolean;
  readonly createdAt: Date;
}

/** Why an endpoint is offered to clients or withheld from them; permanent codes. */
export type EndpointReason =
  /** Offered: origin established and current certificate of the expected identity. */
  | 'ATTESTED'
  /** Offered in plaintext: origin established and not enrolled. */
  | 'NOT_ENROLLED_ORIGIN'
  /** Offered although unchecked: attestation is switched off. */
  | 'ATTESTATION_OFF'
  /** Withheld: origin differs from the one established for the Service. */
  | 'FOREIGN_ORIGIN'
  /** Withheld: no controller although the Service's other pods have one. */
  | 'BARE_POD'
  /** Withheld: not enrolled where its namespace or its origin is. */
  | 'NOT_ENROLLED'
  /** Withheld: enrolled and without a current certificate. */
  | 'NO_CERTIFICATE'
  /** Withheld: the certificate carries another identity. */
  | 'IDENTITY_MISMATCH'
  /** Withheld: not ready, and the Service does not publish such addresses. */
  | 'NOT_READY'
  /** Withheld: being deleted. */
  | 'TERMINATING'
  /** Withheld: the address of the endpoint is not the pod's. */
  | 'ADDRESS_MISMATCH'
  /** Offered in plaintext: an address written by hand, with no pod behind it. */
  | 'HAND_WRITTEN';

/** An address behind a Service as the EndpointSlice controller wrote it. */
export interface SliceEndpoint {
  readonly portName: string;
  readonly address: string;
  readonly port: number;
  /** UID in targetRef; empty for hand-written endpoints. */
  readonly podUid: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
}

/** An address behind a Service with the verdict on it. */
export interface Endpoint extends SliceEndpoint {
  readonly namespace: string;
  readonly service: string;
  readonly pod: string;
  readonly isOffered: boolean;
  readonly reason: EndpointReason;
  /** What was compared, for people. */
  readonly message: string;
  /** Identity that a client must find there; undefined for plaintext. */
  readonly spiffeId: SpiffeId | undefined;
}

/** What a controller's template says about one container. */
export type ContainerTemplate = Pick<Container, 'image' | 'command' | 'args'>;

/** A controller of pods (Deployment, ReplicaSet, StatefulSet, DaemonSet, Job) as the API server holds it. */
export interface Controller {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Labels of its pod template. */
  readonly templateLabels: Readonly<Record<string, string>>;
  readonly templateServiceAccount: string;
  /** Containers of the template, by name. */
  readonly templateContainers: Readonly<Record<string, ContainerTemplate>>;
  readonly createdAt: Date;
}

/** The cluster as the source shows it, before the ledger and the detectors are consulted. */
export interface ClusterSnapshot {
  /** Highest resource version. */
  readonly revision: number;
  readonly isSynced: boolean;
  /** The source has been silent for longer than it should: nothing is withdrawn on its word. */
  readonly isStale: boolean;
  /** By name. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** By namespace/name. */
  readonly services: ReadonlyMap<string, Service>;
  /** By UID; `certificate` is undefined here. */
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Controllers by UID. */
  readonly controllers: ReadonlyMap<string, Controller>;
  /** UIDs of pods whose controller is another than the one, or none, with which they were first seen: something adopted them. */
  readonly adopted: ReadonlySet<string>;
  /** By namespace/name of the Service. */
  readonly slices: ReadonlyMap<string, readonly SliceEndpoint[]>;
  /** By kind/namespace/name. */
  readonly policies: ReadonlyMap<string, PolicyObject>;
  /** Files that do not parse, `file:line:column: reason`. */
  readonly fileProblems: readonly string[];
}

/** A finished, consistent state of everything; never changed after publication. */
export interface InventorySnapshot {
  readonly revision: Revision;
  readonly isSynced: boolean;
  readonly isStale: boolean;
  /** By name. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** By namespace/name. */
  readonly services: ReadonlyMap<string, Service>;
  /** By UID. */
  readonly workloads: ReadonlyMap<string, Workload>;
  /** By namespace/name of the Service. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** By kind/namespace/name. */
  readonly policies: ReadonlyMap<string, PolicyObject>;
  /** By id. */
  readonly findings: ReadonlyMap<string, Finding>;
  readonly fileProblems: readonly string[];
}

/** Key of a namespaced object in the maps above. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
