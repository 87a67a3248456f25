// SPDX-License-Identifier: Apache-2.0
export { isNamespaceEnrolled, isPodEnrolled, wantsAgent } from './enrolment.ts';
export { SignetError, type ErrorKind, type SignetErrorOptions } from './errors.ts';
export type { DetectorName, Finding, FindingAction, Severity, Signal } from './finding.ts';
export {
  compareRevisions,
  objectKey,
  type AppProtocol,
  type CertificateState,
  type ClusterSnapshot,
  type Container,
  type ContainerPort,
  type ContainerTemplate,
  type Controller,
  type Endpoint,
  type EndpointReason,
  type InventorySnapshot,
  type Namespace,
  type Owner,
  type Revision,
  type Service,
  type ServicePort,
  type SliceEndpoint,
  type Workload,
} from './inventory.ts';
export {
  normaliseSerial,
  type AttestationMethod,
  type AttestedIdentity,
  type CertificateProfile,
  type Issuance,
  type Refusal,
} from './issuance.ts';
export { matchesLabels, matchesSelector } from './label-selector.ts';
export {
  agentAnnotation,
  agentSocketPath,
  callsAnnotation,
  controlPlanePorts,
  defaultRootNamespace,
  defaultTrustDomain,
  istioTokenAudience,
  labels,
  proxyPorts,
  tokenAudience,
} from './mesh-names.ts';
export { policyKey, policyKinds, type PolicyObject, type PolicyStatus } from './policy-object.ts';
export { reasons, type Reason, type ReasonEntry } from './reasons.ts';
export { failure, success, type Result } from './result.ts';
export { formatSpiffeId, parseSpiffeId, type SpiffeId, type SpiffeIdParts } from './spiffe-id.ts';
