// SPDX-License-Identifier: Apache-2.0
import type { Workload } from '@signet/model';

/** An accused pod whose endpoint clients already use. */
export interface Withdrawal {
  readonly pod: Workload;
  readonly weight: number;
  /** It was withdrawn at the evaluation before; stays so while the cap allows. */
  readonly isWithdrawn: boolean;
}

/** Signals that must agree before an endpoint in use is withdrawn. */
export const withdrawalWeight = 2;
/** Share of a Service's pods that accusations may withdraw; one pod is always within it. */
export const withdrawalShare = 0.2;

/**
 * UIDs of the pods that may be withdrawn: those with enough against them, at most max(1, 20 %) of the Service's pods
 * (security.md §3.1 no. 6), so that nobody can use the detectors to empty a Service. Heaviest first, then youngest.
 */
export function limitWithdrawals(withdrawals: readonly Withdrawal[], podCount: number): ReadonlySet<string> {
  const cap = Math.max(1, Math.floor(podCount * withdrawalShare));
  const ordered = withdrawals
    .filter(({ weight }) => weight >= withdrawalWeight)
    .sort(
      (a, b) =>
        Number(b.isWithdrawn) - Number(a.isWithdrawn) ||
        b.weight - a.weight ||
        b.pod.createdAt.getTime() - a.pod.createdAt.getTime() ||
        (a.pod.uid < b.pod.uid ? -1 : 1),
    );
  return new Set(ordered.slice(0, cap).map(({ pod }) => pod.uid));
}
