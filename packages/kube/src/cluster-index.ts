// SPDX-License-Identifier: Apache-2.0
import {
  objectKey,
  policyKey,
  policyKinds,
  type ClusterSnapshot,
  type Controller,
  type Namespace,
  type PolicyObject,
  type Service,
  type SliceEndpoint,
  type Workload,
} from '@signet/model';
import { toController } from './convert/to-controller.ts';
import { toPolicy } from './convert/to-policy.ts';
import { toService } from './convert/to-service.ts';
import { serviceNameOf, toSliceEndpoints } from './convert/to-slice-endpoints.ts';
import { toWorkload } from './convert/to-workload.ts';
import { controllerKinds, isWatched } from './kinds.ts';
import type { KubeObject, ObjectReference } from './kube-object.ts';
import { ownerChainOf, type OwnerStep } from './owner-chain.ts';

/** An object with the place that it was read from. */
export interface PlacedObject {
  readonly object: KubeObject;
  /** `file:line`; empty for one from the API. */
  readonly origin: string;
}

/** State of the source that a snapshot carries. */
export interface SourceState {
  readonly revision: number;
  readonly isSynced: boolean;
  readonly isStale: boolean;
  readonly fileProblems: readonly string[];
}

interface CachedWorkload {
  readonly namespace: KubeObject | undefined;
  readonly steps: readonly OwnerStep[];
  readonly workload: Workload;
}

function memoize<T>(convert: (object: KubeObject) => T): (object: KubeObject) => T {
  const cache = new WeakMap<KubeObject, { readonly value: T }>();
  return (object) => {
    const known = cache.get(object);
    if (known !== undefined) return known.value;
    const value = convert(object);
    cache.set(object, { value });
    return value;
  };
}

function isSameChain(a: readonly OwnerStep[], b: readonly OwnerStep[]): boolean {
  return (
    a.length === b.length &&
    a.every((step, n) => step.owner.uid === b[n]?.owner.uid && step.owner.isVerified === b[n].owner.isVerified)
  );
}

/**
 * The one mutable picture of the cluster. One source writes; readers get finished snapshots, in which what has not changed
 * keeps its identity.
 */
