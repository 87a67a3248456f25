// SPDX-License-Identifier: Apache-2.0
import { printJson, type Session } from '../session.ts';
import { sanitise } from '../table.ts';
import { formatDuration } from '../values.ts';

/** What is added to the server's own time limit before the call is given up. */
const graceMs = 5000;

/**
 * Makes discovery read its source again and waits until every proxy has acknowledged what that asks of it. Succeeds
 * only when all have, and every file could be read.
 */
export async function waitForProxies(session: Session, timeoutMs: number): Promise<number> {
  const startedMs = performance.now();
  const { out, err } = session.streams;
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
