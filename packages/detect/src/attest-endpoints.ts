// SPDX-License-Identifier: Apache-2.0
import {
  matchesLabels,
  objectKey,
  type CertificateState,
  type ClusterSnapshot,
  type Endpoint,
  type Finding,
  type Service,
  type Workload,
} from '@signet/model';
import { buildFinding, type Suspicion } from './build-findings.ts';
import { establishOrigin } from './establish-origin.ts';
import { enrolmentSignals, noController } from './judge-pod.ts';
import { judgeService, type ServiceOutcome } from './judge-service.ts';
import { isAlive, type EstablishedOrigin } from './origin.ts';
import { policiesReached } from './policy-reach.ts';

/** What one evaluation hands to the next. */
export interface AttestationMemory {
  /** By namespace/name of the Service: since when its established controller is gone. */
  readonly goneSince: ReadonlyMap<string, Date>;
  /** Endpoints that clients were told of, in that form, by endpointKey. */
  readonly offered: ReadonlyMap<string, Endpoint>;
  /** Service and pod UID, separated by a bar, of pods whose endpoints were withdrawn by accusation. */
  readonly withdrawn: ReadonlySet<string>;
}

/** Memory of a process that has just started. */
export const emptyMemory: AttestationMemory = { goneSince: new Map(), offered: new Map(), withdrawn: new Set() };

/** Everything that attestation depends on. */
export interface AttestationInput {
  readonly cluster: ClusterSnapshot;
  /** Newest workload certificate of each pod, by UID. */
  readonly certificates: ReadonlyMap<string, CertificateState>;
  /** The ledger is being followed. While it is not, a certificate that runs out may have been renewed unseen. */
  readonly isLedgerFollowed: boolean;
  /** By namespace/name of the Service. */
  readonly origins: ReadonlyMap<string, EstablishedOrigin>;
  /** When findings were first seen, by id. */
  readonly firstSeen: ReadonlyMap<string, Date>;
  /** UIDs of pods with a `wasBare` finding, remembered over restarts of discovery. */
  readonly bareBefore: ReadonlySet<string>;
  readonly memory: AttestationMemory;
  readonly now: Date;
  readonly rootNamespace: string;
  /** False offers every ready endpoint, to show what happens then. */
  readonly attestation: boolean;
}

/** Endpoints with verdicts, and what to remember. */
export interface AttestationResult {
  /** By namespace/name of the Service; sorted by port name, address and pod. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** By id. */
  readonly findings: ReadonlyMap<string, Finding>;
  /** Origins that are new or have changed, to be remembered. */
  readonly established: readonly EstablishedOrigin[];
  readonly memory: AttestationMemory;
  /** Evaluate again then, even when nothing has changed. */
  readonly reviewAt: Date | undefined;
}

