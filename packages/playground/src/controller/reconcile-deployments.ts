// SPDX-License-Identifier: Apache-2.0
import { controllerReference, podFromTemplate } from './build-pod.ts';
import type { ReconcileContext } from './controller.ts';
import {
  isPodReady,
  kubeKey,
  type DeploymentSpec,
  type KubeObject,
  type PodObject,
  type PodTemplate,
} from './kubernetes-objects.ts';
import { nameSuffix, withServerMetadata } from './object-identity.ts';
import { planDeployment } from './plan-rollout.ts';

const hashLabel = 'pod-template-hash';
let podCounter = 0;

/** Brings every Deployment one step forward. */
export function reconcileDeployments(context: ReconcileContext): void {
  for (const deployment of context.store.list('Deployment'))
    reconcileDeployment(deployment as KubeObject<DeploymentSpec>, context);
  deleteStaleReplicaSets(context);
}

function reconcileDeployment(deployment: KubeObject<DeploymentSpec>, context: ReconcileContext): void {
  const spec = deployment.spec;
  if (spec === undefined) return;
  const hash = nameSuffix(JSON.stringify(spec.template), 10);
  const replicaSet = putReplicaSet(deployment, hash, context);
  const replicaSets = new Set(replicaSetsOf(deployment, context).map((owner) => owner.metadata.uid));
  const pods = context
    .livePods()
    .filter((pod) => pod.metadata.ownerReferences?.some((owner) => replicaSets.has(owner.uid)));
  const step = planDeployment(
    pods.map((pod) => ({
      name: pod.metadata.name,
      isCurrent: pod.metadata.labels?.[hashLabel] === hash,
      isReady: isPodReady(pod),
    })),
    spec.replicas,
  );
  for (const pod of pods) if (step.remove.includes(pod.metadata.name)) context.deletePod(pod);
  for (let index = 0; index < step.create; index += 1)
    context.createPod(newPod(spec.template, { replicaSet, hash, context }));
}

function newPod(
  template: PodTemplate,
  origin: { replicaSet: KubeObject; hash: string; context: ReconcileContext },
): PodObject {
  const { replicaSet, hash, context } = origin;
  podCounter += 1;
  const suffix = nameSuffix(`${replicaSet.metadata.uid}/${context.now.getTime()}/${podCounter}`, 5);
  return podFromTemplate(template, {
    name: `${replicaSet.metadata.name}-${suffix}`,
    namespace: replicaSet.metadata.namespace ?? 'default',
    owner: replicaSet,
    extraLabels: { [hashLabel]: hash },
  });
}

function putReplicaSet(
  deployment: KubeObject<DeploymentSpec>,
  hash: string,
  { store, now }: ReconcileContext,
): KubeObject {
  const { name, namespace } = deployment.metadata;
  const template = deployment.spec?.template;
  const labels = { ...template?.metadata?.labels, [hashLabel]: hash };
  const replicaSet: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: deployment.spec?.replicas,
      selector: { matchLabels: { ...deployment.spec?.selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
  const metadata = withServerMetadata(replicaSet, store.get(kubeKey(replicaSet)), now);
  store.put({ ...replicaSet, metadata });
  return { ...replicaSet, metadata };
}

function replicaSetsOf(deployment: KubeObject, { store }: ReconcileContext): KubeObject[] {
  const { uid } = deployment.metadata;
  return store
    .list('ReplicaSet')
    .filter((candidate) => candidate.metadata.ownerReferences?.some((owner) => owner.uid === uid));
}

/** A ReplicaSet goes when its Deployment is gone, or is on a newer template and the last pod has ended. */
function deleteStaleReplicaSets({ store }: ReconcileContext): void {
  const pods = store.list('Pod') as PodObject[];
  const deployments = new Map(
    (store.list('Deployment') as KubeObject<DeploymentSpec>[]).map((item) => [item.metadata.uid, item]),
  );
  for (const replicaSet of store.list('ReplicaSet')) {
    const { uid, labels, ownerReferences } = replicaSet.metadata;
    const deployment = deployments.get(ownerReferences?.[0]?.uid);
    const hasPods = pods.some((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid));
    const isCurrent =
      deployment !== undefined && labels?.[hashLabel] === nameSuffix(JSON.stringify(deployment.spec?.template), 10);
    if (deployment === undefined || (!isCurrent && !hasPods)) store.delete(kubeKey(replicaSet));
  }
}