export class ClusterIndex {
  readonly #trustDomain: string;
  /** By kind, then namespace/name. */
  readonly #objects = new Map<string, Map<string, PlacedObject>>();
  /** By UID of a pod: kind and name of the controller with which it came; empty for none. */
  readonly #firstController = new Map<string, string>();
  readonly #workloads = new WeakMap<KubeObject, CachedWorkload>();
  readonly #slices = new Map<
    string,
    { readonly sources: readonly KubeObject[]; readonly endpoints: readonly SliceEndpoint[] }
  >();
  readonly #policies = new WeakMap<PlacedObject, PolicyObject>();
  readonly #toService = memoize(toService);
  readonly #toController = memoize(toController);
  readonly #toEndpoints = memoize(toSliceEndpoints);
  readonly #toNamespace = memoize((object): Namespace => ({
    name: object.metadata.name,
    labels: object.metadata.labels,
  }));

  constructor(options: { readonly trustDomain: string }) {
    this.#trustDomain = options.trustDomain;
  }

  #ofKind(kind: string): Map<string, PlacedObject> {
    let objects = this.#objects.get(kind);
    if (objects === undefined) this.#objects.set(kind, (objects = new Map<string, PlacedObject>()));
    return objects;
  }

  /** Creates or replaces an object; one of a kind that is not watched is left out. */
  upsert(placed: PlacedObject): void {
    const { object } = placed;
    if (!isWatched(object)) return;
    const { kind, metadata } = object;
    const key = objectKey(metadata.namespace, metadata.name);
    if (kind === 'Pod') this.#notePod(object, this.#ofKind(kind).get(key)?.object);
    this.#ofKind(kind).set(key, placed);
  }

  /** A pod that comes without a controller, or with another one than it has later, was adopted. */
  #notePod(pod: KubeObject, known: KubeObject | undefined): void {
    if (known?.metadata.uid === pod.metadata.uid) return;
    if (known !== undefined) this.#firstController.delete(known.metadata.uid);
    const controller = pod.metadata.ownerReferences.find((one) => one.controller);
    this.#firstController.set(pod.metadata.uid, controller === undefined ? '' : nameOfController(controller));
  }

  #isAdopted({ uid, owners }: Workload): boolean {
    const [direct] = owners;
    return direct !== undefined && nameOfController(direct) !== this.#firstController.get(uid);
  }

  delete({ kind, namespace, name }: ObjectReference): void {
    const key = objectKey(namespace, name);
    const known = this.#objects.get(kind)?.get(key);
    if (known === undefined) return;
    this.#ofKind(kind).delete(key);
    if (kind === 'Pod') this.#firstController.delete(known.object.metadata.uid);
  }

  /** Makes the given objects the only ones of a kind; returns whether that changed anything. */
  replaceKind(kind: string, placed: readonly PlacedObject[]): boolean {
    const known = this.#ofKind(kind);
    const next = new Map(
      placed.map((one) => [objectKey(one.object.metadata.namespace, one.object.metadata.name), one]),
    );
    let hasChanged = false;
    for (const [key, { object }] of known) {
      if (next.has(key)) continue;
      this.delete({ kind, namespace: object.metadata.namespace, name: object.metadata.name });
      hasChanged = true;
    }
    for (const [key, one] of next) {
      const before = known.get(key);
      if (before !== undefined && isSameVersion(before, one)) continue;
      this.upsert(one);
      hasChanged = true;
    }
    return hasChanged;
  }

  snapshot(state: SourceState): ClusterSnapshot {
    const controllersByUid = this.#controllerObjects();
    const workloads = this.#buildWorkloads(controllersByUid);
    const byUid = new Map(workloads.map((workload) => [workload.uid, workload]));
    const adopted = workloads.filter((pod) => this.#isAdopted(pod));
    return {
      ...state,
      namespaces: new Map(
        [...this.#ofKind('Namespace')].map(([, { object }]) => [object.metadata.name, this.#toNamespace(object)]),
      ),
      services: this.#buildServices(),
      workloads: byUid,
      controllers: new Map(
        [...controllersByUid].map(([uid, object]): [string, Controller] => [uid, this.#toController(object)]),
      ),
      adopted: new Set(adopted.map((pod) => pod.uid)),
      slices: this.#buildSlices(),
      policies: this.#buildPolicies(),
    };
  }

  #controllerObjects(): Map<string, KubeObject> {
    const objects = controllerKinds.flatMap((kind) => [...this.#ofKind(kind).values()]);
    return new Map(objects.map(({ object }) => [object.metadata.uid, object]));
  }

  #buildServices(): Map<string, Service> {
    return new Map([...this.#ofKind('Service')].map(([key, { object }]) => [key, this.#toService(object)]));
  }

  #buildWorkloads(controllersByUid: ReadonlyMap<string, KubeObject>): readonly Workload[] {
    return [...this.#ofKind('Pod').values()].map(({ object: pod }) => {
      const namespace = this.#ofKind('Namespace').get(objectKey('', pod.metadata.namespace))?.object;
      const steps = ownerChainOf(pod, controllersByUid);
      const cached = this.#workloads.get(pod);
      if (cached !== undefined && cached.namespace === namespace && isSameChain(cached.steps, steps))
        return cached.workload;
      const workload = toWorkload(pod, {
        namespaceLabels: namespace?.metadata.labels ?? {},
        owners: steps.map((step) => step.owner),
        trustDomain: this.#trustDomain,
      });
      this.#workloads.set(pod, { namespace, steps, workload });
      return workload;
    });
  }

  #buildSlices(): Map<string, readonly SliceEndpoint[]> {
    const slices = [...this.#ofKind('EndpointSlice').values()].map(({ object }) => object);
    const byService = Map.groupBy(
      slices.filter((slice) => serviceNameOf(slice) !== ''),
      (slice) => objectKey(slice.metadata.namespace, serviceNameOf(slice)),
    );
    for (const key of this.#slices.keys()) if (!byService.has(key)) this.#slices.delete(key);
    return new Map([...byService].map(([key, sources]) => [key, this.#mergeSlices(key, sources)]));
  }

  /** The addresses of all slices of a Service, each once; Kubernetes may list one twice while it moves between slices. */
  #mergeSlices(key: string, sources: readonly KubeObject[]): readonly SliceEndpoint[] {
    const cached = this.#slices.get(key);
    const named = sources.flatMap((slice) => this.#toEndpoints(slice));
    const hasUids = named.every((one) => one.podUid !== '' || one.podName === '');
    if (
      hasUids &&
      cached?.sources.length === sources.length &&
      sources.every((slice, n) => cached.sources[n] === slice)
    ) {
      return cached.endpoints;
    }
    const namespace = key.slice(0, key.indexOf('/'));
    const merged = new Map<string, SliceEndpoint>();
    for (const { podName, ...endpoint } of named) {
      const podUid = endpoint.podUid || this.#uidOfPod(namespace, podName);
      merged.set(`${endpoint.portName}|${endpoint.address}|${endpoint.port}|${podUid}`, { ...endpoint, podUid });
    }
    const endpoints = [...merged.values()];
    this.#slices.set(key, { sources, endpoints });
    return endpoints;
  }

  #uidOfPod(namespace: string, name: string): string {
    if (name === '') return '';
    return this.#ofKind('Pod').get(objectKey(namespace, name))?.object.metadata.uid ?? `unknown:${namespace}/${name}`;
  }

  #buildPolicies(): Map<string, PolicyObject> {
    const placed = policyKinds.flatMap(({ kind }) => [...this.#ofKind(kind).values()]);
    const policies = placed.map((one) => {
      const cached = this.#policies.get(one) ?? toPolicy(one.object, one.origin);
      this.#policies.set(one, cached);
      return cached;
    });
    return new Map(policies.map((policy) => [policyKey(policy), policy]));
  }
}

/** Not the UID: a StatefulSet that is deleted without its pods and made again stays theirs. */
function nameOfController({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}

/** The API numbers versions; objects from files have none and are compared by identity. */
function isSameVersion(a: PlacedObject, b: PlacedObject): boolean {
  if (a === b) return true;
  const { resourceVersion, uid } = a.object.metadata;
  return (
    a.origin === '' &&
    b.origin === '' &&
    resourceVersion !== '' &&
    resourceVersion === b.object.metadata.resourceVersion &&
    uid === b.object.metadata.uid
  );
}