/** Pods that a Service selects, and those that its slices name. */
function podsBehind(service: Service, input: AttestationInput, byNamespace: PodsByNamespace): readonly Workload[] {
  const pods = new Set<Workload>();
  if (Object.keys(service.selector).length > 0) {
    for (const pod of byNamespace.get(service.namespace) ?? []) {
      if (isAlive(pod) && matchesLabels(service.selector, pod.labels)) pods.add(pod);
    }
  }
  for (const { podUid } of input.cluster.slices.get(objectKey(service.namespace, service.name)) ?? []) {
    const pod = input.cluster.workloads.get(podUid);
    if (pod !== undefined && isAlive(pod)) pods.add(pod);
  }
  return [...pods].sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

type PodsByNamespace = ReadonlyMap<string, readonly Workload[]>;

/** True when the finding says that the pod had no controller at all, as opposed to one that could not be verified. */
export function wasBare(finding: Pick<Finding, 'signals'>): boolean {
  return finding.signals.some((one) => one.name === 'owner.missing' && one.value.startsWith(noController));
}

/** A pod that something adopted stays adopted when discovery has been restarted since: its finding tells. */
function withRememberedAdoptions(input: AttestationInput): AttestationInput {
  const remembered = [...input.bareBefore].filter((uid) => (input.cluster.workloads.get(uid)?.owners.length ?? 0) > 0);
  if (remembered.length === 0) return input;
  return { ...input, cluster: { ...input.cluster, adopted: new Set([...input.cluster.adopted, ...remembered]) } };
}

function earliest(dates: Iterable<Date | undefined>): Date | undefined {
  let first: Date | undefined;
  for (const date of dates) if (date !== undefined && (first === undefined || date < first)) first = date;
  return first;
}

/** Pods of enrolled namespaces that are outside the mesh and that no Service selects. */
function unselectedSuspicions(input: AttestationInput, selected: ReadonlySet<string>): Suspicion[] {
  return [...input.cluster.workloads.values()]
    .filter((pod) => isAlive(pod) && !selected.has(pod.uid))
    .map((pod): Suspicion => {
      const certificate = input.certificates.get(pod.uid);
      const signals = enrolmentSignals({ pod, cluster: input.cluster, certificate }, undefined);
      const message = signals[0]?.value ?? '';
      return {
        pod,
        service: '',
        isHeld: false,
        judgement: { accusation: 'NOT_ENROLLED', message, signals, weight: 0 },
      };
    })
    .filter(({ judgement }) => judgement.signals.length > 0);
}

function buildFindings(input: AttestationInput, outcomes: readonly ServiceOutcome[]): Map<string, Finding> {
  const bySuspect = Map.groupBy(
    outcomes.flatMap((outcome) => outcome.suspicions),
    (suspicion) => suspicion.pod.uid,
  );
  const selected = new Set(outcomes.flatMap((outcome) => outcome.pods.map((pod) => pod.uid)));
  for (const suspicion of unselectedSuspicions(input, selected)) bySuspect.set(suspicion.pod.uid, [suspicion]);
  const findings = new Map<string, Finding>();
  for (const suspicions of bySuspect.values()) {
    const [first] = suspicions;
    if (first === undefined) continue;
    const finding = buildFinding(suspicions, {
      policies: policiesReached(first.pod, input.cluster, input.rootNamespace),
      firstSeen: (id) => input.firstSeen.get(id) ?? input.now,
    });
    if (finding !== undefined) findings.set(finding.id, finding);
  }
  return new Map([...findings].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Decides which endpoints clients are told of, what is suspicious, and which origins are established. Pure. */
export function attestEndpoints(given: AttestationInput): AttestationResult {
  const input = withRememberedAdoptions(given);
  const { cluster, memory, now } = input;
  const byNamespace: PodsByNamespace = Map.groupBy(cluster.workloads.values(), (pod) => pod.namespace);
  const goneSince = new Map<string, Date>();
  const established: EstablishedOrigin[] = [];
  const outcomes: ServiceOutcome[] = [];
  const reviews: (Date | undefined)[] = [];
  for (const key of [...cluster.services.keys()].sort()) {
    const service = cluster.services.get(key);
    if (service === undefined) continue;
    const pods = podsBehind(service, input, byNamespace);
    const remembered = input.origins.get(key);
    const decided = establishOrigin({ cluster, service, pods, remembered, goneSince: memory.goneSince.get(key), now });
    if (decided.goneSince !== undefined) goneSince.set(key, decided.goneSince);
    if (decided.origin !== undefined && decided.origin !== remembered) established.push(decided.origin);
    const outcome = judgeService({ input, key, service, pods, origin: decided.origin });
    outcomes.push(outcome);
    reviews.push(decided.reviewAt, outcome.reviewAt);
  }
  return {
    endpoints: new Map(outcomes.map((outcome) => [outcome.key, outcome.endpoints])),
    findings: buildFindings(input, outcomes),
    established,
    memory: {
      goneSince,
      offered: new Map(outcomes.flatMap((outcome) => [...outcome.offered])),
      withdrawn: new Set(outcomes.flatMap((outcome) => [...outcome.withdrawn])),
    },
    reviewAt: earliest(reviews),
  };
}
