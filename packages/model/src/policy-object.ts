// SPDX-License-Identifier: Apache-2.0

/** A policy object as it was read; compiled by `policy`. */
export interface PolicyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Decides between two of one scope: the oldest wins. */
  readonly createdAt: Date;
  /** As parsed from JSON or YAML, unchecked. */
  readonly spec: unknown;
  readonly annotations: Readonly<Record<string, string>>;
  /** `file:line` when it came from a file, else empty. */
  readonly origin: string;
}

/** Key in snapshots. */
export function policyKey(policy: Pick<PolicyObject, 'kind' | 'namespace' | 'name'>): string {
  return `${policy.kind}/${policy.namespace}/${policy.name}`;
}

/** API groups and kinds that are read; others in a source are left alone. */
export const policyKinds = [
  { group: 'security.istio.io', kind: 'PeerAuthentication', plural: 'peerauthentications' },
  { group: 'security.istio.io', kind: 'AuthorizationPolicy', plural: 'authorizationpolicies' },
  { group: 'signet.dev', kind: 'TransportPolicy', plural: 'transportpolicies' },
  { group: 'networking.k8s.io', kind: 'NetworkPolicy', plural: 'networkpolicies' },
] as const;

/** Verdict of the compiler on one policy object. */
export interface PolicyStatus {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** In force as written. */
  readonly isAccepted: boolean;
  /** Gateway API reason: Accepted, Invalid, UnsupportedValue, NotHonoured. */
  readonly reason: string;
  /** One entry for each field: what is wrong and what is done instead. */
  readonly messages: readonly string[];
  /** Pods, as namespace/name, that it applies to. */
  readonly workloads: readonly string[];
}
