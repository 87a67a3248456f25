// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import { reduceSession } from './reduce-session.ts';
import {
  createSession,
  type CarriedRejections,
  type DesiredState,
  type ProtocolVariant,
  type Session,
  type SessionEffect,
  type SessionLimits,
  type SessionMessage,
  type SessionRequest,
  type SessionResponse,
} from './session.ts';

/** Everything that an effect may be but a response, which the stream itself takes care of. */
export type StreamEvent = Exclude<SessionEffect, { readonly kind: 'close' }>;

/** One ADS stream: a session with a clock and an outgoing queue. */
export interface AdsStream {
  session(): Session;
  receive(request: SessionRequest): void;
  desire(desired: DesiredState): void;
  /** Ends the stream with a status. */
  fail(error: Error): void;
  /** Ends the stream without one. */
  end(): void;
  /** What to send, one at a time as the transport takes it. Throws what `fail` was given. */
  responses(): AsyncGenerator<SessionResponse, void>;
}

/** Creates a stream; it holds a timer until it ends. */
export function createAdsStream(o: {
  readonly variant: ProtocolVariant;
  readonly limits?: Partial<SessionLimits>;
  readonly carried?: CarriedRejections;
  /** Epoch, ms. */
  readonly nowMs: () => number;
  readonly onEvent: (event: StreamEvent) => void;
}): AdsStream {
  let session = createSession(o);
  // At most `outstandingMax` of a type, and by reference: a stalled stream holds no copies.
  const queue: SessionResponse[] = [];
  let ended: { readonly error: Error | undefined } | undefined;
  let wake = (): void => {};
  let timer: NodeJS.Timeout | undefined;

  const finish = (error: Error | undefined): void => {
    if (ended !== undefined) return;
    ended = { error };
    clearTimeout(timer);
    wake();
  };
  const step = (message: SessionMessage): void => {
    if (ended !== undefined) return;
    const [next, effects] = reduceSession(session, message);
    session = next;
    for (const effect of effects) {
      if (effect.kind === 'close') {
        finish(new SignetError(effect.reason, effect.message));
        continue;
      }
      if (effect.kind === 'send') {
        queue.push(effect.response);
        wake();
      }
      o.onEvent(effect);
    }
    schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    if (ended !== undefined || session.wakeAtMs === undefined) return;
    timer = setTimeout(() => step({ kind: 'tick', nowMs: o.nowMs() }), Math.max(1, session.wakeAtMs - o.nowMs()));
    timer.unref();
  };

  async function* responses(): AsyncGenerator<SessionResponse, void> {
    for (;;) {
      if (ended !== undefined) {
        if (ended.error !== undefined) throw ended.error;
        return;
      }
      const next = queue.shift();
      if (next !== undefined) yield next;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    session: () => session,
    receive: (request) => step({ kind: 'request', request, nowMs: o.nowMs() }),
    desire: (desired) => step({ kind: 'desired', desired, nowMs: o.nowMs() }),
    fail: finish,
    end: () => finish(undefined),
    responses,
  };
}
