// SPDX-License-Identifier: Apache-2.0
import type { PolicyObject } from '@signet/model';
import type { KubeObject } from '../kube-object.ts';

/** A policy object with its spec unchecked. */
export function toPolicy(object: KubeObject, origin: string): PolicyObject {
  const { apiVersion, kind, metadata, body } = object;
  return {
    apiVersion,
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation,
    createdAt: metadata.createdAt ?? new Date(0),
    spec: body['spec'] ?? {},
    annotations: metadata.annotations,
    origin,
  };
}
