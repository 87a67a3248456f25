// SPDX-License-Identifier: Apache-2.0
import type { ClusterSnapshot, Endpoint, EndpointReason, Service, SliceEndpoint, Workload } from '@signet/model';
import type { AttestationInput } from './attest-endpoints.ts';
import type { Suspicion } from './build-findings.ts';
import { judgePod, type Judgement } from './judge-pod.ts';
import { limitWithdrawals, type Withdrawal } from './limit-withdrawals.ts';
import { isAlive, type EstablishedOrigin } from './origin.ts';

/** One Service with the living pods behind it. */
export interface JudgeServiceInput {
  readonly input: AttestationInput;
  /** namespace/name of the Service. */
  readonly key: string;
  readonly service: Service;
  readonly pods: readonly Workload[];
  readonly origin: EstablishedOrigin | undefined;
}

/** What came of it. */
export interface ServiceOutcome {
  readonly key: string;
  readonly pods: readonly Workload[];
  readonly endpoints: readonly Endpoint[];
  readonly suspicions: readonly Suspicion[];
  readonly offered: ReadonlyMap<string, Endpoint>;
  readonly withdrawn: ReadonlySet<string>;
  readonly reviewAt: Date | undefined;
}

/** Key of an endpoint in the memory. */
export function endpointKey(service: string, endpoint: SliceEndpoint): string {
  return `${service}|${endpoint.portName}|${endpoint.address}|${endpoint.port}|${endpoint.podUid}`;
}

interface Verdict {
  readonly isOffered: boolean;
  readonly reason: EndpointReason;
  readonly message: string;
  readonly spiffeId: Endpoint['spiffeId'];
}

function withheld(reason: EndpointReason, message: string): Verdict {
  return { isOffered: false, reason, message, spiffeId: undefined };
}

/** States that pass by themselves; they withdraw an endpoint without accusing its pod. */
function stateVerdict(service: Service, slice: SliceEndpoint, pod: Workload): Verdict | undefined {
  if (slice.isTerminating || !isAlive(pod)) return withheld('TERMINATING', 'the pod is being deleted or has finished');
  if (service.publishNotReady) return undefined;
  if (!slice.isReady || !pod.isReady) return withheld('NOT_READY', 'the pod is not ready');
  return undefined;
}

function certificateVerdict(input: AttestationInput, pod: Workload, before: Endpoint | undefined): Verdict {
  if (pod.spiffeId === undefined) {
    return {
      isOffered: true,
      reason: 'NOT_ENROLLED_ORIGIN',
      message: 'reached in plaintext: not enrolled',
      spiffeId: undefined,
    };
  }
  const certificate = input.certificates.get(pod.uid);
  // While the ledger cannot be followed, what it does not say is no reason to take an endpoint away.
  if (certificate === undefined && before !== undefined && !input.isLedgerFollowed) {
    return { isOffered: true, reason: before.reason, message: before.message, spiffeId: pod.spiffeId };
  }
  if (certificate === undefined) return withheld('NO_CERTIFICATE', `waits for a certificate of ${pod.spiffeId}`);
  if (certificate.spiffeId !== pod.spiffeId) {
    return withheld('IDENTITY_MISMATCH', `holds a certificate of ${certificate.spiffeId}, expected ${pod.spiffeId}`);
  }
  const isExpired = certificate.notAfter <= input.now;
  if (isExpired && (input.isLedgerFollowed || before === undefined)) {
    return withheld('NO_CERTIFICATE', `its certificate expired ${certificate.notAfter.toISOString()}`);
  }
  const message = `origin established, certificate ${certificate.serial} of ${certificate.spiffeId}`;
  return { isOffered: true, reason: 'ATTESTED', message, spiffeId: pod.spiffeId };
}

const podsByAddress = new WeakMap<ClusterSnapshot['workloads'], ReadonlyMap<string, Workload>>();

/** The living pod that has an address; those on the host's network share theirs and are left out. */
function podAt(address: string, cluster: ClusterSnapshot): Workload | undefined {
  let index = podsByAddress.get(cluster.workloads);
  if (index === undefined) {
    const pods = [...cluster.workloads.values()].filter((pod) => isAlive(pod) && !pod.usesHostNetwork);
    index = new Map(pods.flatMap((pod) => pod.ips.map((ip) => [ip, pod] as const)));
    podsByAddress.set(cluster.workloads, index);
  }
  return index.get(address);
}

