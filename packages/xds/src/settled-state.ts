// SPDX-License-Identifier: Apache-2.0
import type { EncodedResource, ResourceReference } from '@signet/envoy';
import { namedKey } from './plan-push.ts';
import { resourceTypes, typeUrls } from './resource-types.ts';
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
  let hasWithheld = false;
  for (const type of resourceTypes) {
    const state = session.types.get(type.typeUrl);
    if (state === undefined) {
      // A proxy that starts asks for listeners only after its clusters are warm.
      if (type.allowsWildcard) return false;
      continue;
    }
    const { outstanding, waiting, suspects, owesAnswer } = state;
    if (outstanding.length > 0 || waiting.size > 0 || suspects.length > 0 || owesAnswer) return false;
    if (!holdsWanted(session, state)) return false;
    hasWithheld ||= countWithheld(session, state) > 0;
  }
  return hasWithheld ? hasAskedForHeldNames(session) : hasAskedForWantedNames(session);
}

function holdsWanted(session: Session, state: TypeSession): boolean {
  const wanted = wantedOf(session, state.typeUrl);
  // The last plan found nothing to do, and nothing is on its way.
  if (state.quietFor === wanted) return true;
  for (const resource of wanted.values()) {
    if (!isSubscribed(state, resource.name) || isWithheld(state, resource)) continue;
    const held = state.held.get(resource.name);
    if (held === undefined || !held.isCertain || held.hash !== resource.hash) return false;
  }
  return true;
}

// What is named, and exists, must have been asked for: a listener that warms is not in force yet.

function hasAskedFor(session: Session, typeUrl: string, name: string): boolean {
  if (!wantedOf(session, typeUrl).has(name)) return true;
  const state = session.types.get(typeUrl);
  return state !== undefined && isSubscribed(state, name);
}

const namingTypeUrls = [typeUrls.cluster, typeUrls.listener, typeUrls.routes];
const namedBy = new WeakMap<ReadonlyMap<string, EncodedResource>, readonly ResourceReference[]>();

/** What the resources of a type name; sets are shared by many proxies, so it is worked out once. */
function referencesIn(resources: ReadonlyMap<string, EncodedResource>): readonly ResourceReference[] {
  const known = namedBy.get(resources);
  if (known !== undefined) return known;
  const found = new Map<string, ResourceReference>();
  for (const { references } of resources.values()) {
    for (const reference of references) found.set(namedKey(reference.typeUrl, reference.name), reference);
  }
  const references = [...found.values()];
  namedBy.set(resources, references);
  return references;
}

/** The proxy holds exactly what is wanted. */
function hasAskedForWantedNames(session: Session): boolean {
  return namingTypeUrls.every((typeUrl) => {
    if (session.types.get(typeUrl) === undefined) return true;
    return referencesIn(wantedOf(session, typeUrl)).every((named) => hasAskedFor(session, named.typeUrl, named.name));
  });
}

/** Of something withheld an older form may be in force, or none. */
function hasAskedForHeldNames(session: Session): boolean {
  return namingTypeUrls.every((typeUrl) => {
    for (const held of session.types.get(typeUrl)?.held.values() ?? []) {
      const references = held.resource?.references ?? [];
      if (!references.every((named) => hasAskedFor(session, named.typeUrl, named.name))) return false;
    }
    return true;
  });
}
