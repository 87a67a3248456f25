// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Workload__Output } from '@signet/proto';
import type { MeshClient } from './mesh-client.ts';

const pollMs = 200;
const settleMs = 1000;

/** What is waited for. */
export interface WaitOptions {
  readonly client: MeshClient;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * Waits until every pod is ready, every enrolled one holds a certificate, and its proxy has acknowledged everything.
 * Throws what is missing when the time is over.
 */
export async function waitForMesh({ client, timeoutMs, signal, onProgress }: WaitOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let missing = 'the control plane does not answer yet';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    const next = await findMissing(client).catch(
      (error: unknown) =>
        `the control plane does not answer yet (${error instanceof Error ? error.message : String(error)})`,
    );
    if (next === undefined) return;
    if (next !== missing) onProgress(next);
    missing = next;
    await delay(pollMs, undefined, { signal });
  }
  throw new Error(`not up after ${Math.round(timeoutMs / 1000)} s: ${missing}`);
}

async function findMissing(client: MeshClient): Promise<string | undefined> {
  const workloads = await client.workloads();
  if (workloads.length === 0) return 'no pods yet';
  const pending = workloads.filter((workload) => !isUp(workload));
  if (pending.length > 0)
    return `${workloads.length - pending.length} of ${workloads.length} pods are up; waiting for ${names(pending)}`;
  const enrolled = workloads
    .filter((workload) => workload.enrolled)
    .map((workload) => `${workload.namespace}/${workload.name}`);
  const { acked, nacked, pending: unanswered } = await client.settle(settleMs);
  if (nacked.length > 0) return `${nacked.join(', ')} rejected configuration; see signet proxy-status`;
  const silent = [...new Set([...enrolled.filter((pod) => !acked.includes(pod)), ...unanswered])];
  if (silent.length === 0) return undefined;
  return `${enrolled.length - silent.length} of ${enrolled.length} proxies have acknowledged; waiting for ${silent.slice(0, 3).join(', ')}`;
}

function isUp(workload: Workload__Output): boolean {
  return (
    workload.ready && (!workload.enrolled || (workload.certificate !== null && workload.certificate !== undefined))
  );
}

function names(workloads: readonly Workload__Output[]): string {
  const shown = workloads.slice(0, 3).map((workload) => workload.name);
  return workloads.length > 3 ? `${shown.join(', ')}, …` : shown.join(', ');
}
