// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Workload__Output } from '@signet/proto';
import type { Context } from '../launcher/context-file.ts';
import { demoReport, type DemoReport } from './demo-report.ts';
import { judgeCall, type CallJudgement } from './judge-call.ts';
import type { MeshClient, MeshView } from './mesh-client.ts';
import { runDeclaredCalls, type MadeCall } from './run-calls.ts';
import { waitForMesh } from './wait-for-mesh.ts';

/** What `--once` came to. */
export interface OnceResult {
  readonly report: DemoReport;
  /** Why the exit code is not 0; empty when all is as expected. */
  readonly problems: readonly string[];
}

/** What `--once` works with. */
export interface OnceOptions {
  readonly client: MeshClient;
  readonly context: Context;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

const upTimeoutMs = 180_000;
const reportAttempts = 40;
const reportIntervalMs = 500;
const parallelCallers = 3;

/** Waits for the mesh, makes the declared calls and joins them with what the proxies reported. */
export async function runOnce(options: OnceOptions): Promise<OnceResult> {
  const { client, context, signal, onProgress } = options;
  await waitForMesh({ client, timeoutMs: upTimeoutMs, signal, onProgress });
  const workloads = await client.workloads();
  onProgress('every proxy has acknowledged; making the declared calls');
  const made = await makeCalls(workloads, context.execCommand.socket);
  onProgress(`${made.length} calls made; collecting what the proxies saw`);
  const { view, judgements } = await collect(client, made, signal);
  const problems = [
    ...judgements.map((judgement) => judgement.problem).filter((text) => text !== ''),
    ...proxyProblems(view),
  ];
  return {
    report: demoReport(
      view,
      judgements.map((judgement) => judgement.row),
    ),
    problems,
  };
}

/** The declared calls of every pod, in the pods' order, a few pods at a time. */
async function makeCalls(workloads: readonly Workload__Output[], execSocket: string): Promise<readonly MadeCall[]> {
  const made: (readonly MadeCall[])[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < workloads.length; index = next++) {
      const workload = workloads[index];
      if (workload !== undefined) made[index] = await runDeclaredCalls(workload, execSocket);
    }
  };
  await Promise.all(Array.from({ length: parallelCallers }, work));
  return made.flat();
}

/** Agents report when asked and every few seconds: asks until every call has been seen, or the patience ends. */
async function collect(
  client: MeshClient,
  made: readonly MadeCall[],
  signal: AbortSignal,
): Promise<{ view: MeshView; judgements: CallJudgement[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const view = await client.view();
    const judgements = made.map((one) => judgeCall(one, view));
    const enrolled = new Set(view.workloads.filter((pod) => pod.enrolled).map((pod) => pod.name));
    const isComplete = judgements.every((judgement) => isReported(judgement, enrolled));
    if (isComplete || attempt >= reportAttempts) return { view, judgements };
    await delay(reportIntervalMs, undefined, { signal });
  }
}

/** An allowed call between enrolled pods must have been seen with both serials; any other may leave no trace. */
function isReported({ row }: CallJudgement, enrolled: ReadonlySet<string>): boolean {
  const isMutual = row.verdict === 'allowed' && enrolled.has(row.from) && enrolled.has(row.to);
  return !isMutual || (row.clientSerial !== null && row.serverSerial !== null);
}

function proxyProblems(view: MeshView): string[] {
  const enrolled = view.workloads.filter((workload) => workload.enrolled);
  return enrolled.flatMap((workload) => {
    const proxy = view.proxies.find((candidate) => candidate.podUid === workload.uid);
    if (proxy === undefined) return [`${workload.name}: its proxy is not connected`];
    const nacks = proxy.types.flatMap((type) =>
      type.nacks.map((nack) => `${workload.name}: rejected ${nack.resource}: ${nack.message}`),
    );
    const isAcked = proxy.types.every((type) => type.acked === type.desired);
    return isAcked ? nacks : [...nacks, `${workload.name}: its proxy has not acknowledged everything`];
  });
}
