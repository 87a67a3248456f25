// SPDX-License-Identifier: Apache-2.0
import type { Probe } from '../controller/kubernetes-objects.ts';

/** Repeats a probe and judges it by its thresholds. */
export interface Prober {
  stop(): void;
}

/** What a prober needs. */
export interface ProberOptions {
  readonly probe: Probe;
  readonly call: () => Promise<boolean>;
  /** Told of the first verdict and of every change. */
  readonly onVerdict: (isGood: boolean) => void;
}

// A pod that starts is looked at more often than its manifest asks, so that nobody waits for a period of 10 s.
const startingPeriodMs = 200;

/** Starts probing. */
export function startProber({ probe, call, onVerdict }: ProberOptions): Prober {
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  const successThreshold = probe.successThreshold ?? 1;
  const failureThreshold = probe.failureThreshold ?? 3;
  let verdict: boolean | undefined;
  let streak = 0;
  let last: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const probeOnce = async (): Promise<void> => {
    const isGood = await call();
    if (isStopped) return;
    streak = isGood === last ? streak + 1 : 1;
    last = isGood;
    const hasEnough = isGood ? streak >= successThreshold : streak >= failureThreshold && verdict !== undefined;
    if (hasEnough && verdict !== isGood) {
      verdict = isGood;
      onVerdict(isGood);
    } else if (!isGood && verdict === undefined && streak * startingPeriodMs > failureThreshold * periodMs) {
      // Never good since the start, for as long as the manifest allows: that is a failure too.
      verdict = false;
      onVerdict(false);
    }
    timer = setTimeout(() => void probeOnce(), verdict === undefined ? Math.min(startingPeriodMs, periodMs) : periodMs);
  };
  timer = setTimeout(() => void probeOnce(), (probe.initialDelaySeconds ?? 0) * 1000);
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
