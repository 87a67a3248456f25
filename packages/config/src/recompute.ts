// SPDX-License-Identifier: Apache-2.0
import type { InventorySnapshot, PolicyStatus, Revision } from '@signet/model';
import { compilePolicies, evaluate, transitionGraph, type AccessGraph, type CompiledPolicies } from '@signet/policy';
import type { MeshState } from './mesh-projector.ts';

/** Inputs of one computation. */
export interface RecomputeInput {
  readonly snapshot: InventorySnapshot;
  readonly rootsPem: string;
  readonly now: Date;
}

/** What one computation asks of the proxies. */
export interface Computed {
  readonly state: MeshState;
  readonly revision: Revision;
  readonly statuses: readonly PolicyStatus[];
  /** Compute again then: a policy expires. */
  readonly nextChange: Date | undefined;
  /** The state to reach once proxies have taken over this one; undefined when this one is final. */
  readonly next: MeshState | undefined;
}

/** Remembers what the next computation needs of the one before. */
export interface Recomputer {
  /** Pure in its input and what was marked final. */
  compute(input: RecomputeInput): Computed;
  /** The proxies were told of this state as the final one. */
  markFinal(graph: AccessGraph): void;
}

/** Creates a recomputer that has told nobody anything. */
export function createRecomputer(mesh: { readonly trustDomain: string; readonly rootNamespace: string }): Recomputer {
  let compiled: CompiledPolicies | undefined;
  let told: AccessGraph | undefined;
  return {
    compute({ snapshot, rootsPem, now }) {
      compiled = compilePolicies(snapshot.policies.values(), {
        ...mesh,
        ...(compiled === undefined ? {} : { previous: compiled }),
      });
      const { graph, statuses, nextChange } = evaluate({ ...mesh, snapshot, compiled, now });
      const final: MeshState = { snapshot, graph, rootsPem };
      const between = told === undefined ? undefined : transitionGraph({ previous: told, next: graph, snapshot });
      const state = between === undefined ? final : { ...final, graph: between };
      return {
        state,
        revision: snapshot.revision,
        statuses,
        nextChange,
        next: between === undefined ? undefined : final,
      };
    },
    markFinal(graph) {
      told = graph;
    },
  };
}
