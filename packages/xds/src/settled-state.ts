// SPDX-License-Identifier: Apache-2.0
import { namedByProxy } from './plan-push.ts';
import { resourceTypes } from './resource-types.ts';
import type { Session, SessionEffect, TypeSession } from './session.ts';
import { isSubscribed, isWithheld, wantedOf } from './type-session.ts';

/** Notes when the proxy has acknowledged all of what it should hold. What only waits for drains to end does not count. */
export function settledState(
  session: Session,
  effects: readonly SessionEffect[],
): readonly [Session, readonly SessionEffect[]] {
  const desired = session.desired;
  if (desired === undefined || session.settled === desired || !isSettled(session)) return [session, effects];
  const hasRejections = [...session.types.values()].some((state) => countWithheld(session, state) > 0);
  return [{ ...session, settled: desired }, [...effects, { kind: 'settled', desired, hasRejections }]];
}

/** Resources of one type whose present form was rejected. */
export function countWithheld(session: Session, state: TypeSession): number {
  let count = 0;
  const wanted = wantedOf(session, state.typeUrl);
  for (const name of state.rejections.keys()) {
    const resource = wanted.get(name);
    if (resource !== undefined && isWithheld(state, resource)) count += 1;
  }
  return count;
}

function isSettled(session: Session): boolean {
  for (const type of resourceTypes) {
    const state = session.types.get(type.typeUrl);
    if (state === undefined) {
      // A proxy that starts asks for listeners only after its clusters are warm.
      if (type.allowsWildcard) return false;
      continue;
    }
    if (state.outstanding.length > 0 || state.waiting.size > 0 || state.suspects.length > 0 || state.owesAnswer)
      return false;
    if (!holdsWanted(session, state)) return false;
  }
  return hasAskedForNamed(session);
}

function holdsWanted(session: Session, state: TypeSession): boolean {
  for (const resource of wantedOf(session, state.typeUrl).values()) {
    if (!isSubscribed(state, resource.name) || isWithheld(state, resource)) continue;
    const held = state.held.get(resource.name);
    if (held === undefined || !held.isCertain || held.hash !== resource.hash) return false;
  }
  return true;
}

/** What held resources name, and what exists, must have been asked for: a listener that warms is not in force yet. */
function hasAskedForNamed(session: Session): boolean {
  const { keys } = namedByProxy(session);
  for (const key of keys) {
    const [typeUrl = '', name = ''] = splitKey(key);
    if (!wantedOf(session, typeUrl).has(name)) continue;
    const state = session.types.get(typeUrl);
    if (state === undefined || !isSubscribed(state, name)) return false;
  }
  return true;
}

function splitKey(key: string): readonly [string, string] {
  const space = key.indexOf(' ');
  return [key.slice(0, space), key.slice(space + 1)];
}
