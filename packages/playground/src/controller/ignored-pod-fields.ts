// SPDX-License-Identifier: Apache-2.0
import type { DeploymentSpec, KubeObject, PodSpec } from './kubernetes-objects.ts';

/** A part of a pod that the playground does not act on. */
export interface IgnoredField {
  /** Path below the object. */
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

/** What of an object's pods is left out, so that nobody waits for it in vain. */
export function ignoredPodFields(object: KubeObject): readonly IgnoredField[] {
  if (object.kind === 'Pod') return ignoredIn(object.spec as PodSpec, ['spec']);
  if (object.kind !== 'Deployment' && object.kind !== 'StatefulSet') return [];
  return ignoredIn((object.spec as DeploymentSpec).template.spec, ['spec', 'template', 'spec']);
}

function ignoredIn(spec: PodSpec, base: readonly PropertyKey[]): IgnoredField[] {
  const mounts = spec.containers.flatMap((container, index) =>
    container['volumeMounts'] === undefined
      ? []
      : [
          {
            path: [...base, 'containers', index, 'volumeMounts'],
            reason: 'the playground mounts no volumes; programs see this machine’s files',
          },
        ],
  );
  const hostNetwork =
    spec.hostNetwork === true
      ? [{ path: [...base, 'hostNetwork'], reason: 'every pod has a network of its own here' }]
      : [];
  return [...mounts, ...hostNetwork];
}
