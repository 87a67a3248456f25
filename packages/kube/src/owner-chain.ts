// SPDX-License-Identifier: Apache-2.0
import { matchesSelector, type Owner } from '@signet/model';
import { fieldsOf, groupOf, listOf, type KubeObject, type OwnerReference } from './kube-object.ts';

// A chain is Pod → ReplicaSet → Deployment; a cycle or a tower of references is somebody's attack.
const chainLengthMax = 5;

/** True when the controller's selector picks the labels. An empty or missing one picks nothing. */
function selects(controller: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = fieldsOf(fieldsOf(controller.body['spec'])['selector']);
  const isEmpty =
    Object.keys(fieldsOf(selector['matchLabels'])).length + listOf(selector['matchExpressions']).length === 0;
  return !isEmpty && matchesSelector(selector, labels);
}

/** One step up: the controller that the object names, and the object with that UID where it is what the reference says. */
export interface OwnerStep {
  readonly owner: Owner;
  readonly object: KubeObject | undefined;
}

/** The chain of controllers above an object, each step verified against the live object with that UID. */
export function ownerChainOf(pod: KubeObject, controllersByUid: ReadonlyMap<string, KubeObject>): readonly OwnerStep[] {
  const chain: OwnerStep[] = [];
  let child: KubeObject | undefined = pod;
  while (child !== undefined && chain.length < chainLengthMax) {
    const reference: OwnerReference | undefined = child.metadata.ownerReferences.find((one) => one.controller);
    if (reference === undefined) break;
    const { apiVersion, kind, name, uid }: OwnerReference = reference;
    const found: KubeObject | undefined = controllersByUid.get(uid);
    const isVerified: boolean =
      found !== undefined &&
      found.kind === kind &&
      found.metadata.name === name &&
      groupOf(found.apiVersion) === groupOf(apiVersion) &&
      found.metadata.namespace === pod.metadata.namespace &&
      selects(found, child.metadata.labels);
    chain.push({ owner: { kind, name, uid, isVerified }, object: isVerified ? found : undefined });
    child = isVerified ? found : undefined;
  }
  return chain;
}
