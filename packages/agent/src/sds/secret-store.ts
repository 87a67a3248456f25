// SPDX-License-Identifier: Apache-2.0
import type { EncodedSecret } from './encode-secret.ts';

/** What the agent serves over SDS, by name. */
export interface SecretStore {
  /** Newest form; undefined while there is none. */
  get(name: string): EncodedSecret | undefined;
  /** Names that this agent serves, now or later. */
  isKnown(name: string): boolean;
  /** Puts a new form in place and tells the subscribers. */
  set(secret: EncodedSecret): void;
  /** Somebody asked for the name: work to get it may begin. */
  demand(name: string): void;
  /** Calls back with the name of each secret that changed; returns the way to end that. */
  onChange(listener: (name: string) => void): () => void;
}

/** Names of the secrets, and what to do at the first demand for one. */
export type SecretNames = Readonly<Record<string, () => void>>;

/** Creates an empty store. */
export function createSecretStore(names: SecretNames): SecretStore {
  const secrets = new Map<string, EncodedSecret>();
  const demanded = new Set<string>();
  const listeners = new Set<(name: string) => void>();
  return {
    get: (name) => secrets.get(name),
    isKnown: (name) => Object.hasOwn(names, name),
    set(secret) {
      if (secrets.get(secret.name)?.version === secret.version) return;
      secrets.set(secret.name, secret);
      for (const listener of [...listeners]) listener(secret.name);
    },
    demand(name) {
      if (demanded.has(name) || !Object.hasOwn(names, name)) return;
      demanded.add(name);
      names[name]?.();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
