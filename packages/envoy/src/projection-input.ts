// SPDX-License-Identifier: Apache-2.0
import type { InventorySnapshot } from '@signet/model';
import type { AccessGraph, OutboundAccess, PortAccess } from '@signet/policy';
import type { MeshParameters } from './mesh-parameters.ts';

/** All that the resources of one proxy depend on; equal inputs give equal bytes. */
export interface ProjectionInput {
  readonly ports: readonly PortAccess[];
  readonly undeclared: PortAccess;
  /** The same object for all workloads of a graph. */
  readonly outbound: OutboundAccess;
  readonly mesh: MeshParameters;
}

/** Picks what concerns one workload; undefined when it is not in the mesh. */
export function projectionInput(input: {
  readonly snapshot: InventorySnapshot;
  readonly graph: AccessGraph;
  readonly workloadUid: string;
  readonly mesh: MeshParameters;
}): ProjectionInput | undefined {
  const workload = input.graph.workloads.get(input.workloadUid);
  if (workload === undefined) return undefined;
  const { ports, undeclared } = workload;
  return { ports, undeclared, outbound: input.graph.outbound, mesh: input.mesh };
}
