// SPDX-License-Identifier: Apache-2.0
import {
  matchesSelector,
  isNamespaceEnrolled,
  type ClusterSnapshot,
  type PolicyObject,
  type Workload,
} from '@signet/model';

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The pod in question, where it is. */
interface Subject {
  readonly pod: Workload;
  readonly cluster: ClusterSnapshot;
}

/** A NetworkPolicyPeer of a policy in `namespace` matches the pod by label. */
function isNetworkPeer(peer: unknown, namespace: string, { pod, cluster }: Subject): boolean {
  const { podSelector, namespaceSelector } = fields(peer);
  if (podSelector === undefined && namespaceSelector === undefined) return false;
  const isNamespaceMatch =
    namespaceSelector === undefined
      ? pod.namespace === namespace
      : matchesSelector(namespaceSelector, {
          'kubernetes.io/metadata.name': pod.namespace,
          ...cluster.namespaces.get(pod.namespace)?.labels,
        });
  return isNamespaceMatch && (podSelector === undefined || matchesSelector(podSelector, pod.labels));
}

function concernsByNetworkPolicy(policy: PolicyObject, pod: Workload, cluster: ClusterSnapshot): boolean {
  const spec = fields(policy.spec);
  if (policy.namespace === pod.namespace && matchesSelector(spec['podSelector'] ?? {}, pod.labels)) return true;
  const peers = [
    ...list(spec['ingress']).flatMap((rule) => list(fields(rule)['from'])),
    ...list(spec['egress']).flatMap((rule) => list(fields(rule)['to'])),
  ];
  return peers.some((peer) => isNetworkPeer(peer, policy.namespace, { pod, cluster }));
}

/** An AuthorizationPolicy rule that names the pod's namespace as a source. */
function admitsNamespace(spec: Fields, pod: Workload): boolean {
  if (spec['action'] !== undefined && spec['action'] !== 'ALLOW') return false;
  return list(spec['rules'])
    .flatMap((rule) => list(fields(rule)['from']))
    .some((from) => list(fields(fields(from)['source'])['namespaces']).includes(pod.namespace));
}

function concernsByMeshPolicy(policy: PolicyObject, pod: Workload, rootNamespace: string): boolean {
  const spec = fields(policy.spec);
  if (policy.namespace === pod.namespace || policy.namespace === rootNamespace) {
    const selector = spec['selector'];
    if (selector === undefined || matchesSelector(selector, pod.labels)) return true;
  }
  return policy.kind === 'AuthorizationPolicy' && admitsNamespace(spec, pod);
}

/** Policies, as kind/namespace/name and sorted, that select the pod or admit it because of its labels or namespace. */
export function policiesReached(pod: Workload, cluster: ClusterSnapshot, rootNamespace: string): readonly string[] {
  const reached: string[] = [];
  for (const [key, policy] of cluster.policies) {
    const isConcerned =
      policy.kind === 'NetworkPolicy'
        ? concernsByNetworkPolicy(policy, pod, cluster)
        : concernsByMeshPolicy(policy, pod, rootNamespace);
    if (isConcerned) reached.push(key);
  }
  return reached.sort();
}

/** True when the pod's namespace asks for its pods to be in the mesh. */
export function isInEnrolledNamespace(pod: Workload, cluster: ClusterSnapshot): boolean {
  return isNamespaceEnrolled(cluster.namespaces.get(pod.namespace)?.labels ?? {});
}
