// SPDX-License-Identifier: Apache-2.0
import { agentAnnotation, labels } from './mesh-names.ts';

type Labels = Readonly<Record<string, string>>;

/** True when a namespace asks for its pods to be in the mesh. */
export function isNamespaceEnrolled(namespaceLabels: Labels): boolean {
  return namespaceLabels[labels.inject] === 'enabled' || namespaceLabels[labels.istioInjection] === 'enabled';
}

/** True when a pod should get an agent: its own label decides, else the namespace's. */
export function wantsAgent(namespaceLabels: Labels, podLabels: Labels): boolean {
  const own = podLabels[labels.inject] ?? podLabels[labels.istioPodInject];
  if (own === 'enabled' || own === 'true') return true;
  if (own === 'disabled' || own === 'false') return false;
  return isNamespaceEnrolled(namespaceLabels);
}

/** True when a pod is in the mesh: it should have an agent, and one was added. */
export function isPodEnrolled(pod: {
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly annotations: Labels;
}): boolean {
  return wantsAgent(pod.namespaceLabels, pod.labels) && pod.annotations[agentAnnotation] !== undefined;
}
