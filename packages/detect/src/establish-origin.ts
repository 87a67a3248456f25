// SPDX-License-Identifier: Apache-2.0
import {
  matchesLabels,
  wantsAgent,
  type ClusterSnapshot,
  type Controller,
  type Service,
  type Workload,
} from '@signet/model';
import { isAlive, isOfOrigin, provenanceOf, templateAccountOf, type EstablishedOrigin } from './origin.ts';
import { conformsTo } from './template-drift.ts';

/** A controller that is gone this long gives its Service free for another one; a re-created Deployment is back earlier. */
export const originGraceMs = 30_000;
/** A Service must be this old before bare pods become its origin, so that an intruder does not overtake a Deployment. */
export const bareSettleMs = 5_000;

/** What establishOrigin looks at. */
export interface EstablishInput {
  readonly cluster: ClusterSnapshot;
  readonly service: Service;
  /** Living pods that the Service selects or that its slices name. */
  readonly pods: readonly Workload[];
  readonly remembered: EstablishedOrigin | undefined;
  /** Since when the remembered controller is not to be found. */
  readonly goneSince: Date | undefined;
  readonly now: Date;
}

/** What it decides. */
export interface EstablishOutcome {
  readonly origin: EstablishedOrigin | undefined;
  readonly goneSince: Date | undefined;
  /** Decide again then, even when nothing has changed. */
  readonly reviewAt: Date | undefined;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Oldest first. Kubernetes counts creation in seconds, so a namesake of the Service goes first among equals. */
function byAge(service: Service): (a: Workload, b: Workload) => number {
  const isStranger = (pod: Workload): number => (provenanceOf(pod).name === service.name ? 0 : 1);
  return (a, b) =>
    a.createdAt.getTime() - b.createdAt.getTime() ||
    isStranger(a) - isStranger(b) ||
    compareText(a.name, b.name) ||
    compareText(a.uid, b.uid);
}

const controllersByNamespace = new WeakMap<ClusterSnapshot['controllers'], Map<string, Controller[]>>();

/** Controllers of one namespace; the grouping is made once for each map of controllers. */
function controllersIn(namespace: string, cluster: ClusterSnapshot): readonly Controller[] {
  let grouped = controllersByNamespace.get(cluster.controllers);
  if (grouped === undefined) {
    grouped = Map.groupBy(cluster.controllers.values(), (controller) => controller.namespace);
    controllersByNamespace.set(cluster.controllers, grouped);
  }
  return grouped.get(namespace) ?? [];
}

function templateOf(origin: EstablishedOrigin, cluster: ClusterSnapshot): Controller | undefined {
  return controllersIn(origin.namespace, cluster).find(
    (controller) => controller.kind === origin.kind && controller.name === origin.name,
  );
}

function establishFrom(first: Workload, input: EstablishInput): EstablishedOrigin {
  const { cluster, service, pods, now } = input;
  const provenance = provenanceOf(first);
  const isBare = provenance.standing === 'bare';
  const names = pods
    .filter((pod) => provenanceOf(pod).standing === 'bare' && pod.serviceAccount === first.serviceAccount)
    .map((pod) => pod.name);
  const origin: EstablishedOrigin = {
    namespace: service.namespace,
    service: service.name,
    kind: provenance.kind,
    name: isBare ? names.sort(compareText).join(',') : provenance.name,
    uid: isBare ? '' : provenance.uid,
    serviceAccount: templateAccountOf(first, cluster) ?? first.serviceAccount,
    isControlled: provenance.standing === 'controlled',
    isEnrolled: first.isEnrolled,
    conforming: [],
    establishedAt: now,
  };
  return refresh(origin, input);
}

/** Brings UID, account and enrolment up to what the live controller says. */
function refresh(origin: EstablishedOrigin, input: EstablishInput): EstablishedOrigin {
  const { cluster, service, pods } = input;
  const controller = origin.isControlled ? templateOf(origin, cluster) : undefined;
  const members = pods.filter((pod) => isOfOrigin(pod, origin));
  const namespaceLabels = cluster.namespaces.get(service.namespace)?.labels ?? {};
  const isKnown = controller !== undefined || members.length > 0;
  const isEnrolled = isKnown
    ? members.some((pod) => pod.isEnrolled) ||
      (controller !== undefined && wantsAgent(namespaceLabels, controller.templateLabels))
    : origin.isEnrolled;
  const uid = controller?.uid ?? origin.uid;
  const serviceAccount = controller?.templateServiceAccount ?? origin.serviceAccount;
  const conforming = conformingControllers(origin, members, cluster);
  const isSame =
    uid === origin.uid &&
    serviceAccount === origin.serviceAccount &&
    isEnrolled === origin.isEnrolled &&
    conforming.join() === origin.conforming.join();
  return isSame ? origin : { ...origin, uid, serviceAccount, isEnrolled, conforming };
}

/** The remembered ones that still exist, and those that a replica shows now. */
function conformingControllers(
  origin: EstablishedOrigin,
  members: readonly Workload[],
  cluster: ClusterSnapshot,
): readonly string[] {
  const shown = members.flatMap((pod) => (cluster.adopted.has(pod.uid) ? [] : (conformsTo(pod, cluster) ?? [])));
  const known = origin.conforming.filter((uid) => cluster.controllers.has(uid));
  return [...new Set([...known, ...shown])].sort(compareText);
}

function hasMatchingController(service: Service, cluster: ClusterSnapshot): boolean {
  if (Object.keys(service.selector).length === 0) return false;
  return controllersIn(service.namespace, cluster).some((controller) =>
    matchesLabels(service.selector, controller.templateLabels),
  );
}

/** A pod that its controller made. */
function isReplica(pod: Workload, cluster: ClusterSnapshot): boolean {
  return isAlive(pod) && !cluster.adopted.has(pod.uid) && provenanceOf(pod).standing === 'controlled';
}

/** The first origin of a Service: its oldest controlled pods, or bare ones where no controller is in sight. */
function establishFirst(input: EstablishInput): EstablishOutcome {
  const { cluster, service, now } = input;
  const candidates = input.pods.filter((pod) => isAlive(pod) && !cluster.adopted.has(pod.uid)).sort(byAge(service));
  const controlled = candidates.find((pod) => isReplica(pod, cluster));
  if (controlled !== undefined) return settled(establishFrom(controlled, input));
  const weak = candidates.find((pod) => ['bare', 'claimed'].includes(provenanceOf(pod).standing));
  if (weak === undefined || input.remembered?.isControlled === true || hasMatchingController(service, cluster)) {
    return settled(input.remembered);
  }
  const settlesAt = new Date(service.createdAt.getTime() + bareSettleMs);
  if (settlesAt > now) return { origin: input.remembered, goneSince: undefined, reviewAt: settlesAt };
  return settled(establishFrom(weak, input));
}

function settled(origin: EstablishedOrigin | undefined): EstablishOutcome {
  return { origin, goneSince: undefined, reviewAt: undefined };
}

/** Decides what the origin of a Service is: the remembered one as long as it exists. Nothing is decided on a stale cache. */
export function establishOrigin(input: EstablishInput): EstablishOutcome {
  const { cluster, pods, remembered, now } = input;
  if (!cluster.isSynced || cluster.isStale) return { ...settled(remembered), goneSince: input.goneSince };
  if (remembered === undefined) return establishFirst(input);
  if (!remembered.isControlled && pods.some((pod) => isReplica(pod, cluster))) return establishFirst(input);
  const isThere =
    (remembered.isControlled && templateOf(remembered, cluster) !== undefined) ||
    pods.some((pod) => isOfOrigin(pod, remembered));
  if (isThere) return settled(refresh(remembered, input));
  const goneSince = input.goneSince ?? now;
  const freeAt = new Date(goneSince.getTime() + originGraceMs);
  if (freeAt > now) return { origin: remembered, goneSince, reviewAt: pods.length > 0 ? freeAt : undefined };
  return { ...establishFirst(input), goneSince };
}
