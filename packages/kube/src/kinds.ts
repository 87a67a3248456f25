// SPDX-License-Identifier: Apache-2.0
import { policyKinds } from '@signet/model';
import { groupOf, type KubeObject } from './kube-object.ts';

/** A kind that the index holds. */
export interface WatchedKind {
  /** Empty for the core group. */
  readonly group: string;
  /** Undefined where the server's preferred version is asked for. */
  readonly version: string | undefined;
  readonly kind: string;
  readonly plural: string;
  /** Comes from a CustomResourceDefinition that may be absent. */
  readonly isOptional: boolean;
}

function builtin(group: string, kind: string, plural: string): WatchedKind {
  return { group, version: 'v1', kind, plural, isOptional: false };
}

/** Every kind that is read, from either source. */
export const watchedKinds: readonly WatchedKind[] = [
  builtin('', 'Namespace', 'namespaces'),
  builtin('apps', 'Deployment', 'deployments'),
  builtin('apps', 'ReplicaSet', 'replicasets'),
  builtin('apps', 'StatefulSet', 'statefulsets'),
  builtin('apps', 'DaemonSet', 'daemonsets'),
  builtin('batch', 'Job', 'jobs'),
  builtin('', 'Service', 'services'),
  builtin('', 'Pod', 'pods'),
  builtin('discovery.k8s.io', 'EndpointSlice', 'endpointslices'),
  ...policyKinds.map(({ group, kind, plural }): WatchedKind =>
    group === 'networking.k8s.io'
      ? builtin(group, kind, plural)
      : { group, version: undefined, kind, plural, isOptional: true },
  ),
];

/** Kinds of controllers, whose templates and selectors verify a pod's origin. */
export const controllerKinds: readonly string[] = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job'];

const byKind = new Map(watchedKinds.map((one) => [one.kind, one]));

/** True for objects that the index takes: the right kind of the right group. */
export function isWatched(object: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return byKind.get(object.kind)?.group === groupOf(object.apiVersion);
}
