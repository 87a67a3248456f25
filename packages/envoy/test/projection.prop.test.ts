// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@bufbuild/protobuf';
import { compilePolicies, evaluate } from '@signet/policy';
import fc from 'fast-check';
import { createProjectionCache, projectionInput, projectWorkload, typeUrls, type ResourceSet } from '../src/index.ts';
import { arbitraryPolicies, arbitraryWorld } from './arbitrary-world.ts';
import { rootNamespace, snapshotOf, trustDomain, uidOf, type World } from './golden-world.ts';
import { resourceDocument, type ResourceDocument } from './resource-json.ts';

const runs = { numRuns: 40, seed: 20260101 };
const mesh = { trustDomain, rootNamespace };

function project(world: World, cache = createProjectionCache()): ResourceSet {
  const snapshot = snapshotOf(world);
  const compiled = compilePolicies(snapshot.policies.values(), mesh);
  const { graph } = evaluate({ snapshot, compiled, ...mesh });
  const input = projectionInput({ snapshot, graph, workloadUid: uidOf('subject'), mesh });
  if (input === undefined) throw new Error('the subject is not in the mesh');
  return projectWorkload(input, cache);
}

function hashes(set: ResourceSet): readonly string[] {
  return [...set.byType.values()].flatMap((group) =>
    [...group.values()].map((resource) => `${resource.name} ${resource.hash}`),
  );
}

interface LbEndpoint {
  readonly endpoint: {
    readonly address: { readonly socketAddress: { readonly address: string; readonly portValue: number } };
  };
  readonly metadata?: object;
}

function endpointsOf(document: ResourceDocument): readonly LbEndpoint[] {
  const groups = Object.values(document['ClusterLoadAssignment'] ?? {}) as readonly {
    endpoints?: readonly { lbEndpoints?: readonly LbEndpoint[] }[];
  }[];
  return groups.flatMap((group) => (group.endpoints ?? []).flatMap((locality) => locality.lbEndpoints ?? []));
}

describe('projectWorkload', () => {
  test('gives the same bytes for the same world, in whatever order it is told', () => {
    const cache = createProjectionCache();
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const reversed: World = {
          pods: world.pods.toReversed(),
          services: world.services.toReversed(),
          policies: (world.policies ?? []).toReversed(),
        };
        const set = project(world);
        expect(hashes(project(reversed))).toEqual(hashes(set));
        expect(project(world, cache).hash).toBe(set.hash);
        expect(hashes(project(world, cache))).toEqual(hashes(set));
      }),
      runs,
    );
  });

  test('names nothing that does not exist', () => {
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const set = project(world);
        const missing = [...set.byType.values()]
          .flatMap((group) => [...group.values()])
          .flatMap((resource) => resource.references)
          .filter(({ typeUrl, name }) => typeUrl !== typeUrls.secret && set.byType.get(typeUrl)?.has(name) !== true);
        expect(missing).toEqual([]);
      }),
      runs,
    );
  });

  test('is what the schema says, and judges access on every inbound chain', () => {
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const document = resourceDocument(project(world));
        const listener = document['Listener']?.['inbound'] as JsonObject;
        const filterChains = listener['filterChains'] as readonly JsonObject[];
        for (const chain of filterChains) {
          const text = JSON.stringify(chain);
          expect(text).toMatch(/network\.rbac\.v3\.RBAC|http\.rbac\.v3\.RBAC/);
          if (text.includes('"mtls"')) expect(text).toContain('"requireClientCertificate":true');
        }
        expect(listener['defaultFilterChain']).toBeUndefined();
      }),
      runs,
    );
  });

  test('never offers a withheld address, nor plaintext to an enrolled pod that did not ask for it', () => {
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const isPlaintextWanted = JSON.stringify(world.policies).includes('DISABLE');
        const byAddress = new Map(world.pods.map((pod) => [pod.ip, pod]));
        for (const { endpoint, metadata } of endpointsOf(resourceDocument(project(world)))) {
          const pod = byAddress.get(endpoint.address.socketAddress.address);
          expect(pod?.withheld).toBeUndefined();
          if (!isPlaintextWanted) expect(metadata !== undefined).toBe(pod?.enrolled === false);
        }
      }),
      runs,
    );
  });

  test('is left alone by policies of a namespace that it has nothing to do with', () => {
    fc.assert(
      fc.property(arbitraryWorld, arbitraryPolicies(fc.constant('elsewhere')), (world, more) => {
        const policies = [
          ...(world.policies ?? []),
          ...more.map((policy) => ({ ...policy, metadata: { ...policy.metadata, name: `x-${policy.metadata.name}` } })),
        ];
        expect(project({ ...world, policies }).hash).toBe(project(world).hash);
      }),
      runs,
    );
  });

  test('keeps its inbound side when Services and pods come elsewhere', () => {
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const bigger: World = {
          ...world,
          pods: [...world.pods, { namespace: 'elsewhere', name: 'new', ip: '10.9.9.9' }],
          services: [
            ...world.services,
            { namespace: 'elsewhere', name: 'new', ip: '10.96.9.9', ports: [{ port: 80, protocol: 'http' }] },
          ],
        };
        const isServerFirst = world.services.some((service) =>
          service.ports.some((port) => port.protocol === 'server-first'),
        );
        const inbound = (set: ResourceSet) => set.byType.get(typeUrls.listener)?.get('inbound')?.hash;
        if (!isServerFirst) expect(inbound(project(bigger))).toBe(inbound(project(world)));
        const kept = new Set(hashes(project(bigger)));
        const changed = hashes(project(world)).filter((entry) => !kept.has(entry));
        expect(changed.filter((entry) => !/^(inbound|outbound) /.test(entry))).toEqual([]);
      }),
      runs,
    );
  });
});
