// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import { printJson, type Session } from '../session.ts';
import { sanitise } from '../table.ts';
import { formatDuration } from '../values.ts';

/** What is added to the server's own time limit before the call is given up. */
const graceMs = 5000;
const retryMs = 300;

/** Kinds of failure that a control plane on its way back gives. */
const passing: readonly string[] = ['unavailable', 'timeout'];

async function ask(session: Session, timeoutMs: number) {
  const [resync, client] = await Promise.all([
    session.connections.inventory().Resync({}, { timeoutMs }),
    session.connections.proxyStatus(),
  ]);
  const answer = await client.WaitForRevision(
    {
      ...(resync.revision === null ? {} : { revision: resync.revision }),
      timeout: { seconds: Math.floor(timeoutMs / 1000), nanos: (timeoutMs % 1000) * 1e6 },
    },
    { timeoutMs: timeoutMs + graceMs },
  );
  return { resync, answer };
}

/** Asks again while the control plane is away, until the deadline (ms of performance.now). */
async function askUntil(session: Session, deadlineMs: number): ReturnType<typeof ask> {
  for (;;) {
    const leftMs = Math.max(1, Math.round(deadlineMs - performance.now()));
    try {
      return await ask(session, leftMs);
    } catch (error) {
      const isPassing = error instanceof SignetError && passing.includes(error.kind);
      if (!isPassing || performance.now() + retryMs >= deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

/**
 * Makes discovery read its source again and waits until every proxy has acknowledged what that asks of it. Succeeds
 * only when all have, and every file could be read.
 */
export async function waitForProxies(session: Session, timeoutMs: number): Promise<number> {
  const startedMs = performance.now();
  const { out, err } = session.streams;
  const { resync, answer } = await askUntil(session, startedMs + timeoutMs);
  const isGood = answer.done && answer.nacked.length === 0 && resync.fileProblems.length === 0;
  if (session.format === 'json') {
    printJson(session, { ...answer, fileProblems: resync.fileProblems });
    return isGood ? 0 : 1;
  }
  for (const problem of resync.fileProblems) err.write(`${sanitise(problem)}\n`);
  for (const pod of answer.nacked) err.write(`${sanitise(pod)}: rejected its configuration; see signet proxy-status\n`);
  for (const pod of answer.pending) err.write(`${sanitise(pod)}: has not answered yet\n`);
  if (!answer.done && answer.nacked.length + answer.pending.length === 0)
    err.write('not done yet: connections are draining\n');
  const tookMs = performance.now() - startedMs;
  if (isGood)
    out.write(
      `${answer.acked.length} proxies acknowledged after ${tookMs < 1000 ? `${Math.round(tookMs)}ms` : formatDuration(tookMs)}\n`,
    );
  return isGood ? 0 : 1;
}
