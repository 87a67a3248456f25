// SPDX-License-Identifier: Apache-2.0
import type { Edge__Output } from '@signet/proto';
import type { MeshView } from './mesh-client.ts';

/** What of the mesh decides about a refusal's explanation. */
export type RefusalContext = Pick<MeshView, 'workloads' | 'policies' | 'policyStatuses'>;

/** Why a call was refused: the rule that did it, or the ALLOW policies of which none matched. */
export function refusalReason(edge: Edge__Output, mesh: RefusalContext): string {
  if (edge.rule !== '') return edge.rule;
  const allows = allowPoliciesOf(edge, mesh);
  return allows.length === 0 ? 'no ALLOW matches' : `no ALLOW matches; in force: ${allows.join(', ')}`;
}

function allowPoliciesOf(edge: Edge__Output, mesh: RefusalContext): string[] {
  const pod = mesh.workloads.find((workload) => workload.name === edge.destinationPod);
  if (pod === undefined) return [];
  const isAllow = new Set(
    mesh.policies
      .filter((policy) => policy.kind === 'AuthorizationPolicy' && actionOf(policy.specJson) === 'ALLOW')
      .map((policy) => `${policy.namespace}/${policy.name}`),
  );
  return mesh.policyStatuses
    .filter(
      (status) => status.kind === 'AuthorizationPolicy' && status.workloads.includes(`${pod.namespace}/${pod.name}`),
    )
    .filter((status) => isAllow.has(`${status.namespace}/${status.name}`))
    .map((status) => `AuthorizationPolicy/${status.namespace}/${status.name}`);
}

function actionOf(specJson: string): string {
  try {
    const spec: unknown = JSON.parse(specJson);
    return typeof spec === 'object' && spec !== null && 'action' in spec ? String(spec.action) : 'ALLOW';
  } catch {
    return '';
  }
}
