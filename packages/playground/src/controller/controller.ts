// SPDX-License-Identifier: Apache-2.0
import { agentAnnotation, wantsAgent } from '@signet/model';
import { nodeNames } from '../network-plan.ts';
import { withPodDefaults } from './build-pod.ts';
import { endpointSlicesOf } from './endpoint-slices.ts';
import {
  kubeKey,
  type KubeObject,
  type PodObject,
  type PodSpec,
  type PodStatus,
  type ServiceObject,
} from './kubernetes-objects.ts';
import type { ManifestDirectory, Manifests } from './manifest-directory.ts';
import { withServerMetadata } from './object-identity.ts';
import type { ObjectStore } from './object-store.ts';
import { reconcileDeployments } from './reconcile-deployments.ts';
import { reconcileStatefulSets } from './reconcile-stateful-sets.ts';
import { withServiceDefaults } from './service-defaults.ts';

/** Runs the pods that the controller wants. */
export interface PodHost {
  /** All pods, those to be ended included (deletionTimestamp). */
  sync(pods: readonly PodObject[]): void;
}

/** Ports of the controller. */
export interface ControllerOptions {
  readonly manifests: ManifestDirectory;
  readonly store: ObjectStore;
  readonly host: PodHost;
  readonly now: () => Date;
  readonly onProblems: (problems: readonly string[]) => void;
  /** Services or endpoints may have changed. */
  readonly onServices: () => void;
}

/** The API server's, controller manager's and scheduler's part for a directory of manifests. */
export interface Controller {
  start(): void;
  stop(): void;
  /** The kubelet's report about a pod. */
  setPodStatus(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    status: PodStatus,
  ): void;
  /** The pod's processes have ended after its deletion. */
  removePod(pod: { readonly namespace: string; readonly name: string; readonly uid: string }): void;
}

/** What the reconcilers of workloads work with. */
export interface ReconcileContext {
  readonly store: ObjectStore;
  readonly now: Date;
  /** Writes a new pod: UID, node, agent annotation. */
  createPod(pod: PodObject): void;
  /** Asks for the end of a pod. */
  deletePod(pod: PodObject): void;
  livePods(): readonly PodObject[];
}

const copiedKinds = ['Namespace', 'ServiceAccount', 'Service', 'Deployment', 'StatefulSet'];

/** Makes the controller; nothing happens before `start`. */
export function createController(options: ControllerOptions): Controller {
  const { store, host, manifests } = options;
  let timer: NodeJS.Timeout | undefined;
  let lastProblems = '';

  const reconcile = (): void => {
    timer = undefined;
    const wanted = manifests.read();
    if (wanted.problems.join('\n') !== lastProblems) {
      lastProblems = wanted.problems.join('\n');
      options.onProblems(wanted.problems);
    }
    const context = createContext(options);
    copyObjects(wanted, context);
    reconcileDeployments(context);
    reconcileStatefulSets(context);
    reconcileBarePods(wanted, context);
    deleteOrphans(wanted, context);
    writeAccounts(context);
    writeSlices(context);
    options.onServices();
    host.sync(store.list('Pod') as PodObject[]);
  };
  const schedule = (): void => {
    timer ??= setTimeout(reconcile, 10);
  };
  const find = (pod: { namespace: string; name: string; uid: string }): PodObject | undefined => {
    const object = store.get(kubeKey({ kind: 'Pod', metadata: pod })) as PodObject | undefined;
    return object?.metadata.uid === pod.uid ? object : undefined;
  };

  return {
    start() {
      resetPods(store);
      writeNodes(store, options.now());
      reconcile();
      manifests.watch(schedule);
    },
    stop() {
      manifests.close();
      clearTimeout(timer);
    },
    setPodStatus(pod, status) {
      const object = find(pod);
      if (object === undefined) return;
      store.put({ ...object, status });
      schedule();
    },
    removePod(pod) {
      const object = find(pod);
      if (object === undefined) return;
      store.delete(kubeKey(object));
      schedule();
    },
  };
}

function createContext(options: ControllerOptions): ReconcileContext {
  const { store } = options;
  const now = options.now();
  const livePods = (): PodObject[] =>
    (store.list('Pod') as PodObject[]).filter((pod) => pod.metadata.deletionTimestamp === undefined);
  return {
    store,
    now,
    livePods,
    createPod(pod) {
      const namespace = store.get(kubeKey({ kind: 'Namespace', metadata: { name: pod.metadata.namespace ?? '' } }));
      const hasAgent = wantsAgent(namespace?.metadata.labels ?? {}, pod.metadata.labels ?? {});
      const annotations = { ...pod.metadata.annotations, ...(hasAgent ? { [agentAnnotation]: 'playground' } : {}) };
      const metadata = { ...withServerMetadata(pod, undefined, now), annotations };
      const spec = { ...(pod.spec as PodSpec), nodeName: pod.spec?.nodeName ?? leastLoadedNode(livePods()) };
      store.put({ ...pod, metadata, spec, status: { phase: 'Pending', conditions: [], containerStatuses: [] } });
    },
    deletePod(pod) {
      const grace = pod.spec?.terminationGracePeriodSeconds ?? 30;
      const metadata = { ...pod.metadata, deletionTimestamp: now.toISOString(), deletionGracePeriodSeconds: grace };
      store.put({ ...pod, metadata });
    },
  };
}

