// SPDX-License-Identifier: Apache-2.0
import {
  failure,
  normaliseSerial,
  parseSpiffeId,
  success,
  type AppProtocol,
  type CertificateState,
  type Container,
  type Endpoint,
  type EndpointReason,
  type Finding,
  type Namespace,
  type PolicyObject,
  type Result,
  type Revision,
  type Service,
  type SpiffeId,
  type Workload,
} from '@signet/model';
import type {
  CertificateState__Output,
  Container__Output,
  Endpoint__Output,
  Finding__Output,
  NamespaceInfo__Output,
  Policy__Output,
  Revision__Output,
  Service__Output,
  Workload__Output,
} from '@signet/proto';

// The wire carries the model, so each function mirrors one encoder of discovery. What a newer discovery may say and this
// version does not know becomes the safest known value: a server-first port is never sniffed, an endpoint is withheld.

interface WireTimestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** A time on the wire; absent means the epoch. */
export function decodeTime(time: WireTimestamp | null | undefined): Date {
  return time === null || time === undefined
    ? new Date(0)
    : new Date(time.seconds * 1000 + Math.floor(time.nanos / 1e6));
}

/** A revision on the wire; absent means the oldest. */
export function decodeRevision(revision: Revision__Output | null | undefined): Revision {
  return { source: revision?.source ?? 0, ledger: revision?.ledger ?? 0 };
}

/** A namespace. */
export function decodeNamespace(wire: NamespaceInfo__Output): Namespace {
  return { name: wire.name, labels: wire.labels };
}

const knownProtocols: Readonly<Record<string, AppProtocol>> = {
  http: 'http',
  http2: 'http2',
  grpc: 'grpc',
  tls: 'tls',
  tcp: 'tcp',
  'server-first': 'server-first',
};

/** A Service. */
export function decodeService(wire: Service__Output): Service {
  return {
    namespace: wire.namespace,
    name: wire.name,
    uid: wire.uid,
    clusterIps: wire.clusterIps,
    selector: wire.selector,
    ports: wire.ports.map((port) => ({
      name: port.name,
      port: port.port,
      targetPort: /^\d+$/.test(port.targetPort) ? Number(port.targetPort) : port.targetPort,
      protocol: knownProtocols[port.protocol] ?? 'tcp',
    })),
    publishNotReady: wire.publishNotReady,
    // Not on the wire: discovery alone judges the age of a Service.
    createdAt: new Date(0),
  };
}

function decodeIdentity(text: string): SpiffeId | undefined {
  const parsed = text === '' ? undefined : parseSpiffeId(text);
  return parsed?.ok === true ? parsed.value.id : undefined;
}

function decodeCertificate(wire: CertificateState__Output | null): CertificateState | undefined {
  const spiffeId = wire === null ? undefined : decodeIdentity(wire.spiffeId);
  if (wire === null || spiffeId === undefined) return undefined;
  return {
    serial: normaliseSerial(wire.serial),
    spiffeId,
    notBefore: decodeTime(wire.notBefore),
    notAfter: decodeTime(wire.notAfter),
  };
}

function decodeContainer(wire: Container__Output): Container {
  return {
    name: wire.name,
    image: wire.image,
    imageDigest: wire.imageDigest,
    command: [],
    args: [],
    ports: wire.ports.map(({ name, port, protocol }) => ({
      name,
      port,
      protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
    })),
  };
}

const knownPhases: Readonly<Record<string, Workload['phase']>> = {
  Pending: 'Pending',
  Running: 'Running',
  Succeeded: 'Succeeded',
  Failed: 'Failed',
};

/** A pod. */
export function decodeWorkload(wire: Workload__Output): Workload {
  return {
    uid: wire.uid,
    namespace: wire.namespace,
    name: wire.name,
    owners: wire.owners.map(({ kind, name, uid, verified }) => ({ kind, name, uid, isVerified: verified })),
    serviceAccount: wire.serviceAccount,
    node: wire.node,
    ips: wire.ips,
    labels: wire.labels,
    annotations: wire.annotations,
    containers: wire.containers.map(decodeContainer),
    isEnrolled: wire.enrolled,
    spiffeId: decodeIdentity(wire.spiffeId),
    certificate: decodeCertificate(wire.certificate),
    phase: knownPhases[wire.phase] ?? 'Unknown',
    isReady: wire.ready,
    isTerminating: wire.terminating,
    usesHostNetwork: wire.hostNetwork,
    createdAt: decodeTime(wire.createdAt),
  };
}

/** An address behind a Service. Offered over mTLS without a readable identity is withheld, never plaintext. */
export function decodeEndpoint(wire: Endpoint__Output): Endpoint {
  const spiffeId = decodeIdentity(wire.spiffeId);
  const isUnreadable = spiffeId === undefined && (wire.mutualTls || wire.spiffeId !== '');
  return {
    namespace: wire.namespace,
    service: wire.service,
    portName: wire.portName,
    address: wire.address,
    port: wire.port,
    podUid: wire.podUid,
    pod: wire.pod,
    // Readiness and termination are already part of the verdict.
    isReady: wire.reason !== 'NOT_READY',
    isTerminating: wire.reason === 'TERMINATING',
    isOffered: wire.offered && !isUnreadable,
    reason: wire.reason as EndpointReason,
    message: wire.message,
    spiffeId,
  };
}

/** A policy; its spec travels as JSON text. */
export function decodePolicy(wire: Policy__Output): Result<PolicyObject> {
  let spec: unknown;
  try {
    spec = JSON.parse(wire.specJson === '' ? '{}' : wire.specJson);
  } catch (error) {
    return failure(`spec of ${wire.kind} ${wire.namespace}/${wire.name} is not JSON: ${String(error)}`);
  }
  return success({
    apiVersion: wire.apiVersion,
    kind: wire.kind,
    namespace: wire.namespace,
    name: wire.name,
    uid: wire.uid,
    generation: wire.generation,
    createdAt: decodeTime(wire.createdAt),
    spec,
    annotations: wire.annotations,
    origin: wire.origin,
  });
}

/** A finding. */
export function decodeFinding(wire: Finding__Output): Finding {
  return {
    id: wire.id,
    detector: wire.detector as Finding['detector'],
    namespace: wire.namespace,
    pod: wire.pod,
    podUid: wire.podUid,
    severity: wire.severity as Finding['severity'],
    signals: wire.signals.map(({ name, value, hard }) => ({ name, value, isHard: hard })),
    action: wire.action as Finding['action'],
    services: wire.services,
    policies: wire.policies,
    clears: wire.clears,
    firstSeen: decodeTime(wire.firstSeen),
    message: wire.message,
  };
}
