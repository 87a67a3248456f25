// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import { call } from './call.ts';
import type { CallResult } from './call-result.ts';

/** What became of the calls to one target since the start. */
export interface TargetCounts {
  readonly target: string;
  readonly ok: number;
  readonly refused: number;
  readonly error: number;
  /** Newest reason for a call that was not ok; empty when there was none. */
  readonly lastFailure: string;
  readonly lastOutcome: string;
  /** Mean and largest duration of the calls that were ok, in ms. */
  readonly meanMs: number;
  readonly maxMs: number;
  /** Calls that were ok by the pod that answered. */
  readonly byPod: Readonly<Record<string, number>>;
}

/** Calls targets over and over. */
export interface Caller {
  counts(): readonly TargetCounts[];
  stop(): void;
}

interface Tally {
  ok: number;
  refused: number;
  error: number;
  lastFailure: string;
  lastOutcome: string;
  totalMs: number;
  maxMs: number;
  readonly byPod: Record<string, number>;
}

/** Starts calling each target `rate` times a second; calls that are late do not pile up beyond 64. */
export function startCaller(options: {
  readonly targets: readonly string[];
  readonly rate: number;
  readonly timeoutMs: number;
}): Caller {
  const maxOpen = 64;
  const agent = new http.Agent({ keepAlive: true });
  const tallies = new Map<string, Tally>();
  const timers = options.targets.map((target) => {
    const tally: Tally = {
      ok: 0,
      refused: 0,
      error: 0,
      lastFailure: '',
      lastOutcome: '',
      totalMs: 0,
      maxMs: 0,
      byPod: {},
    };
    tallies.set(target, tally);
    let open = 0;
    return setInterval(() => {
      if (open >= maxOpen) return;
      open += 1;
      void call(target, { method: 'GET', timeoutMs: options.timeoutMs, agent }).then((result) => {
        open -= 1;
        count(tally, result);
      });
    }, 1000 / options.rate);
  });
  return {
    counts: () => [...tallies].map(([target, tally]) => summary(target, tally)),
    stop: () => timers.forEach((timer) => clearInterval(timer)),
  };
}

function count(tally: Tally, result: CallResult): void {
  tally[result.outcome] += 1;
  tally.lastOutcome = result.outcome;
  if (result.outcome !== 'ok') {
    tally.lastFailure = result.message;
    return;
  }
  tally.totalMs += result.latencyMs;
  tally.maxMs = Math.max(tally.maxMs, result.latencyMs);
  const pod = result.pod ?? '';
  tally.byPod[pod] = (tally.byPod[pod] ?? 0) + 1;
}

function summary(target: string, tally: Tally): TargetCounts {
  const { totalMs, ...rest } = tally;
  return { target, ...rest, meanMs: tally.ok === 0 ? 0 : Math.round((totalMs / tally.ok) * 100) / 100 };
}