function leastLoadedNode(pods: readonly PodObject[]): string {
  const load = (node: string): number => pods.filter((pod) => pod.spec?.nodeName === node).length;
  return nodeNames.reduce((best, node) => (load(node) < load(best) ? node : best));
}

/** Pods of an earlier run are the same pods whose containers start again. */
function resetPods(store: ObjectStore): void {
  for (const pod of store.list('Pod') as PodObject[]) {
    if (pod.metadata.deletionTimestamp !== undefined) store.delete(kubeKey(pod));
    else store.put({ ...pod, status: { phase: 'Pending', conditions: [], containerStatuses: [] } });
  }
}

function writeNodes(store: ObjectStore, now: Date): void {
  for (const name of nodeNames) {
    const node: KubeObject = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    };
    store.put({ ...node, metadata: withServerMetadata(node, store.get(kubeKey(node)), now) });
  }
}

function copyObjects(wanted: Manifests, context: ReconcileContext): void {
  const { store, now } = context;
  const keep = new Set<string>();
  const namespaces = new Set(['default']);
  for (const object of wanted.objects.values()) {
    if (object.metadata.namespace !== undefined) namespaces.add(object.metadata.namespace);
    if (!copiedKinds.includes(object.kind)) continue;
    keep.add(kubeKey(object));
    copyObject(object, context);
  }
  for (const name of namespaces) {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    const key = kubeKey(namespace);
    keep.add(key);
    if (!wanted.objects.has(key))
      store.put({ ...namespace, metadata: withServerMetadata(namespace, store.get(key), now) });
  }
  for (const kind of copiedKinds.filter((name) => name !== 'ServiceAccount')) {
    for (const object of store.list(kind)) if (!keep.has(kubeKey(object))) store.delete(kubeKey(object));
  }
}

function copyObject(object: KubeObject, { store, now }: ReconcileContext): void {
  const known = store.get(kubeKey(object));
  const metadata = withServerMetadata(object, known, now);
  if (object.kind !== 'Service') {
    store.put({ ...object, metadata });
    return;
  }
  const taken = new Set((store.list('Service') as ServiceObject[]).map((service) => service.spec?.clusterIP ?? ''));
  store.put({
    ...object,
    metadata,
    spec: withServiceDefaults(object as ServiceObject, known as ServiceObject | undefined, taken),
  });
}

function reconcileBarePods(wanted: Manifests, context: ReconcileContext): void {
  for (const object of wanted.objects.values()) {
    if (object.kind !== 'Pod') continue;
    const pod = object as PodObject;
    const spec = withPodDefaults(pod.spec as PodSpec);
    const template = JSON.stringify([spec, pod.metadata.labels, pod.metadata.annotations]);
    const existing = context.store.get(kubeKey(pod)) as PodObject | undefined;
    if (existing === undefined) {
      context.createPod({
        ...pod,
        spec,
        metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [lastAppliedAnnotation]: template } },
      });
    } else if (
      existing.metadata.annotations?.[lastAppliedAnnotation] !== template &&
      existing.metadata.deletionTimestamp === undefined
    ) {
      context.deletePod(existing);
    }
  }
}

/** As kubectl does: what the object was made from, to see whether the manifest has changed. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

function deleteOrphans(wanted: Manifests, context: ReconcileContext): void {
  const uids = new Set(
    ['ReplicaSet', 'StatefulSet'].flatMap((kind) => context.store.list(kind).map((owner) => owner.metadata.uid)),
  );
  for (const pod of context.livePods()) {
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
    const isWanted = owner === undefined ? wanted.objects.has(kubeKey(pod)) : uids.has(owner.uid);
    if (!isWanted) context.deletePod(pod);
  }
}

function writeAccounts({ store, now, livePods }: ReconcileContext): void {
  for (const pod of livePods()) {
    const metadata = {
      name: pod.spec?.serviceAccountName ?? 'default',
      namespace: pod.metadata.namespace ?? 'default',
    };
    const account: KubeObject = { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
    if (store.get(kubeKey(account)) === undefined)
      store.put({ ...account, metadata: withServerMetadata(account, undefined, now) });
  }
}

function writeSlices({ store, now }: ReconcileContext): void {
  const pods = store.list('Pod') as PodObject[];
  const keep = new Set<string>();
  for (const service of store.list('Service') as ServiceObject[]) {
    for (const slice of endpointSlicesOf(service, pods)) {
      const key = kubeKey(slice);
      keep.add(key);
      store.put({ ...slice, metadata: withServerMetadata(slice, store.get(key), now) } as KubeObject);
    }
  }
  for (const slice of store.list('EndpointSlice')) if (!keep.has(kubeKey(slice))) store.delete(kubeKey(slice));
}
