// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { EncodedResource } from '@signet/envoy';
import { earliest, namedByProxy, planPush, type NamedResources, type PushPlan } from './plan-push.ts';
import { resourceTypes, typeUrls, type ResourceType } from './resource-types.ts';
import type {
  DesiredState,
  HeldResource,
  Outstanding,
  ProtocolVariant,
  Session,
  SessionEffect,
  SessionResponse,
  TypeSession,
} from './session.ts';
import { settledState } from './settled-state.ts';
import { isSubscribed, newestTouching, wantedOf, withType } from './type-session.ts';

type Step = readonly [Session, readonly SessionEffect[]];

/** Sends what can be sent now, in order, and says when time alone will change that. */
export function flushSession(session: Session, nowMs: number): Step {
  if (session.desired === undefined) return [session, []];
  const desired = session.desired;
  const effects: SessionEffect[] = [];
  let next: Session = { ...session, wakeAtMs: undefined };
  let named: NamedResources | undefined;
  for (const type of resourceTypes) {
    const state = next.types.get(type.typeUrl);
    if (state === undefined || isQuiet(next, state)) continue;
    const judged = judgeReport(next, state, type);
    const current = judged === state ? next : withType(next, judged);
    const plan = planPush(current, type, { nowMs, named: () => (named ??= namedByProxy(current)) });
    const [sent, effect] = pushType({ session: current, desired, type, state: judged, plan, nowMs });
    next = sent;
    if (effect !== undefined) effects.push(effect);
  }
  return settledState(next, effects);
}

function isQuiet(session: Session, state: TypeSession): boolean {
  return !state.owesAnswer && state.quietFor !== undefined && state.quietFor === wantedOf(session, state.typeUrl);
}

interface PushInput {
  readonly session: Session;
  readonly desired: DesiredState;
  readonly type: ResourceType;
  readonly state: TypeSession;
  readonly plan: PushPlan;
  readonly nowMs: number;
}

function pushType(input: PushInput): readonly [Session, SessionEffect | undefined] {
  const { session, state, plan, type, nowMs } = input;
  const isIdle = plan.changed.length === 0 && plan.removed.length === 0 && !state.owesAnswer;
  const isQuietNow = isIdle && plan.waiting.size === 0 && plan.unnamed.size === 0 && !plan.isKeeping;
  const planned: TypeSession = {
    ...state,
    waiting: plan.waiting,
    unnamed: plan.unnamed,
    suspects: stillSuspect(state, plan),
    quietFor: isQuietNow ? wantedOf(session, type.typeUrl) : undefined,
  };
  let wakeAtMs = earliest(session.wakeAtMs, plan.dueAtMs);
  const freeAtMs = isIdle ? undefined : nextFreeAt(state, session);
  if (isIdle || freeAtMs === Infinity || (freeAtMs !== undefined && nowMs < freeAtMs)) {
    if (freeAtMs !== undefined && freeAtMs !== Infinity) wakeAtMs = earliest(wakeAtMs, freeAtMs);
    return [{ ...withType(session, planned), wakeAtMs }, undefined];
  }
  const outgoing = choosePart(planned, plan);
  const nonce = String(session.nonce + 1);
  const carried = type.isFullState && session.variant === 'sotw' ? fullState(planned, outgoing) : outgoing.resources;
  const response: Outstanding = {
    nonce,
    resources: new Map(carried.map((resource) => [resource.name, resource])),
    changed: new Set(outgoing.resources.map(({ name }) => name)),
    removed: new Set(outgoing.removed),
    revision: input.desired.revision,
    sentAtMs: nowMs,
  };
  const sent: TypeSession = {
    ...planned,
    outstanding: [...planned.outstanding, response],
    forced: new Set([...planned.forced].filter((name) => !response.resources.has(name))),
    owesAnswer: false,
    lastNonce: nonce,
    pushes: planned.pushes + 1,
  };
  const message: SessionResponse = {
    typeUrl: type.typeUrl,
    nonce,
    resources: carried,
    removed: outgoing.removed,
    version: versionOf(session.variant, sent, input.desired),
  };
  const next = { ...withType(session, sent), nonce: session.nonce + 1, wakeAtMs };
  return [forceEndpoints(next, outgoing.resources), { kind: 'send', response: message }];
}

/** Undefined: a response may be sent now. Infinity: only an answer helps. Else the time at which patience ends. */
function nextFreeAt(state: TypeSession, session: Session): number | undefined {
  const newest = state.outstanding.at(-1);
  if (newest === undefined) return undefined;
  return state.outstanding.length >= session.limits.outstandingMax
    ? Infinity
    : newest.sentAtMs + session.limits.outstandingMs;
}

