// SPDX-License-Identifier: Apache-2.0
import { acknowledge, reject } from './apply-answer.ts';
import { changeNames, excessiveSubscription, excessOf, openType, replaceNames } from './apply-subscription.ts';
import { flushSession } from './flush-session.ts';
import { resourceType } from './resource-types.ts';
import type {
  CarriedRejections,
  DesiredState,
  Rejection,
  Session,
  SessionEffect,
  SessionMessage,
  SessionRequest,
  TypeSession,
} from './session.ts';
import { withType } from './type-session.ts';
import type { EncodedResource } from '@signet/envoy';

type Step = readonly [Session, readonly SessionEffect[]];

/**
 * The ADS protocol: what a stream becomes, and what has to be done, on one message. Pure and total; the caller sends,
 * keeps the books and closes. Both variants keep the same state; they differ in how a request names resources, in what
 * a response must carry, and in how versions are reported.
 */
export function reduceSession(session: Session, message: SessionMessage): Step {
  switch (message.kind) {
    case 'tick':
      return flushSession(session, message.nowMs);
    case 'desired':
      return flushChecked(withDesired(session, message.desired), message.nowMs);
    case 'request':
      return reduceRequest(session, message.request, message.nowMs);
  }
}

function withDesired(session: Session, desired: DesiredState): Session {
  const types = new Map<string, TypeSession>();
  for (const [typeUrl, state] of session.types) types.set(typeUrl, forgetRejections(state, desired));
  return { ...session, desired, types };
}

/** A rejection stands until the content changes. */
function forgetRejections(state: TypeSession, desired: DesiredState): TypeSession {
  if (state.rejections.size === 0) return state;
  const wanted = desired.set.byType.get(state.typeUrl);
  const kept = [...state.rejections].filter(([name, rejection]) => wanted?.get(name)?.hash === rejection.hash);
  return kept.length === state.rejections.size ? state : { ...state, rejections: new Map(kept), quietFor: undefined };
}

function flushChecked(session: Session, nowMs: number): Step {
  const excess = excessiveSubscription(session);
  return excess === undefined ? flushSession(session, nowMs) : [session, [close(excess)]];
}

function close(message: string): SessionEffect {
  return { kind: 'close', reason: 'RATE_EXCEEDED', message };
}

function reduceRequest(session: Session, request: SessionRequest, nowMs: number): Step {
  // Types that are not served are answered by nothing, as the protocol asks.
  if (resourceType(request.typeUrl) === undefined) return [session, []];
  const excess = excessOf(request, session.limits);
  if (excess !== undefined) return [session, [close(excess)]];
  const state = session.types.get(request.typeUrl);
  if (state === undefined) return flushChecked(withType(session, openType(session, request)), nowMs);
  const [answered, effects] = applyAnswer({ session, state, request, nowMs });
  if (answered === undefined) return [session, []];
  const named = session.variant === 'delta' ? changeNames(answered, request) : replaceNames(answered, request);
  const changed = named === state ? session : withType(session, named);
  const [next, more] = named.names === state.names ? flushSession(changed, nowMs) : flushChecked(changed, nowMs);
  return [next, [...effects, ...more]];
}

interface AnswerInput {
  readonly session: Session;
  readonly state: TypeSession;
  readonly request: SessionRequest;
  readonly nowMs: number;
}

/** Undefined for a stale state-of-the-world request: the client will repeat its names with the newer nonce. */
function applyAnswer(input: AnswerInput): readonly [TypeSession | undefined, readonly SessionEffect[]] {
  const { session, state, request, nowMs } = input;
  const response = request.nonce === '' ? undefined : state.outstanding.find(({ nonce }) => nonce === request.nonce);
  if (response === undefined) {
    const isStale = session.variant === 'sotw' && request.nonce !== '' && request.nonce !== state.lastNonce;
    return [isStale ? undefined : state, []];
  }
  if (request.rejection === undefined) return acknowledge(state, response, { nowMs, variant: session.variant });
  return reject(state, response, { nowMs, message: request.rejection });
}

/** What must be remembered for the proxy's next stream: rejected contents, and the last good form beside each. */
export function carryRejections(session: Session): CarriedRejections {
  const rejections = new Map<string, ReadonlyMap<string, Rejection>>(session.carried.rejections);
  const lastGood = new Map<string, ReadonlyMap<string, EncodedResource>>(session.carried.lastGood);
  for (const [typeUrl, state] of session.types) {
    rejections.set(typeUrl, state.rejections);
    const forms = new Map<string, EncodedResource>();
    for (const name of state.rejections.keys()) {
      const form = state.held.get(name)?.resource ?? session.carried.lastGood.get(typeUrl)?.get(name);
      if (form !== undefined) forms.set(name, form);
    }
    lastGood.set(typeUrl, forms);
  }
  return { rejections, lastGood };
}
