// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { EncodedResource } from '@signet/envoy';
import { envoy } from '@signet/proto';
import { typeUrls, type ResourceType } from './resource-types.ts';
import type { Session, TypeSession } from './session.ts';
import { isSubscribed, isWithheld, lastGoodForm, newestTouching, possibleForms, wantedOf } from './type-session.ts';

/** What one type needs now. */
export interface PushPlan {
  readonly changed: readonly EncodedResource[];
  readonly removed: readonly string[];
  /** Names that wait for what they name, and since when; those whose time is over are also in `changed`. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Names that go when drains are over, and since when nothing names them. */
  readonly unnamed: ReadonlyMap<string, number>;
  /** Earliest time at which something above becomes due, ms. */
  readonly dueAtMs: number | undefined;
  /** Unwanted resources are kept because something still names them. */
  readonly isKeeping: boolean;
}

/** What the proxy names in everything that it may be using. */
export interface NamedResources {
  readonly keys: ReadonlySet<string>;
  /** Types of which a form is held whose bytes are unknown: it may name anything. */
  readonly unreadable: ReadonlySet<string>;
}

/** Which types name resources of a type. */
const namingTypes: Readonly<Record<string, readonly string[]>> = {
  [typeUrls.cluster]: [typeUrls.listener, typeUrls.routes],
  [typeUrls.secret]: [typeUrls.listener, typeUrls.cluster],
  [typeUrls.routes]: [typeUrls.listener],
  [typeUrls.extension]: [typeUrls.listener],
};

function isNamed(named: NamedResources, typeUrl: string, name: string): boolean {
  return named.keys.has(namedKey(typeUrl, name)) || (namingTypes[typeUrl] ?? []).some((by) => named.unreadable.has(by));
}

/** Key of a name in NamedResources. */
export function namedKey(typeUrl: string, name: string): string {
  return `${typeUrl} ${name}`;
}

/** Collects what held and travelling listeners, routes and clusters name. */
export function namedByProxy(session: Session): NamedResources {
  const keys = new Set<string>();
  const unreadable = new Set<string>();
  for (const typeUrl of [typeUrls.cluster, typeUrls.listener, typeUrls.routes]) {
    const state = session.types.get(typeUrl);
    if (state === undefined) continue;
    for (const [, resource] of possibleForms(state)) {
      if (resource === undefined) unreadable.add(typeUrl);
      else for (const reference of resource.references) keys.add(namedKey(reference.typeUrl, reference.name));
    }
  }
  return { keys, unreadable };
}

/** Compares what is wanted with what the proxy holds. Pure; `nowMs` only judges waiting times. */
export function planPush(
  session: Session,
  type: ResourceType,
  at: { nowMs: number; named: () => NamedResources },
): PushPlan {
  const state = session.types.get(type.typeUrl);
  const wanted = wantedOf(session, type.typeUrl);
  const changed: EncodedResource[] = [];
  const waiting = new Map<string, number>();
  let dueAtMs: number | undefined;
  if (state === undefined) return { changed, removed: [], waiting, unnamed: waiting, dueAtMs, isKeeping: false };
  for (const resource of subscribedResources(state, wanted)) {
    const goal = isWithheld(state, resource) ? lastGoodForm(session, state, resource.name) : resource;
    if (goal === undefined || isUpToDate(state, goal)) continue;
    if (hasUnmetReference(session, goal)) {
      const since = state.waiting.get(goal.name) ?? at.nowMs;
      waiting.set(goal.name, since);
      const releasedAtMs = since + session.limits.barrierMs;
      if (at.nowMs < releasedAtMs) {
        dueAtMs = Math.min(dueAtMs ?? releasedAtMs, releasedAtMs);
        continue;
      }
    }
    changed.push(goal);
  }
  const leaving = planRemoval({ session, type, state, nowMs: at.nowMs, named: at.named });
  return {
    changed: [...changed, ...leaving.emptied],
    removed: leaving.removed,
    waiting,
    unnamed: leaving.unnamed,
    dueAtMs: earliest(dueAtMs, leaving.dueAtMs),
    isKeeping: leaving.isKeeping,
  };
}

/** The earlier of two times, either of which may be missing. */
export function earliest(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Math.min(left, right);
}

function* subscribedResources(
  state: TypeSession,
  wanted: ReadonlyMap<string, EncodedResource>,
): Generator<EncodedResource> {
  if (state.isWildcard) {
    yield* wanted.values();
    return;
  }
  for (const name of state.names) {
    const resource = wanted.get(name);
    if (resource !== undefined) yield resource;
  }
}

