// SPDX-License-Identifier: Apache-2.0
import type { EncodedResource } from '@signet/envoy';
import { carryRejections, reduceSession } from '../src/reduce-session.ts';
import { resourceType, resourceTypes, typeUrls } from '../src/resource-types.ts';
import {
  createSession,
  type DesiredState,
  type ProtocolVariant,
  type Session,
  type SessionMessage,
  type SessionRequest,
  type SessionResponse,
} from '../src/session.ts';

interface SimulatedType {
  names: Set<string>;
  held: Map<string, EncodedResource>;
  version: string;
  nonce: string;
}

/** A client that behaves as Envoy was observed to, with both directions of the stream under the test's control. */
export interface SimulatedProxy {
  readonly session: () => Session;
  readonly violations: readonly string[];
  /** Name to hash, by type. */
  readonly held: ReadonlyMap<string, ReadonlyMap<string, string>>;
  isAskedFor(typeUrl: string, name: string): boolean;
  desire(desired: DesiredState): void;
  /** Delivers one request. */
  toServer(): void;
  /** Delivers one response. */
  toProxy(): void;
  pass(ms: number): void;
  reconnect(): void;
  /** Delivers everything and lets all timers run out. */
  run(): void;
}

/** Creates a proxy that has just opened its stream. */
export function createSimulatedProxy(o: {
  readonly variant: ProtocolVariant;
  readonly isBad: (resource: EncodedResource) => boolean;
  readonly namesCulprits: boolean;
}): SimulatedProxy {
  let session = createSession({ variant: o.variant });
  let nowMs = 0;
  let desired: DesiredState | undefined;
  let requests: SessionRequest[] = [];
  let responses: SessionResponse[] = [];
  const types = new Map<string, SimulatedType>();
  const violations: string[] = [];
  const rejected = new Set<string>();

  const stateOf = (typeUrl: string): SimulatedType => {
    const state = types.get(typeUrl) ?? { names: new Set(), held: new Map(), version: '', nonce: '' };
    types.set(typeUrl, state);
    return state;
  };
  const request = (typeUrl: string, extra: Partial<SessionRequest> = {}) => {
    const state = stateOf(typeUrl);
    const subscribe = o.variant === 'sotw' ? [...state.names] : [];
    requests.push({
      typeUrl,
      nonce: state.nonce,
      rejection: undefined,
      subscribe,
      unsubscribe: [],
      initialVersions: new Map(),
      version: state.version,
      ...extra,
    });
  };
  const step = (message: SessionMessage) => {
    const [next, effects] = reduceSession(session, message);
    session = next;
    for (const effect of effects) {
      if (effect.kind === 'send') {
        responses.push(effect.response);
        check(effect.response);
      }
      if (effect.kind === 'close') violations.push(`closed: ${effect.message}`);
      if (effect.kind === 'rejected') for (const { name, hash } of effect.culprits) rejected.add(`${name} ${hash}`);
    }
  };
  const check = (response: SessionResponse) => {
    const outstanding = session.types.get(response.typeUrl)?.outstanding.length ?? 0;
    if (outstanding > session.limits.outstandingMax) violations.push(`${outstanding} responses outstanding`);
    for (const { name, hash } of response.resources) {
      if (rejected.has(`${name} ${hash}`)) violations.push(`${name} ${hash} was sent after it was rejected`);
    }
  };

  function open(): void {
    const isFirst = types.size === 0;
    for (const type of resourceTypes) {
      const state = stateOf(type.typeUrl);
      state.nonce = '';
      if (!type.allowsWildcard && state.names.size === 0) continue;
      const initialVersions = new Map([...state.held].map(([name, { hash }]) => [name, hash]));
      if (o.variant === 'delta') request(type.typeUrl, { subscribe: [...state.names], initialVersions, version: '' });
      else request(type.typeUrl, { version: isFirst ? '' : state.version });
    }
  }

  /** Subscribes to what held resources name, as warming does. */
  function follow(): void {
    const wanted = new Map<string, Set<string>>();
    for (const state of types.values()) {
      for (const resource of state.held.values()) {
        for (const { typeUrl, name } of resource.references)
          wanted.set(typeUrl, (wanted.get(typeUrl) ?? new Set()).add(name));
      }
    }
    for (const { typeUrl, allowsWildcard } of resourceTypes) {
      if (allowsWildcard) continue;
      const state = stateOf(typeUrl);
      const names = wanted.get(typeUrl) ?? new Set<string>();
      const subscribe = [...names].filter((name) => !state.names.has(name));
      const unsubscribe = [...state.names].filter((name) => !names.has(name));
      if (subscribe.length === 0 && unsubscribe.length === 0) continue;
      state.names = names;
      for (const name of unsubscribe) state.held.delete(name);
      if (o.variant === 'delta') request(typeUrl, { nonce: '', subscribe, unsubscribe, version: '' });
      else request(typeUrl);
    }
  }

  function receive(response: SessionResponse): void {
    const state = stateOf(response.typeUrl);
    const bad = response.resources.filter(o.isBad);
    state.nonce = response.nonce;
    const isDropped = bad.length > 0 && !o.namesCulprits;
    if (!isDropped) apply(state, response, bad);
    if (bad.length === 0) state.version = response.version;
    const blamed = bad.map(({ name }) => `${name}: bad`).join('\n');
    const message = o.namesCulprits ? `Error adding/updating listener(s) ${blamed}` : 'constraint validation failed';
    request(response.typeUrl, bad.length === 0 ? {} : { rejection: message });
    follow();
  }

  function apply(state: SimulatedType, response: SessionResponse, bad: readonly EncodedResource[]): void {
    const isFull = o.variant === 'sotw' && resourceType(response.typeUrl)?.isFullState === true;
    const names = new Set(response.resources.map(({ name }) => name));
    if (isFull) for (const name of [...state.held.keys()]) if (!names.has(name)) state.held.delete(name);
    for (const resource of response.resources) if (!bad.includes(resource)) state.held.set(resource.name, resource);
    if (response.typeUrl !== typeUrls.endpoints) for (const name of response.removed) state.held.delete(name);
  }

  const proxy: SimulatedProxy = {
    session: () => session,
    violations,
    get held() {
      return new Map(
        [...types].map(([typeUrl, state]) => [
          typeUrl,
          new Map([...state.held].map(([name, { hash }]) => [name, hash])),
        ]),
      );
    },
    isAskedFor: (typeUrl, name) => resourceType(typeUrl)?.allowsWildcard === true || stateOf(typeUrl).names.has(name),
    desire: (next) => {
      desired = next;
      // What is rejected may be sent again once it was something else in between.
      rejected.clear();
      step({ kind: 'desired', desired: next, nowMs });
    },
    toServer: () => {
      const next = requests.shift();
      if (next !== undefined) step({ kind: 'request', request: next, nowMs });
    },
    toProxy: () => {
      const next = responses.shift();
      if (next !== undefined) receive(next);
    },
    pass: (ms) => {
      nowMs += ms;
      if (session.wakeAtMs !== undefined && session.wakeAtMs <= nowMs) step({ kind: 'tick', nowMs });
    },
    reconnect: () => {
      requests = [];
      responses = [];
      session = createSession({ variant: o.variant, carried: carryRejections(session) });
      open();
      if (desired !== undefined) step({ kind: 'desired', desired, nowMs });
    },
    run: () => {
      for (let round = 0; round < 2000; round += 1) {
        if (requests.length > 0) proxy.toServer();
        else if (responses.length > 0) proxy.toProxy();
        else if (session.wakeAtMs !== undefined) proxy.pass(Math.max(0, session.wakeAtMs - nowMs));
        else return;
      }
      violations.push('does not come to rest');
    },
  };
  open();
  return proxy;
}
