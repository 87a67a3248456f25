// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  createProjectionCache,
  projectionInput,
  projectTrustBundle,
  projectWorkload,
  type EncodedResource,
  type ResourceSet,
} from '@signet/envoy';
import type { InventorySnapshot } from '@signet/model';
import type { AccessGraph } from '@signet/policy';

/** What is the same for all proxies of one push. */
export interface MeshState {
  readonly snapshot: InventorySnapshot;
  readonly graph: AccessGraph;
  /** Roots that workloads trust, PEM. */
  readonly rootsPem: string;
}

/** What a proxy asks for in its node. */
export interface ProxyTraits {
  /** SO_MARK of everything that the proxy sends; undefined for none. */
  readonly proxyMark: number | undefined;
}

/** Resources of one pod's proxy; undefined when the pod has no part in the mesh. */
export type Projector = (state: MeshState, podUid: string, traits: ProxyTraits) => ResourceSet | undefined;

/** Projects through @signet/envoy and adds the trust bundle. Pods of equal input share one set. */
export function createMeshProjector(mesh: { readonly trustDomain: string; readonly rootNamespace: string }): Projector {
  const cache = createProjectionCache();
  let bundle: { readonly rootsPem: string; readonly resource: EncodedResource } | undefined;
  let complete = new WeakMap<ResourceSet, ResourceSet>();
  return ({ snapshot, graph, rootsPem }, workloadUid, { proxyMark }) => {
    const input = projectionInput({ snapshot, graph, workloadUid, mesh: { ...mesh, proxyMark } });
    if (input === undefined) return undefined;
    if (bundle?.rootsPem !== rootsPem) {
      bundle = { rootsPem, resource: projectTrustBundle(rootsPem) };
      complete = new WeakMap();
    }
    const own = projectWorkload(input, cache);
    const known = complete.get(own) ?? withResource(own, bundle.resource);
    complete.set(own, known);
    return known;
  };
}

/** The set with one resource more. */
export function withResource(set: ResourceSet, resource: EncodedResource): ResourceSet {
  const ofType = new Map(set.byType.get(resource.typeUrl)).set(resource.name, resource);
  const hash = createHash('sha256').update(`${set.hash}\n${resource.typeUrl}\n${resource.name}\n${resource.hash}`);
  return { hash: hash.digest('hex').slice(0, 16), byType: new Map(set.byType).set(resource.typeUrl, ofType) };
}
