// SPDX-License-Identifier: Apache-2.0
import type { KubeObject, Metadata, OwnerReference, PodObject, PodSpec, PodTemplate } from './kubernetes-objects.ts';

/** Reference to the controller of an object. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** What a pod takes from elsewhere than its template. */
export interface PodOrigin {
  readonly name: string;
  readonly namespace: string;
  readonly owner: KubeObject;
  readonly extraLabels: Readonly<Record<string, string>>;
}

/** Makes a pod from a controller's template, without UID and status. */
export function podFromTemplate(template: PodTemplate, origin: PodOrigin): PodObject {
  const metadata: Metadata = {
    name: origin.name,
    namespace: origin.namespace,
    labels: { ...template.metadata?.labels, ...origin.extraLabels },
    annotations: { ...template.metadata?.annotations },
    ownerReferences: [controllerReference(origin.owner)],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: withPodDefaults(template.spec) };
}

/** Adds what the API server adds to a pod's spec. */
export function withPodDefaults(spec: PodSpec): PodSpec {
  return {
    ...spec,
    serviceAccountName: spec.serviceAccountName ?? 'default',
    restartPolicy: spec.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
  };
}
