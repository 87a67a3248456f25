// SPDX-License-Identifier: Apache-2.0

/** What a rollout must know of a pod. */
export interface RolloutPod {
  readonly name: string;
  /** Made from the newest template. */
  readonly isCurrent: boolean;
  readonly isReady: boolean;
}

/** What to do next; call again after it is done. */
export interface RolloutStep {
  /** Number of pods of the newest template to create. */
  readonly create: number;
  /** Names of pods to delete. */
  readonly remove: readonly string[];
}

/**
 * Next step of a Deployment with Kubernetes' default strategy: at most a quarter more pods than asked for, at most a
 * quarter (rounded down) fewer ready ones. Pods that are being deleted are not in `pods`.
 */
export function planDeployment(pods: readonly RolloutPod[], replicas: number): RolloutStep {
  const current = pods.filter((pod) => pod.isCurrent);
  const old = pods.filter((pod) => !pod.isCurrent);
  const surge = Math.ceil(replicas / 4);
  const create = Math.max(0, Math.min(replicas - current.length, replicas + surge - pods.length));
  // Scaling down takes those that are not ready first.
  const excess = [...current]
    .sort((a, b) => Number(a.isReady) - Number(b.isReady))
    .slice(0, Math.max(0, current.length - replicas));
  const minReady = replicas - Math.floor(replicas / 4);
  let spare = pods.filter((pod) => pod.isReady).length - excess.filter((pod) => pod.isReady).length - minReady;
  const remove = excess.map((pod) => pod.name);
  for (const pod of old) {
    if (pod.isReady && spare <= 0) continue;
    if (pod.isReady) spare -= 1;
    remove.push(pod.name);
  }
  return { create, remove };
}

/** Ordinals to create and pods to delete of a StatefulSet: from the highest down, one at a time while replacing. */
export function planStatefulSet(
  pods: readonly (RolloutPod & { readonly ordinal: number })[],
  replicas: number,
): { readonly create: readonly number[]; readonly remove: readonly string[] } {
  const present = new Set(pods.map((pod) => pod.ordinal));
  const create = Array.from({ length: replicas }, (_, ordinal) => ordinal).filter((ordinal) => !present.has(ordinal));
  const excess = pods.filter((pod) => pod.ordinal >= replicas);
  if (excess.length > 0) return { create, remove: excess.map((pod) => pod.name) };
  const stale = pods.filter((pod) => !pod.isCurrent).sort((a, b) => b.ordinal - a.ordinal);
  const isSettled = create.length === 0 && pods.every((pod) => pod.isReady || !pod.isCurrent);
  return { create, remove: isSettled ? stale.slice(0, 1).map((pod) => pod.name) : [] };
}
