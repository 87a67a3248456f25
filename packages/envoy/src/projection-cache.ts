// SPDX-License-Identifier: Apache-2.0
import type { OutboundAccess } from '@signet/policy';
import type { EncodedResource, ResourceSet } from './resource-set.ts';

/**
 * Remembers what was encoded, by content: replicas share their whole set, all workloads share what they know of
 * others, and a new graph reuses what did not change. What the newest two graphs did not ask for is forgotten.
 */
export interface ProjectionCache {
  /** Resources for a key that holds everything they depend on. */
  resources(key: string, build: () => readonly EncodedResource[]): readonly EncodedResource[];
  /** What all proxies of one graph share; `meshKey` tells the parameters apart. */
  shared(
    meshKey: string,
    outbound: OutboundAccess,
    build: () => readonly EncodedResource[],
  ): readonly EncodedResource[];
  /** Whole sets; starts a new generation when the outbound part is another object than the time before. */
  set(key: string, outbound: OutboundAccess, build: () => ResourceSet): ResourceSet;
}

/** Creates an empty cache; one for each user of projectWorkload. */
export function createProjectionCache(): ProjectionCache {
  let current = new Map<string, readonly EncodedResource[]>();
  let older: ReadonlyMap<string, readonly EncodedResource[]> = new Map();
  let newest: OutboundAccess | undefined;
  let sets = new Map<string, ResourceSet>();
  let blocks = new Map<string, readonly EncodedResource[]>();
  const follow = (outbound: OutboundAccess): void => {
    if (newest === outbound) return;
    newest = outbound;
    older = current;
    current = new Map();
    sets = new Map();
    blocks = new Map();
  };
  return {
    resources(key, build) {
      const known = current.get(key) ?? older.get(key) ?? build();
      current.set(key, known);
      return known;
    },
    shared(meshKey, outbound, build) {
      follow(outbound);
      const known = blocks.get(meshKey) ?? build();
      blocks.set(meshKey, known);
      return known;
    },
    set(key, outbound, build) {
      follow(outbound);
      const known = sets.get(key) ?? build();
      sets.set(key, known);
      return known;
    },
  };
}
