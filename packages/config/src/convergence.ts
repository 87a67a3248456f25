// SPDX-License-Identifier: Apache-2.0
import { compareRevisions, objectKey, type InventorySnapshot, type Revision, type Workload } from '@signet/model';
import { hasRejections, type ConnectedProxy, type ProxyRegistry } from '@signet/xds';

/** How far the mesh has come towards a revision. Pods as namespace/name, sorted. */
export interface Convergence {
  readonly isDone: boolean;
  readonly acked: readonly string[];
  readonly nacked: readonly string[];
  readonly pending: readonly string[];
  /** What had been compiled. */
  readonly revision: Revision;
}

/** What convergence is judged by. */
export interface ConvergenceInput {
  readonly target: Revision;
  /** Newest revision whose final state proxies were told. */
  readonly final: Revision | undefined;
  readonly snapshot: InventorySnapshot | undefined;
  readonly registry: Pick<ProxyRegistry, 'ofPod'>;
  readonly nowMs: number;
}

/**
 * Every enrolled pod that runs counts, connected or not: a silent proxy is pending, never done (design §6, receipts). Pods that
 * end or have finished do not count.
 */
export function judgeConvergence(input: ConvergenceInput): Convergence {
  const { target, final, snapshot, registry, nowMs } = input;
  const revision = final ?? { source: 0, ledger: 0 };
  const isCompiled = final !== undefined && compareRevisions(final, target) >= 0;
  const acked: string[] = [];
  const nacked: string[] = [];
  const pending: string[] = [];
  let isDraining = false;
  for (const workload of snapshot?.workloads.values() ?? []) {
    if (!counts(workload)) continue;
    const key = objectKey(workload.namespace, workload.name);
    const proxy = newest(registry.ofPod(workload.uid));
    if (proxy === undefined || !isCompiled || !isSettledAt(proxy, target)) {
      pending.push(key);
      continue;
    }
    if (proxy.drainsUntilMs > nowMs) isDraining = true;
    (hasRejections(proxy.stream.session()) ? nacked : acked).push(key);
  }
  const isDone = isCompiled && pending.length === 0 && !isDraining;
  return { isDone, acked: acked.sort(), nacked: nacked.sort(), pending: pending.sort(), revision };
}

function counts({ isEnrolled, spiffeId, phase, isTerminating, usesHostNetwork }: Workload): boolean {
  return isEnrolled && spiffeId !== undefined && phase === 'Running' && !isTerminating && !usesHostNetwork;
}

function newest(proxies: readonly ConnectedProxy[]): ConnectedProxy | undefined {
  return proxies.toSorted((left, right) => right.id - left.id)[0];
}

/** Also what was desired since must be settled or still on its way from a state that includes the target. */
function isSettledAt(proxy: ConnectedProxy, target: Revision): boolean {
  const { settled } = proxy.stream.session();
  return settled !== undefined && compareRevisions(settled.revision, target) >= 0;
}
