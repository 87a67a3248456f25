// SPDX-License-Identifier: Apache-2.0
import type { InventorySnapshot } from '@signet/model';
import { compilePolicies, evaluate, explainAccess, type AccessGraph, type Evaluation } from '../src/index.ts';
import { rootNamespace, trustDomain } from './inventory.ts';

/** Compiles and evaluates a snapshot's own policies. */
export function evaluateSnapshot(snapshot: InventorySnapshot, now?: Date): Evaluation {
  const compiled = compilePolicies(snapshot.policies.values(), { trustDomain, rootNamespace });
  return evaluate({ snapshot, compiled, trustDomain, rootNamespace, now });
}

const ranks = { refused: 0, conditional: 1, allowed: 2 } as const;

/** How far each caller gets on each port: 0 refused, 1 it depends, 2 allowed. */
export function reach(graph: AccessGraph, callers: readonly (string | undefined)[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const workload of graph.workloads.values()) {
    for (const { port } of [...workload.ports, workload.undeclared]) {
      for (const caller of callers) {
        const answer = explainAccess(graph, { caller, workloadUid: workload.uid, port });
        found.set(
          `${caller ?? 'anonymous'} -> ${workload.uid}:${port}`,
          answer === undefined ? 0 : ranks[answer.verdict],
        );
      }
    }
  }
  return found;
}
