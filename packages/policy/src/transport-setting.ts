// SPDX-License-Identifier: Apache-2.0
import type { TransportMode } from './access-graph.ts';
import type { Selector } from './selector.ts';
import type { Problem } from './spec-reader.ts';

/** What a policy says about the transport of a port, or of all ports; undefined leaves it to wider scopes. */
export interface TransportSetting {
  readonly mode: TransportMode | undefined;
  readonly minimumVersion: 'TLSv1_2' | 'TLSv1_3' | undefined;
  readonly ciphers: readonly string[] | undefined;
}

/** How wide a transport policy reaches, narrowest first. */
export type TransportScope = 'workload' | 'namespace' | 'mesh';

/** A PeerAuthentication or a TransportPolicy, ready to be applied. */
export interface CompiledTransport {
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly createdAt: Date;
  readonly scope: TransportScope;
  readonly selector: Selector;
  readonly setting: TransportSetting;
  /** By port of the workload. */
  readonly ports: ReadonlyMap<number, TransportSetting>;
  /** PERMISSIVE becomes MUTUAL_TLS at this instant. */
  readonly permissiveUntil: Date | undefined;
}

/** What the compiler made of one object. */
export interface TransportOutcome {
  /** Undefined when the object has no effect on traffic. */
  readonly compiled: CompiledTransport | undefined;
  readonly problems: readonly Problem[];
}

/** Says nothing. */
export const unsetTransport: TransportSetting = { mode: undefined, minimumVersion: undefined, ciphers: undefined };

/** What an object that cannot be understood stands for: never plaintext. */
export const strictTransport: TransportSetting = { ...unsetTransport, mode: 'MUTUAL_TLS' };
