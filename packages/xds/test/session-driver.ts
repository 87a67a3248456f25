// SPDX-License-Identifier: Apache-2.0
import { reduceSession } from '../src/reduce-session.ts';
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
} from '../src/session.ts';

/** A session with a hand on its clock and a record of what it did. */
export interface SessionDriver {
  readonly session: () => Session;
  nowMs: number;
  /** Sends a request; returns the responses that it caused. */
  request(request: Partial<SessionRequest> & { readonly typeUrl: string }): readonly SessionResponse[];
  /** Acknowledges a response. */
  ack(response: SessionResponse): readonly SessionResponse[];
  /** Rejects a response. */
  nack(response: SessionResponse, message: string): readonly SessionResponse[];
  desire(desired: DesiredState): readonly SessionResponse[];
  /** Lets time pass, waking the session when it wants to be. */
  pass(ms: number): readonly SessionResponse[];
  readonly effects: SessionEffect[];
}

const emptyRequest: Omit<SessionRequest, 'typeUrl'> = {
  nonce: '',
  rejection: undefined,
  subscribe: [],
  unsubscribe: [],
  initialVersions: new Map(),
  version: '',
};

/** Drives the reducer by hand. */
export function driveSession(
  variant: ProtocolVariant,
  o: { limits?: Partial<SessionLimits>; carried?: CarriedRejections } = {},
): SessionDriver {
  let session = createSession({ variant, ...o });
  const effects: SessionEffect[] = [];
  const step = (message: SessionMessage) => {
    const [next, more] = reduceSession(session, message);
    session = next;
    effects.push(...more);
    return more.flatMap((effect) => (effect.kind === 'send' ? [effect.response] : []));
  };
  const driver: SessionDriver = {
    session: () => session,
    nowMs: 1000,
    effects,
    request: (request) => step({ kind: 'request', request: { ...emptyRequest, ...request }, nowMs: driver.nowMs }),
    ack: (response) =>
      driver.request({ typeUrl: response.typeUrl, nonce: response.nonce, ...keepNames(session, response.typeUrl) }),
    nack: (response, rejection) =>
      driver.request({
        typeUrl: response.typeUrl,
        nonce: response.nonce,
        rejection,
        ...keepNames(session, response.typeUrl),
      }),
    desire: (desired) => step({ kind: 'desired', desired, nowMs: driver.nowMs }),
    pass: (ms) => {
      const until = driver.nowMs + ms;
      const responses: SessionResponse[] = [];
      while (session.wakeAtMs !== undefined && session.wakeAtMs <= until) {
        driver.nowMs = Math.max(driver.nowMs, session.wakeAtMs);
        responses.push(...step({ kind: 'tick', nowMs: driver.nowMs }));
      }
      driver.nowMs = until;
      return [...responses, ...step({ kind: 'tick', nowMs: until })];
    },
  };
  return driver;
}

/** A state-of-the-world request repeats its names. */
function keepNames(session: Session, typeUrl: string): { subscribe: readonly string[] } {
  return { subscribe: session.variant === 'sotw' ? [...(session.types.get(typeUrl)?.names ?? [])] : [] };
}

/** Names in a response. */
export function namesOf(response: SessionResponse | undefined): readonly string[] {
  return (response?.resources ?? []).map(({ name }) => name);
}
