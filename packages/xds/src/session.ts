// SPDX-License-Identifier: Apache-2.0
import type { EncodedResource, ResourceSet } from '@signet/envoy';
import type { Reason, Revision } from '@signet/model';

/** Incremental or state-of-the-world protocol. */
export type ProtocolVariant = 'delta' | 'sotw';

/** What a proxy should hold. */
export interface DesiredState {
  readonly set: ResourceSet;
  /** Of the inventory and ledger from which the set was made. */
  readonly revision: Revision;
  /** When the event arrived that led to this state; for latency metrics. */
  readonly sinceMs: number;
}

/** Limits of one session. All times in milliseconds. */
export interface SessionLimits {
  /** So long an update waits for what it names to be accepted. */
  readonly barrierMs: number;
  /** So long something unnamed is kept, because draining connections still use it. */
  readonly drainMs: number;
  /** After so long without ACK another response of the type may be sent. Envoy withholds CDS ACKs while any cluster warms. */
  readonly outstandingMs: number;
  /** Unacknowledged responses of one type, at most. */
  readonly outstandingMax: number;
  /** Subscribed names of one type, at most. */
  readonly namesMax: number;
  /** Length of one name, at most. */
  readonly nameLengthMax: number;
  /** Subscribed names that do not exist, over all types, at most: more is enumeration. */
  readonly unknownNamesMax: number;
}

/** Defaults for Envoy. */
export const defaultSessionLimits: SessionLimits = {
  barrierMs: 3000,
  drainMs: 5000,
  outstandingMs: 5000,
  outstandingMax: 4,
  namesMax: 20_000,
  nameLengthMax: 512,
  unknownNamesMax: 1000,
};

/** A resource that the proxy holds, as far as the server can know. */
export interface HeldResource {
  readonly hash: string;
  /** Bytes of that form; undefined when the proxy only reported the version. */
  readonly resource: EncodedResource | undefined;
  /** False after a NACK of the response that carried it: the proxy may hold this form or the refused one. */
  readonly isCertain: boolean;
  /** Revision that the acknowledged push belonged to; undefined when reported at the start of the stream. */
  readonly revision: Revision | undefined;
}

/** A response that is neither acknowledged nor rejected. */
export interface Outstanding {
  readonly nonce: string;
  readonly resources: ReadonlyMap<string, EncodedResource>;
  /** Names whose form changes with it; for a full-state response fewer than it carries. */
  readonly changed: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  readonly revision: Revision;
  readonly sentAtMs: number;
}

/** A resource that the proxy rejected. */
export interface Rejection {
  readonly hash: string;
  readonly message: string;
  readonly atMs: number;
}

/** State of one resource type on one stream. */
export interface TypeSession {
  readonly typeUrl: string;
  readonly isWildcard: boolean;
  readonly names: ReadonlySet<string>;
  readonly held: ReadonlyMap<string, HeldResource>;
  readonly outstanding: readonly Outstanding[];
  /** Nonce of the newest response; state-of-the-world requests with an older one are stale. */
  readonly lastNonce: string;
  /** To be sent although held: asked for again, or its cluster was sent again. */
  readonly forced: ReadonlySet<string>;
  /** An answer is owed even when there is nothing to say. */
  readonly owesAnswer: boolean;
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** Groups of which one member at least is bad; sent one after the other until the culprit is alone. */
  readonly suspects: readonly (readonly string[])[];
  /** Names with unmet references, and since when (ms). */
  readonly waiting: ReadonlyMap<string, number>;
  /** Names that are not wanted any more and that nothing names, and since when (ms). */
  readonly unnamed: ReadonlyMap<string, number>;
  /** State of the world: content hash that the proxy reported on its first request, until it has been judged. */
  readonly reportedHash: string;
  /** The wanted resources for which the last plan found nothing to do; spares the next comparison. */
  readonly quietFor: ReadonlyMap<string, EncodedResource> | undefined;
  readonly pushes: number;
}

/** State of one ADS stream. A value: `reduceSession` returns a new one. */
export interface Session {
  readonly variant: ProtocolVariant;
  readonly limits: SessionLimits;
  readonly desired: DesiredState | undefined;
  readonly types: ReadonlyMap<string, TypeSession>;
  readonly nonce: number;
  /** When the reducer wants a `tick`, ms; undefined when nothing waits for time. */
  readonly wakeAtMs: number | undefined;
  /** Newest state that the proxy has acknowledged in full, rejections aside. */
  readonly settled: DesiredState | undefined;
  /** What this proxy rejected on an earlier stream. */
  readonly carried: CarriedRejections;
}

/** Rejections and last good forms that outlive a stream, by type URL and name. */
export interface CarriedRejections {
  readonly rejections: ReadonlyMap<string, ReadonlyMap<string, Rejection>>;
  readonly lastGood: ReadonlyMap<string, ReadonlyMap<string, EncodedResource>>;
}

/** Nothing carried over. */
export const noCarriedRejections: CarriedRejections = { rejections: new Map(), lastGood: new Map() };

/** A request in either variant, without the node. */
export interface SessionRequest {
  readonly typeUrl: string;
  /** Empty on the first request of a type. */
  readonly nonce: string;
  /** The client's words when it rejects the response with `nonce`. */
  readonly rejection: string | undefined;
  /** State of the world: all names. Delta: names to add. */
  readonly subscribe: readonly string[];
  /** Delta only. */
  readonly unsubscribe: readonly string[];
  /** Delta only: versions held, by name; counts on the first request of a type. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** State of the world only: version held. */
  readonly version: string;
}

/** What a session reacts to. `nowMs` is the only clock it knows. */
export type SessionMessage =
  | { readonly kind: 'request'; readonly request: SessionRequest; readonly nowMs: number }
  | { readonly kind: 'desired'; readonly desired: DesiredState; readonly nowMs: number }
  | { readonly kind: 'tick'; readonly nowMs: number };

/** A response in either variant. */
export interface SessionResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly EncodedResource[];
  /** Delta only. */
  readonly removed: readonly string[];
  /** `<content hash of the type's state>@<frontier>`. */
  readonly version: string;
}

/** What the owner of the stream has to do or to note. */
export type SessionEffect =
  | { readonly kind: 'send'; readonly response: SessionResponse }
  | {
      readonly kind: 'acknowledged';
      readonly typeUrl: string;
      readonly names: readonly string[];
      readonly revision: Revision;
      readonly latencyMs: number;
      /** Something that the proxy held before was replaced or removed. */
      readonly hasReplaced: boolean;
    }
  | {
      readonly kind: 'rejected';
      readonly typeUrl: string;
      readonly message: string;
      /** Found guilty; empty while the search goes on. */
      readonly culprits: readonly { readonly name: string; readonly hash: string }[];
    }
  | { readonly kind: 'settled'; readonly desired: DesiredState; readonly hasRejections: boolean }
  | { readonly kind: 'close'; readonly reason: Reason; readonly message: string };

/** A session before its first message. */
export function createSession(options: {
  readonly variant: ProtocolVariant;
  readonly limits?: Partial<SessionLimits>;
  readonly carried?: CarriedRejections;
}): Session {
  return {
    variant: options.variant,
    limits: { ...defaultSessionLimits, ...options.limits },
    desired: undefined,
    types: new Map(),
    nonce: 0,
    wakeAtMs: undefined,
    settled: undefined,
    carried: options.carried ?? noCarriedRejections,
  };
}
