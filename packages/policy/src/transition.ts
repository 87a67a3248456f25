// SPDX-License-Identifier: Apache-2.0
import type { AccessGraph, PortAccess, WorkloadAccess } from './access-graph.ts';
import { outboundAccess } from './outbound-access.ts';
import type { InventorySnapshot } from '@signet/model';

function betweenPorts(previous: PortAccess | undefined, next: PortAccess): PortAccess {
  if (previous === undefined) return next;
  const isChanging = (previous.mode === 'PLAINTEXT') !== (next.mode === 'PLAINTEXT');
  return isChanging ? { ...next, mode: 'PLAINTEXT', isPlaintextForClients: false } : next;
}

function betweenWorkloads(previous: WorkloadAccess | undefined, next: WorkloadAccess): WorkloadAccess {
  if (previous === undefined) return next;
  const ports = next.ports.map((port) =>
    betweenPorts(
      previous.ports.find((old) => old.port === port.port),
      port,
    ),
  );
  const isSame = ports.every((port, index) => port === next.ports[index]);
  return isSame ? next : { ...next, ports };
}

/**
 * The step between two graphs in which no call fails although a port goes to or from PLAINTEXT: servers take both
 * forms, clients speak mTLS. Push it, wait until all proxies acknowledged (and old connections drained), then push
 * `next`. Undefined when no port changes in that way. Access rules of the step are those of `next`.
 */
export function transitionGraph(input: {
  readonly previous: AccessGraph;
  readonly next: AccessGraph;
  readonly snapshot: InventorySnapshot;
}): AccessGraph | undefined {
  const { previous, next } = input;
  const workloads = new Map(
    [...next.workloads].map(([uid, workload]) => [uid, betweenWorkloads(previous.workloads.get(uid), workload)]),
  );
  const isSame = [...workloads].every(([uid, workload]) => workload === next.workloads.get(uid));
  return isSame ? undefined : { ...next, workloads, outbound: outboundAccess(input.snapshot, workloads) };
}
