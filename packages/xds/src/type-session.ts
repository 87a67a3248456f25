// SPDX-License-Identifier: Apache-2.0
import type { EncodedResource } from '@signet/envoy';
import { typeUrls } from './resource-types.ts';
import type { HeldResource, Outstanding, Session, TypeSession } from './session.ts';

/** Whether the proxy asked for a resource of this name. */
export function isSubscribed(state: TypeSession, name: string): boolean {
  return state.isWildcard || state.names.has(name);
}

/** A type before its first request on the stream. */
export function createTypeSession(session: Session, typeUrl: string): TypeSession {
  return {
    typeUrl,
    isWildcard: false,
    names: new Set(),
    held: new Map(),
    outstanding: [],
    lastNonce: '',
    forced: new Set(),
    owesAnswer: false,
    rejections: session.carried.rejections.get(typeUrl) ?? new Map(),
    suspects: [],
    waiting: new Map(),
    unnamed: new Map(),
    reportedHash: '',
    quietFor: undefined,
    pushes: 0,
  };
}

/** The session with one type replaced. */
export function withType(session: Session, state: TypeSession): Session {
  return { ...session, types: new Map(session.types).set(state.typeUrl, state) };
}

/** What is wanted of a type, by name. */
export function wantedOf(session: Session, typeUrl: string): ReadonlyMap<string, EncodedResource> {
  return session.desired?.set.byType.get(typeUrl) ?? nothing;
}

const nothing: ReadonlyMap<string, EncodedResource> = new Map();

/** Newest unanswered response that touches a name. */
export function newestTouching(state: TypeSession, name: string): Outstanding | undefined {
  return state.outstanding.findLast((response) => response.resources.has(name) || response.removed.has(name));
}

/** Every form of every resource of a type that the proxy may be using: acknowledged or on its way. */
export function* possibleForms(state: TypeSession): Generator<readonly [string, EncodedResource | undefined]> {
  for (const [name, held] of state.held) yield [name, held.resource];
  for (const response of state.outstanding) yield* response.resources;
}

/** Last form that the proxy acknowledged and whose bytes are known. */
export function lastGoodForm(session: Session, state: TypeSession, name: string): EncodedResource | undefined {
  return state.held.get(name)?.resource ?? session.carried.lastGood.get(state.typeUrl)?.get(name);
}

/** Whether the wanted form of a resource was rejected and is withheld. */
export function isWithheld(state: TypeSession, wanted: EncodedResource): boolean {
  return state.rejections.get(wanted.name)?.hash === wanted.hash;
}

/** Envoy keeps a rejected secret as the current value (envoy-facts «Acknowledgement»): the last good one must be sent again. */
export function needsRestoring(typeUrl: string): boolean {
  return typeUrl === typeUrls.secret;
}

/** The entry after an acknowledgement. */
export function heldForm(resource: EncodedResource, response: Outstanding): HeldResource {
  return { hash: resource.hash, resource, isCertain: true, revision: response.revision };
}
