// SPDX-License-Identifier: Apache-2.0
import { resourceType, typeUrls } from './resource-types.ts';
import type { HeldResource, Session, SessionLimits, SessionRequest, TypeSession } from './session.ts';
import { createTypeSession, wantedOf } from './type-session.ts';

const wildcard = '*';

/** First request of a type on a stream. */
export function openType(session: Session, request: SessionRequest): TypeSession {
  const type = resourceType(request.typeUrl);
  const names = new Set(request.subscribe);
  const isWildcard = names.delete(wildcard) || (request.subscribe.length === 0 && type?.allowsWildcard === true);
  const state = createTypeSession(session, request.typeUrl);
  // A stream that broke while a cluster was warming reports the endpoints that it holds, yet waits for them
  // (envoy-facts «Warming»): the first request for endpoints is always answered in full.
  const isEndpoints = request.typeUrl === typeUrls.endpoints;
  const held = reportedForms(session, request, (name) => isWildcard || names.has(name));
  return {
    ...state,
    names,
    isWildcard,
    held,
    forced: isEndpoints ? names : state.forced,
    owesAnswer: isEndpoints || (isWildcard && held.size === 0),
    reportedHash: isEndpoints ? '' : (request.version.split('@')[0] ?? ''),
  };
}

/** What a client says that it holds. Bytes are known where the version is one that this server would send. */
function reportedForms(
  session: Session,
  request: SessionRequest,
  isAsked: (name: string) => boolean,
): Map<string, HeldResource> {
  const wanted = wantedOf(session, request.typeUrl);
  const lastGood = session.carried.lastGood.get(request.typeUrl);
  const held = new Map<string, HeldResource>();
  if (request.typeUrl === typeUrls.endpoints && request.version !== '') {
    // State of the world: it may hold any of these names, and those that are gone must be emptied.
    for (const name of request.subscribe)
      held.set(name, { hash: '', resource: undefined, isCertain: false, revision: undefined });
  }
  for (const [name, hash] of request.initialVersions) {
    if (!isAsked(name)) continue;
    const resource = [wanted.get(name), lastGood?.get(name)].find((candidate) => candidate?.hash === hash);
    held.set(name, { hash, resource, isCertain: true, revision: undefined });
  }
  return held;
}

/** A later delta request adds and drops names. A name that is asked for again must be sent again (xDS protocol). */
export function changeNames(state: TypeSession, request: SessionRequest): TypeSession {
  if (request.subscribe.length === 0 && request.unsubscribe.length === 0) return state;
  const names = new Set(state.names);
  const forced = new Set(state.forced);
  let isWildcard = state.isWildcard;
  for (const name of request.unsubscribe) {
    if (name === wildcard) isWildcard = false;
    names.delete(name);
  }
  for (const name of request.subscribe) {
    if (name === wildcard) isWildcard = true;
    else {
      names.add(name);
      forced.add(name);
    }
  }
  return forgetUnsubscribed({ ...state, names, forced, isWildcard });
}

/** A later state-of-the-world request lists all names. */
export function replaceNames(state: TypeSession, request: SessionRequest): TypeSession {
  const names = new Set(request.subscribe);
  const isNamed = names.delete(wildcard);
  // A wildcard that was implied by an empty first request stays as long as no name is given.
  const isWildcard = isNamed || (names.size === 0 && state.isWildcard && state.names.size === 0);
  if (
    isWildcard === state.isWildcard &&
    names.size === state.names.size &&
    [...names].every((name) => state.names.has(name))
  ) {
    return state;
  }
  return forgetUnsubscribed({ ...state, names, isWildcard });
}

function forgetUnsubscribed(state: TypeSession): TypeSession {
  if (state.isWildcard) return { ...state, quietFor: undefined };
  const keep = ([name]: readonly [string, unknown]) => state.names.has(name);
  return {
    ...state,
    held: new Map([...state.held].filter(keep)),
    forced: new Set([...state.forced].filter((name) => state.names.has(name))),
    // What is on its way to nobody must not count as held when the name is asked for again.
    outstanding: state.outstanding.map((response) => ({
      ...response,
      resources: new Map([...response.resources].filter(keep)),
      changed: new Set([...response.changed].filter((name) => state.names.has(name))),
    })),
    quietFor: undefined,
  };
}

/** What is excessive in a request, for people; undefined when it is within the limits. */
export function excessOf(request: SessionRequest, limits: SessionLimits): string | undefined {
  for (const names of [request.subscribe, request.unsubscribe, [...request.initialVersions.keys()]]) {
    if (names.length > limits.namesMax)
      return `${names.length} names in one request; at most ${limits.namesMax} are allowed`;
    if (names.some((name) => name.length > limits.nameLengthMax)) {
      return `a resource name is longer than ${limits.nameLengthMax} characters`;
    }
  }
  return undefined;
}

/** What is excessive in the subscriptions of a session; counts names that do not exist for this proxy, never says which. */
export function excessiveSubscription(session: Session): string | undefined {
  let unknown = 0;
  for (const state of session.types.values()) {
    if (state.names.size > session.limits.namesMax) return `more than ${session.limits.namesMax} names of one type`;
    if (session.desired === undefined) continue;
    const wanted = wantedOf(session, state.typeUrl);
    for (const name of state.names) if (!wanted.has(name) && !state.held.has(name)) unknown += 1;
  }
  if (unknown <= session.limits.unknownNamesMax) return undefined;
  return `more than ${session.limits.unknownNamesMax} names that this proxy has no use for`;
}
