// SPDX-License-Identifier: Apache-2.0
import { isHttpProtocol } from '@signet/policy';
import { contentHash } from './encode.ts';
import { inboundClusters } from './inbound/inbound-clusters.ts';
import { inboundRules } from './inbound/http-filters.ts';
import { inboundListener } from './inbound/inbound-listener.ts';
import { outboundResources } from './outbound/outbound-listener.ts';
import { serviceResources } from './outbound/service-resources.ts';
import { createProjectionCache, type ProjectionCache } from './projection-cache.ts';
import type { ProjectionInput } from './projection-input.ts';
import type { EncodedResource, ResourceSet } from './resource-set.ts';

function inboundResources(input: ProjectionInput): readonly EncodedResource[] {
  return [
    inboundListener(input, input.mesh),
    ...input.ports.filter((port) => isHttpProtocol(port.protocol)).flatMap(inboundRules),
    ...inboundClusters(input.mesh),
  ];
}

function outboundParts(input: ProjectionInput, meshKey: string, cache: ProjectionCache): readonly EncodedResource[] {
  const { outbound, mesh } = input;
  const services = outbound.services.flatMap((service) =>
    cache.resources(`service ${meshKey} ${JSON.stringify(service)}`, () => serviceResources(service, mesh)),
  );
  return [...services, ...outboundResources(outbound, mesh)];
}

/** Puts resources in order; of two with one name the first stays. */
export function resourceSet(resources: readonly EncodedResource[]): ResourceSet {
  const unique = new Map<string, EncodedResource>();
  for (const resource of resources) {
    const key = `${resource.typeUrl} ${resource.name}`;
    if (!unique.has(key)) unique.set(key, resource);
  }
  const sorted = [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const byType = new Map<string, Map<string, EncodedResource>>();
  for (const [, resource] of sorted) {
    const group = byType.get(resource.typeUrl) ?? new Map<string, EncodedResource>();
    byType.set(resource.typeUrl, group.set(resource.name, resource));
  }
  return { hash: contentHash(...sorted.map(([key, resource]) => `${key} ${resource.hash}\n`)), byType };
}

/** Encodes everything that one proxy gets, but for the trust bundle. */
export function projectWorkload(input: ProjectionInput, cache: ProjectionCache = createProjectionCache()): ResourceSet {
  const { ports, undeclared, mesh, outbound } = input;
  const meshKey = JSON.stringify(mesh);
  const key = JSON.stringify([meshKey, ports, undeclared]);
  return cache.set(key, outbound, () => {
    const inbound = cache.resources(`inbound ${key}`, () => inboundResources(input));
    const shared = cache.shared(meshKey, outbound, () => outboundParts(input, meshKey, cache));
    return resourceSet([...inbound, ...shared]);
  });
}