function isUpToDate(state: TypeSession, goal: EncodedResource): boolean {
  if (state.forced.has(goal.name)) return false;
  const travelling = newestTouching(state, goal.name);
  if (travelling !== undefined) return travelling.resources.get(goal.name)?.hash === goal.hash;
  const held = state.held.get(goal.name);
  return held !== undefined && held.isCertain && held.hash === goal.hash;
}

/** A listener or route must not name a cluster that the proxy is about to learn but has not accepted yet. */
function hasUnmetReference(session: Session, goal: EncodedResource): boolean {
  if (goal.typeUrl !== typeUrls.listener && goal.typeUrl !== typeUrls.routes) return false;
  const clusters = session.types.get(typeUrls.cluster);
  if (clusters === undefined) return false;
  const wanted = wantedOf(session, typeUrls.cluster);
  return goal.references.some(({ typeUrl, name }) => {
    if (typeUrl !== typeUrls.cluster || clusters.held.has(name) || !isSubscribed(clusters, name)) return false;
    const cluster = wanted.get(name);
    // What is not wanted, or rejected, will not come: nothing to wait for.
    return cluster !== undefined && !isWithheld(clusters, cluster);
  });
}

interface RemovalInput {
  readonly session: Session;
  readonly type: ResourceType;
  readonly state: TypeSession;
  readonly nowMs: number;
  readonly named: () => NamedResources;
}

interface RemovalPlan {
  readonly removed: readonly string[];
  readonly emptied: readonly EncodedResource[];
  readonly unnamed: ReadonlyMap<string, number>;
  readonly dueAtMs: number | undefined;
  readonly isKeeping: boolean;
}

function planRemoval(input: RemovalInput): RemovalPlan {
  const { session, type, state, nowMs } = input;
  const removed: string[] = [];
  const emptied: EncodedResource[] = [];
  const unnamed = new Map<string, number>();
  let dueAtMs: number | undefined;
  let isKeeping = false;
  for (const name of unwantedNames(session, state)) {
    if (type.typeUrl === typeUrls.endpoints) {
      if (isOfLeavingCluster(session, name)) isKeeping = true;
      else {
        // Envoy acknowledges and ignores removed endpoints (envoy-facts «Warming»): an empty assignment says it.
        const empty = emptyAssignment(name);
        if (!isUpToDate(state, empty)) emptied.push(empty);
      }
      continue;
    }
    if (!type.isReferenced) {
      removed.push(name);
      continue;
    }
    // State of the world cannot say that routes, secrets or rules are gone; they go with what named them.
    if (session.variant === 'sotw' && !type.isFullState) continue;
    if (isNamed(input.named(), type.typeUrl, name)) {
      isKeeping = true;
      continue;
    }
    const since = state.unnamed.get(name) ?? nowMs;
    unnamed.set(name, since);
    if (nowMs - since >= session.limits.drainMs) removed.push(name);
    else dueAtMs = earliest(dueAtMs, since + session.limits.drainMs);
  }
  return { removed, emptied, unnamed, dueAtMs, isKeeping };
}

/** Names that the proxy holds or is being sent, and that are not wanted. */
function unwantedNames(session: Session, state: TypeSession): readonly string[] {
  const wanted = wantedOf(session, state.typeUrl);
  const names = new Set<string>();
  for (const [name] of possibleForms(state)) if (!wanted.has(name)) names.add(name);
  return [...names].filter((name) => newestTouching(state, name)?.removed.has(name) !== true);
}

/** The cluster of these endpoints is on its way out: it keeps them while connections drain. */
function isOfLeavingCluster(session: Session, endpointsName: string): boolean {
  const clusters = session.types.get(typeUrls.cluster);
  if (clusters === undefined) return false;
  const names = (resource: EncodedResource | undefined) =>
    resource !== undefined &&
    resource.references.some(({ typeUrl, name }) => typeUrl === typeUrls.endpoints && name === endpointsName);
  const wanted = wantedOf(session, typeUrls.cluster);
  let isLeaving = false;
  for (const [name, resource] of possibleForms(clusters)) {
    if (!names(resource)) continue;
    if (names(wanted.get(name))) return false;
    isLeaving = true;
  }
  return isLeaving;
}

/** An assignment without endpoints. */
export function emptyAssignment(name: string): EncodedResource {
  const bytes = envoy.config.endpoint.v3.ClusterLoadAssignment.encode({ clusterName: name }).finish();
  return {
    name,
    typeUrl: typeUrls.endpoints,
    hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    bytes,
    references: [],
  };
}
