// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { SignetError } from '@signet/model';
import type { WaitForRevisionRequest__Output, WaitForRevisionResponse } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { Revision } from '@signet/model';
import type { Convergence } from '../convergence.ts';
import { decodeRevision } from '../inventory-decode.ts';

const defaultTimeoutMs = 30_000;
const longestTimeoutMs = 600_000;
const pollMs = 25;

/** ProxyStatus.WaitForRevision. Answers at the end of the time with what is missing; that is not an error. */
export function createWaitForRevision(judge: (target: Revision) => Convergence) {
  return async (
    request: WaitForRevisionRequest__Output,
    context: Pick<CallContext, 'signal'>,
  ): Promise<WaitForRevisionResponse> => {
    if (request.revision === null)
      throw new SignetError('REQUEST_INVALID', 'a revision is required', { field: 'revision' });
    const target = decodeRevision(request.revision);
    const deadlineMs = performance.now() + timeoutOf(request);
    for (;;) {
      const { isDone, acked, nacked, pending, revision } = judge(target);
      if (isDone || performance.now() >= deadlineMs || context.signal.aborted) {
        return {
          done: isDone,
          acked: [...acked],
          nacked: [...nacked],
          pending: [...pending],
          revision: { ...revision },
        };
      }
      await delay(pollMs);
    }
  };
}

function timeoutOf({ timeout }: WaitForRevisionRequest__Output): number {
  if (timeout === null) return defaultTimeoutMs;
  const timeoutMs = timeout.seconds * 1000 + timeout.nanos / 1e6;
  if (timeoutMs < 0 || timeoutMs > longestTimeoutMs) {
    throw new SignetError('REQUEST_INVALID', `a timeout from 0 to ${longestTimeoutMs / 1000} s is expected`, {
      field: 'timeout',
    });
  }
  return timeoutMs;
}