const addressesOfServices = new WeakMap<ClusterSnapshot['services'], ReadonlySet<string>>();

function serviceAddresses({ services }: ClusterSnapshot): ReadonlySet<string> {
  let addresses = addressesOfServices.get(services);
  if (addresses === undefined) {
    addresses = new Set([...services.values()].flatMap(({ clusterIps }) => clusterIps));
    addressesOfServices.set(services, addresses);
  }
  return addresses;
}

/**
 * An address without a pod: offered where the Service has no selector; the address of a pod or a Service never goes that
 * way.
 */
function handWrittenVerdict(service: Service, slice: SliceEndpoint, cluster: ClusterSnapshot): Verdict {
  const pod = podAt(slice.address, cluster);
  if (pod !== undefined) {
    return withheld('ADDRESS_MISMATCH', `written by hand, but the address is that of pod ${pod.namespace}/${pod.name}`);
  }
  // Behind a Service's address stand pods that nobody has judged for this one.
  if (serviceAddresses(cluster).has(slice.address)) {
    return withheld('ADDRESS_MISMATCH', 'written by hand, but the address is that of a Service');
  }
  if (Object.keys(service.selector).length > 0) {
    return withheld('ADDRESS_MISMATCH', 'written by hand although the Service selects pods');
  }
  if (!slice.isReady && !service.publishNotReady) return withheld('NOT_READY', 'the endpoint is not ready');
  return {
    isOffered: true,
    reason: 'HAND_WRITTEN',
    message: 'reached in plaintext: written by hand',
    spiffeId: undefined,
  };
}

function offeredUnchecked(pod: Workload | undefined): Verdict {
  return {
    isOffered: true,
    reason: 'ATTESTATION_OFF',
    message: 'offered unchecked: attestation is off',
    spiffeId: pod?.spiffeId,
  };
}

function addressJudgement(slice: SliceEndpoint, pod: Workload): Judgement {
  const value = `${slice.address} is not an address of the pod (${pod.ips.join(', ')})`;
  const signals = [{ name: 'address.differs', value, isHard: true }];
  return { accusation: 'ADDRESS_MISMATCH', message: value, signals, weight: 1 };
}

/** Verdict on one endpoint whose pod is known. */
function podVerdict(context: ServiceContext, slice: SliceEndpoint, pod: Workload): Verdict {
  const { input, key, service } = context.given;
  const state = stateVerdict(service, slice, pod);
  if (!input.attestation) return state ?? offeredUnchecked(pod);
  const before = input.memory.offered.get(endpointKey(key, slice));
  if (!pod.ips.includes(slice.address)) return withheld('ADDRESS_MISMATCH', addressJudgement(slice, pod).message);
  const judgement = context.judgements.get(pod.uid);
  if (judgement?.accusation === undefined) return state ?? certificateVerdict(input, pod, before);
  if (before === undefined || context.mayWithdraw.has(pod.uid))
    return withheld(judgement.accusation, judgement.message);
  if (state !== undefined) return state;
  // In use and not to be withdrawn: it stays exactly as clients know it, so mTLS never turns into plaintext.
  return { isOffered: true, reason: before.reason, message: `kept: ${judgement.message}`, spiffeId: before.spiffeId };
}

interface ServiceContext {
  readonly given: JudgeServiceInput;
  readonly judgements: ReadonlyMap<string, Judgement>;
  readonly mayWithdraw: ReadonlySet<string>;
}

function verdictOn(context: ServiceContext, slice: SliceEndpoint): Verdict {
  const { input, service } = context.given;
  if (slice.podUid === '') {
    return input.attestation ? handWrittenVerdict(service, slice, input.cluster) : offeredUnchecked(undefined);
  }
  const pod = input.cluster.workloads.get(slice.podUid);
  return pod === undefined
    ? withheld('NOT_READY', `pod ${slice.podUid} is not known`)
    : podVerdict(context, slice, pod);
}

