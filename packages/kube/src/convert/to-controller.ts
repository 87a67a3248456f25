// SPDX-License-Identifier: Apache-2.0
import type { Controller } from '@signet/model';
import { fieldsOf, listOf, textMapOf, textOf, type KubeObject } from '../kube-object.ts';
import { toContainerTemplate } from './to-container-template.ts';

/** A controller of pods with what its template says. */
export function toController(object: KubeObject): Controller {
  const { metadata, kind } = object;
  const template = fieldsOf(fieldsOf(object.body['spec'])['template']);
  const spec = fieldsOf(template['spec']);
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    templateLabels: textMapOf(fieldsOf(template['metadata'])['labels']),
    templateServiceAccount: textOf(spec['serviceAccountName']) || 'default',
    templateContainers: Object.fromEntries(
      listOf(spec['containers']).map((container) => [
        textOf(fieldsOf(container)['name']),
        toContainerTemplate(container),
      ]),
    ),
    createdAt: metadata.createdAt ?? new Date(0),
  };
}
