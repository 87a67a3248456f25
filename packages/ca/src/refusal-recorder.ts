// SPDX-License-Identifier: Apache-2.0
import { SignetError, type ErrorKind } from '@signet/model';
import type { Clock } from '@signet/runtime';
import type { RefusalLog } from '@signet/store';
import type { ProvedSoFar } from './attestation/attest-caller.ts';
import type { CaEvents } from './events.ts';

/** Puts refusals into the ledger. */
export interface RefusalRecorder {
  /** Records what was thrown if it is a refusal: a failure that passes by itself is none. */
  record(error: unknown, proved: ProvedSoFar, sourceAddress: string): void;
}

const refusing: ReadonlySet<ErrorKind> = new Set([
  'invalid',
  'unauthenticated',
  'forbidden',
  'precondition',
  'exhausted',
]);

/** Creates the recorder. */
export function createRefusalRecorder(o: {
  readonly log: RefusalLog;
  readonly events: CaEvents;
  readonly clock: Clock;
}): RefusalRecorder {
  return {
    record(error, proved, sourceAddress) {
      if (!(error instanceof SignetError) || !refusing.has(error.kind)) return;
      const { reason, message } = error;
      o.log.record({ time: o.clock.now(), reason, message, ...proved, sourceAddress });
      o.events.refused({ reason, ...proved, sourceAddress });
    },
  };
}