/** Pods that clients use and that are accused; a stale source withdraws none of them. */
function chooseWithdrawals(given: JudgeServiceInput, judgements: ReadonlyMap<string, Judgement>): ReadonlySet<string> {
  const { input, key, pods } = given;
  if (input.cluster.isStale || !input.cluster.isSynced) {
    return new Set(pods.map((pod) => pod.uid).filter((uid) => input.memory.withdrawn.has(`${key}|${uid}`)));
  }
  const slices = input.cluster.slices.get(key) ?? [];
  const inUse = new Set(
    slices.filter((slice) => input.memory.offered.has(endpointKey(key, slice))).map((slice) => slice.podUid),
  );
  const candidates = pods.flatMap((pod): Withdrawal[] => {
    const judgement = judgements.get(pod.uid);
    if (judgement?.accusation === undefined || !inUse.has(pod.uid)) return [];
    return [{ pod, weight: judgement.weight, isWithdrawn: input.memory.withdrawn.has(`${key}|${pod.uid}`) }];
  });
  return limitWithdrawals(candidates, new Set(slices.map((slice) => slice.podUid)).size);
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  const [left, right] = [a, b].map((one) => `${one.portName}\0${one.address}\0${one.port}\0${one.podUid}`);
  return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1;
}

function suspicionsOf(context: ServiceContext, endpoints: readonly Endpoint[]): Suspicion[] {
  const { key, pods } = context.given;
  return pods.flatMap((pod): Suspicion[] => {
    const mismatch = endpoints.find((one) => one.podUid === pod.uid && one.reason === 'ADDRESS_MISMATCH');
    const judged = context.judgements.get(pod.uid);
    const judgements = [
      ...(judged === undefined ? [] : [judged]),
      ...(mismatch === undefined ? [] : [addressJudgement(mismatch, pod)]),
    ];
    return judgements
      .filter((judgement) => judgement.signals.length > 0)
      .map((judgement) => {
        const isHeld = endpoints.some(
          (one) => one.podUid === pod.uid && one.reason === judgement.accusation && !one.isOffered,
        );
        return { pod, service: key, judgement, isHeld };
      });
  });
}

/** Verdicts on all endpoints of one Service. */
export function judgeService(given: JudgeServiceInput): ServiceOutcome {
  const { input, key, service, pods, origin } = given;
  const { cluster, memory } = input;
  const judgements = new Map(
    pods.map((pod) => {
      const certificate = input.certificates.get(pod.uid);
      return [pod.uid, judgePod({ cluster, service, pod, origin, peers: pods, certificate })] as const;
    }),
  );
  const context: ServiceContext = { given, judgements, mayWithdraw: chooseWithdrawals(given, judgements) };
  const offered = new Map<string, Endpoint>();
  const endpoints = (cluster.slices.get(key) ?? []).map((slice): Endpoint => {
    const pod = cluster.workloads.get(slice.podUid)?.name ?? '';
    const endpoint = {
      ...slice,
      namespace: service.namespace,
      service: service.name,
      pod,
      ...verdictOn(context, slice),
    };
    const before = memory.offered.get(endpointKey(key, slice));
    const known = endpoint.isOffered && input.attestation ? endpoint : before;
    if (known !== undefined) offered.set(endpointKey(key, slice), known);
    return endpoint;
  });
  endpoints.sort(compareEndpoints);
  return {
    key,
    pods,
    endpoints,
    suspicions: suspicionsOf(context, endpoints),
    offered,
    withdrawn: new Set([...context.mayWithdraw].map((uid) => `${key}|${uid}`)),
    reviewAt: nextExpiry(given, endpoints),
  };
}

function nextExpiry({ input }: JudgeServiceInput, endpoints: readonly Endpoint[]): Date | undefined {
  const ends = endpoints
    .filter((endpoint) => endpoint.reason === 'ATTESTED')
    .map((endpoint) => input.certificates.get(endpoint.podUid)?.notAfter)
    .filter((date) => date !== undefined && date > input.now)
    .map((date) => Number(date));
  return ends.length === 0 ? undefined : new Date(Math.min(...ends));
}
