// SPDX-License-Identifier: Apache-2.0
import { podFromTemplate } from './build-pod.ts';
import type { ReconcileContext } from './controller.ts';
import { isPodReady, type KubeObject, type PodObject, type StatefulSetSpec } from './kubernetes-objects.ts';
import { nameSuffix } from './object-identity.ts';
import { planStatefulSet } from './plan-rollout.ts';

const revisionLabel = 'controller-revision-hash';

/** Brings every StatefulSet one step forward; pods are created in parallel. */
export function reconcileStatefulSets(context: ReconcileContext): void {
  for (const object of context.store.list('StatefulSet'))
    reconcileStatefulSet(object as KubeObject<StatefulSetSpec>, context);
}

function reconcileStatefulSet(set: KubeObject<StatefulSetSpec>, context: ReconcileContext): void {
  const { spec } = set;
  if (spec === undefined) return;
  const revision = `${set.metadata.name}-${nameSuffix(JSON.stringify(spec.template), 10)}`;
  const owned = (context.store.list('Pod') as PodObject[]).filter((pod) =>
    pod.metadata.ownerReferences?.some((owner) => owner.uid === set.metadata.uid),
  );
  // A pod that is still ending keeps its name, so its successor waits.
  const pods = owned.map((pod) => ({
    name: pod.metadata.name,
    ordinal: Number(pod.metadata.name.slice(set.metadata.name.length + 1)),
    isCurrent: pod.metadata.labels?.[revisionLabel] === revision || pod.metadata.deletionTimestamp !== undefined,
    isReady: isPodReady(pod) && pod.metadata.deletionTimestamp === undefined,
  }));
  const step = planStatefulSet(pods, spec.replicas);
  for (const pod of owned) {
    if (step.remove.includes(pod.metadata.name) && pod.metadata.deletionTimestamp === undefined) context.deletePod(pod);
  }
  for (const ordinal of step.create) {
    const name = `${set.metadata.name}-${ordinal}`;
    const extraLabels = {
      [revisionLabel]: revision,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    };
    const pod = podFromTemplate(spec.template, {
      name,
      namespace: set.metadata.namespace ?? 'default',
      owner: set,
      extraLabels,
    });
    context.createPod({
      ...pod,
      spec: { ...pod.spec, containers: pod.spec?.containers ?? [], hostname: name, subdomain: spec.serviceName },
    });
  }
}
