// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { compilePolicies, evaluate } from '@signet/policy';
import type { JsonValue } from '@bufbuild/protobuf';
import { parse } from 'yaml';
import { projectionInput, projectWorkload, type ResourceSet } from '../src/index.ts';
import {
  rootNamespace,
  snapshotOf,
  trustDomain,
  uidOf,
  type World,
  type WorldPod,
  type WorldPolicy,
  type WorldPort,
  type WorldService,
} from './golden-world.ts';
import { resourceDocument } from './resource-json.ts';

/**
 * Content of `in.yaml`. Unless said otherwise the world is a pod `server` behind a Service `server` with the `ports`
 * given, a pod `client`, and the resources are those of `server`.
 */
interface GoldenInput {
  readonly about: string;
  readonly subject?: string;
  readonly ports?: readonly WorldPort[];
  readonly pods?: readonly WorldPod[];
  readonly services?: readonly WorldService[];
  readonly policies?: readonly WorldPolicy[];
  readonly proxyMark?: number;
  readonly now?: string;
}

/** Folder that holds one folder for each case. */
export const goldenDir = path.join(import.meta.dirname, 'golden');

/** Values that stand in many cases. */
export const commonFile = path.join(import.meta.dirname, 'golden-common.json');

/** Names of the cases, sorted. */
export function listGoldenCases(): readonly string[] {
  return readdirSync(goldenDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/** What a case gives: the projection and everything that stands in `out.json`. */
export interface GoldenResult {
  readonly set: ResourceSet;
  readonly document: JsonValue;
}

function worldOf(input: GoldenInput): World {
  const server = { name: 'server', ip: '10.0.0.1' };
  const client = { name: 'client', ip: '10.0.0.2' };
  const service = { name: 'server', ip: '10.96.0.1', ports: input.ports ?? [] };
  return {
    pods: input.pods ?? [server, client],
    services: input.services ?? [service],
    policies: input.policies ?? [],
  };
}

/** Runs one case from its `in.yaml`. */
export function runGoldenCase(name: string): GoldenResult {
  const input = parse(readFileSync(path.join(goldenDir, name, 'in.yaml'), 'utf8')) as GoldenInput;
  const snapshot = snapshotOf(worldOf(input));
  const compiled = compilePolicies(snapshot.policies.values(), { trustDomain, rootNamespace });
  const now = input.now === undefined ? undefined : new Date(input.now);
  const { graph, statuses } = evaluate({ snapshot, compiled, trustDomain, rootNamespace, now });
  const mesh = { trustDomain, rootNamespace, proxyMark: input.proxyMark };
  const projection = projectionInput({ snapshot, graph, workloadUid: uidOf(input.subject ?? 'server'), mesh });
  if (projection === undefined) throw new Error(`${name}: the subject is not in the mesh`);
  const set = projectWorkload(projection);
  const status = statuses.map(({ kind, namespace, name: policy, reason, messages, workloads }) => ({
    policy: `${kind}/${namespace}/${policy}`,
    reason,
    messages: [...messages],
    workloads: [...workloads],
  }));
  return { set, document: { status, resources: resourceDocument(set) } };
}
