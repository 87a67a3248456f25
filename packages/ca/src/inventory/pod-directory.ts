// SPDX-License-Identifier: Apache-2.0
import type { EndpointSet__Output, InventoryEvent__Output, Service__Output, Workload__Output } from '@signet/proto';

/** A pod as the inventory shows it. */
export interface KnownPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** Empty until scheduled. */
  readonly node: string;
  readonly isTerminating: boolean;
  readonly hasEnded: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** A StatefulSet stands above it, so its name is stable. */
  readonly hasStableName: boolean;
}

/** What is known of a pod UID. */
export type PodLookup =
  | { readonly kind: 'present'; readonly pod: KnownPod }
  /** It was there, and its removal was seen. */
  | { readonly kind: 'deleted' }
  | { readonly kind: 'unknown' };

/** A Service that selects a pod. */
export interface SelectingService {
  readonly namespace: string;
  readonly name: string;
  readonly isHeadless: boolean;
}

/** Reasons for which an endpoint is withheld that cast doubt on the pod's origin; the others pass by themselves. */
const doubtful: ReadonlySet<string> = new Set([
  'FOREIGN_ORIGIN',
  'BARE_POD',
  'NOT_ENROLLED',
  'IDENTITY_MISMATCH',
  'ADDRESS_MISMATCH',
]);
/** Removed UIDs that are remembered: far more than are removed within a token's life on a busy cluster. */
const deletedMax = 50_000;

interface State {
  readonly pods: Map<string, KnownPod>;
  readonly services: Map<string, Service__Output>;
  readonly endpoints: Map<string, EndpointSet__Output>;
}

function emptyState(): State {
  return { pods: new Map(), services: new Map(), endpoints: new Map() };
}

function toPod(workload: Workload__Output): KnownPod {
  return {
    uid: workload.uid,
    namespace: workload.namespace,
    name: workload.name,
    serviceAccount: workload.serviceAccount,
    node: workload.node,
    isTerminating: workload.terminating,
    hasEnded: workload.phase === 'Succeeded' || workload.phase === 'Failed',
    labels: workload.labels,
    hasStableName: workload.owners.some((owner) => owner.kind === 'StatefulSet' && owner.verified),
  };
}

/** Pods, Services and endpoints as discovery streams them. Reads are for any time; one stream writes. */
export class PodDirectory {
  readonly #deleted = new Set<string>();
  readonly #onEnd: (podUid: string) => void;
  #state = emptyState();
  /** Collected until the first synced revision of a new stream; undefined afterwards. */
  #pending: State | undefined = emptyState();
  #lastEventAt: Date | undefined;
  #isStale = false;
  #hasSynced = false;

  /** `onEnd` is told of each pod that is removed, terminates or has finished. */
  constructor(onEnd: (podUid: string) => void) {
    this.#onEnd = onEnd;
  }

  /** A new stream begins; what was known stays in force until the stream has told everything. */
  restart(): void {
    this.#pending = emptyState();
  }

  /** Takes over one event. */
  apply(event: InventoryEvent__Output, now: Date): void {
    const state = this.#pending ?? this.#state;
    this.#lastEventAt = now;
    const { workload, service, endpoints, deleted, revision } = event;
    if (workload) this.#applyPod(state, toPod(workload));
    if (service) state.services.set(`${service.namespace}/${service.name}`, service);
    if (endpoints) state.endpoints.set(`${endpoints.namespace}/${endpoints.service}`, endpoints);
    if (deleted?.kind === 'workload') this.#remove(state, deleted.uid);
    if (deleted?.kind === 'service') state.services.delete(`${deleted.namespace}/${deleted.name}`);
    if (deleted?.kind === 'endpoints') state.endpoints.delete(`${deleted.namespace}/${deleted.name}`);
    if (revision) {
      this.#isStale = revision.stale;
      if (revision.synced) this.#publish();
    }
  }

  /** A complete state was received once. */
  get isSynced(): boolean {
    return this.#hasSynced;
  }

  /** How long nothing was heard, in milliseconds; infinite before the first complete state and for a stale source. */
  silenceMs(now: Date): number {
    if (!this.#hasSynced || this.#isStale || this.#lastEventAt === undefined) return Number.POSITIVE_INFINITY;
    return now.getTime() - this.#lastEventAt.getTime();
  }

  find(podUid: string): PodLookup {
    const pod = this.#pending?.pods.get(podUid) ?? this.#state.pods.get(podUid);
    if (pod !== undefined) return { kind: 'present', pod };
    return { kind: this.#deleted.has(podUid) ? 'deleted' : 'unknown' };
  }

  /** Services whose selector matches the pod, without those that withhold it because of its origin. */
  servicesOf(pod: KnownPod): readonly SelectingService[] {
    return [...this.#state.services.values()]
      .filter((service) => service.namespace === pod.namespace && isSelected(service.selector, pod.labels))
      .filter((service) => !this.#isDoubted(service, pod.uid))
      .map((service) => ({ namespace: service.namespace, name: service.name, isHeadless: service.headless }));
  }

  #isDoubted(service: Service__Output, podUid: string): boolean {
    const set = this.#state.endpoints.get(`${service.namespace}/${service.name}`);
    return set?.endpoints.some((endpoint) => endpoint.podUid === podUid && doubtful.has(endpoint.reason)) === true;
  }

  #applyPod(state: State, pod: KnownPod): void {
    state.pods.set(pod.uid, pod);
    // A manifest without a UID gets one from its name, so it can come back.
    this.#deleted.delete(pod.uid);
    if (pod.isTerminating || pod.hasEnded) this.#onEnd(pod.uid);
  }

  #remove(state: State, podUid: string): void {
    state.pods.delete(podUid);
    this.#deleted.add(podUid);
    const [oldest] = this.#deleted;
    if (this.#deleted.size > deletedMax && oldest !== undefined) this.#deleted.delete(oldest);
    this.#onEnd(podUid);
  }

  #publish(): void {
    const next = this.#pending;
    this.#hasSynced = true;
    if (next === undefined) return;
    const gone = [...this.#state.pods.keys()].filter((uid) => !next.pods.has(uid));
    this.#state = next;
    this.#pending = undefined;
    for (const uid of gone) this.#remove(next, uid);
  }
}

function isSelected(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  const terms = Object.entries(selector);
  return terms.length > 0 && terms.every(([key, value]) => labels[key] === value);
}
