// SPDX-License-Identifier: Apache-2.0
import { findCulprits } from './rejection-culprits.ts';
import { resourceType } from './resource-types.ts';
import type { HeldResource, Outstanding, ProtocolVariant, Rejection, SessionEffect, TypeSession } from './session.ts';
import { heldForm, needsRestoring } from './type-session.ts';

type Outcome = readonly [TypeSession, readonly SessionEffect[]];

/** The proxy accepted a response. In the state-of-the-world variant that covers the responses before it. */
export function acknowledge(
  state: TypeSession,
  response: Outstanding,
  at: { nowMs: number; variant: ProtocolVariant },
): Outcome {
  const covered =
    at.variant === 'sotw' ? state.outstanding.slice(0, state.outstanding.indexOf(response) + 1) : [response];
  const held = new Map(state.held);
  let hasReplaced = false;
  for (const one of covered) {
    for (const [name, resource] of one.resources) {
      const before = held.get(name);
      hasReplaced ||= before !== undefined && before.hash !== resource.hash;
      held.set(name, heldForm(resource, one));
    }
    for (const name of one.removed) hasReplaced = held.delete(name) || hasReplaced;
  }
  const next: TypeSession = {
    ...state,
    held,
    outstanding: state.outstanding.filter((one) => !covered.includes(one)),
    suspects: withoutNames(state.suspects, response.resources),
    quietFor: undefined,
  };
  const effect: SessionEffect = {
    kind: 'acknowledged',
    typeUrl: state.typeUrl,
    names: [...response.changed],
    revision: response.revision,
    latencyMs: at.nowMs - response.sentAtMs,
    hasReplaced,
  };
  return [next, [effect]];
}

/**
 * The proxy rejected a response. A culprit, named or alone, is withheld until its content changes; the others are sent
 * again. Without a name the response is halved (what of it was applied is unknown, so every member stays uncertain).
 */
export function reject(state: TypeSession, response: Outstanding, at: { nowMs: number; message: string }): Outcome {
  const culprits = culpritsOf(state, response, at.message);
  const rejections = new Map<string, Rejection>(state.rejections);
  const held = new Map(state.held);
  // Removal cannot be wrong by content; repeating one that was refused would go on for ever.
  for (const name of response.removed) held.delete(name);
  for (const name of response.changed) {
    const before = held.get(name);
    if (before !== undefined && (!culprits.has(name) || needsRestoring(state.typeUrl)))
      held.set(name, uncertain(before));
  }
  for (const [name, hash] of culprits) rejections.set(name, { hash, message: at.message, atMs: at.nowMs });
  const rest = [...response.changed].filter((name) => !culprits.has(name));
  const others = withoutNames(state.suspects, response.changed);
  const half = Math.ceil(rest.length / 2);
  const halves = culprits.size > 0 || rest.length === 0 ? [] : [rest.slice(0, half), rest.slice(half)];
  const next: TypeSession = {
    ...state,
    held,
    rejections,
    outstanding: state.outstanding.filter((one) => one !== response),
    suspects: [...halves.filter((group) => group.length > 0), ...others],
    quietFor: undefined,
  };
  const found = [...culprits].map(([name, hash]) => ({ name, hash }));
  return [next, [{ kind: 'rejected', typeUrl: state.typeUrl, message: at.message, culprits: found }]];
}

/** Name and hash of every resource that is to blame. */
function culpritsOf(state: TypeSession, response: Outstanding, message: string): ReadonlyMap<string, string> {
  let names = findCulprits(message, response.changed);
  if (
    names.length === 0 &&
    resourceType(state.typeUrl)?.isFullState === true &&
    response.resources.size > response.changed.size
  ) {
    names = findCulprits(message, response.resources.keys());
  }
  const culprits = new Map<string, string>();
  for (const name of names) {
    const resource = response.resources.get(name);
    if (resource !== undefined) culprits.set(name, resource.hash);
  }
  return culprits;
}

function uncertain(held: HeldResource): HeldResource {
  return { ...held, isCertain: false };
}

function withoutNames(
  groups: readonly (readonly string[])[],
  names: { has(name: string): boolean },
): readonly (readonly string[])[] {
  return groups.map((group) => group.filter((name) => !names.has(name))).filter((group) => group.length > 0);
}