interface Outgoing {
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/** Drops suspects that are not wanted any more. */
function stillSuspect(state: TypeSession, plan: PushPlan): TypeSession['suspects'] {
  if (state.suspects.length === 0) return state.suspects;
  const open = new Set([...plan.changed.map(({ name }) => name), ...plan.waiting.keys()]);
  return state.suspects
    .map((group) => group.filter((name) => open.has(name) || newestTouching(state, name) !== undefined))
    .filter((group) => group.length > 0);
}

/** Suspects of an unnamed rejection travel by themselves, after everything that is above suspicion. */
function choosePart(state: TypeSession, plan: PushPlan): Outgoing {
  if (state.suspects.length === 0) return { resources: plan.changed, removed: plan.removed };
  const suspected = new Set(state.suspects.flat());
  const clean = plan.changed.filter(({ name }) => !suspected.has(name));
  if (clean.length > 0 || plan.removed.length > 0) return { resources: clean, removed: plan.removed };
  for (const group of state.suspects) {
    const part = plan.changed.filter(({ name }) => group.includes(name));
    if (part.length > 0) return { resources: part, removed: [] };
  }
  return { resources: [], removed: [] };
}

/** State of the world: a listener or cluster that is left out is deleted, so the last good form of the others goes along. */
function fullState(state: TypeSession, outgoing: Outgoing): readonly EncodedResource[] {
  const all = new Map<string, EncodedResource>();
  const put = (name: string, resource: EncodedResource | undefined) => {
    if (resource !== undefined && isSubscribed(state, name)) all.set(name, resource);
  };
  for (const [name, held] of state.held) put(name, held.resource);
  for (const response of state.outstanding) {
    for (const [name, resource] of response.resources) put(name, resource);
    for (const name of response.removed) all.delete(name);
  }
  for (const name of outgoing.removed) all.delete(name);
  for (const resource of outgoing.resources) put(resource.name, resource);
  return [...all.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** A changed cluster starts to warm and waits for endpoints that it already had (envoy-facts «Warming»). */
function forceEndpoints(session: Session, sent: readonly EncodedResource[]): Session {
  const endpoints = session.types.get(typeUrls.endpoints);
  if (endpoints === undefined || sent[0]?.typeUrl !== typeUrls.cluster) return session;
  const names = sent
    .flatMap(({ references }) => references)
    .filter(({ typeUrl, name }) => typeUrl === typeUrls.endpoints && endpoints.names.has(name))
    .map(({ name }) => name);
  if (names.length === 0) return session;
  return withType(session, { ...endpoints, forced: new Set([...endpoints.forced, ...names]), quietFor: undefined });
}

/** `<content hash>@<frontier>`: equality is judged by the first part (design §4). Delta judges each resource by its own. */
function versionOf(variant: ProtocolVariant, state: TypeSession, { set, revision }: DesiredState): string {
  const frontier = `${revision.source}.${revision.ledger}`;
  if (variant === 'delta') return `${set.hash}@${frontier}`;
  const forms = new Map<string, string>();
  for (const [name, held] of state.held) forms.set(name, held.hash);
  for (const response of state.outstanding) {
    for (const [name, resource] of response.resources) forms.set(name, resource.hash);
    for (const name of response.removed) forms.delete(name);
  }
  return `${stateHash(forms)}@${frontier}`;
}

function stateHash(forms: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const name of [...forms.keys()].sort()) hash.update(`${name}\0${forms.get(name) ?? ''}\n`);
  return hash.digest('hex').slice(0, 32);
}

/** State of the world: decides whether what a reconnecting proxy reported is exactly what it should hold. */
function judgeReport(session: Session, state: TypeSession, type: ResourceType): TypeSession {
  if (state.reportedHash === '') return state;
  const held = new Map<string, HeldResource>();
  for (const [name, resource] of wantedOf(session, type.typeUrl)) {
    if (isSubscribed(state, name) && newestTouching(state, name) === undefined) {
      held.set(name, { hash: resource.hash, resource, isCertain: true, revision: undefined });
    }
  }
  const isSame = stateHash(new Map([...held].map(([name, { hash }]) => [name, hash]))) === state.reportedHash;
  return isSame ? { ...state, held, reportedHash: '', owesAnswer: false } : { ...state, reportedHash: '' };
}
