// SPDX-License-Identifier: Apache-2.0
import type { CertificateState, ClusterSnapshot, EndpointReason, Service, Signal, Workload } from '@signet/model';
import { formatOrigin, isOfOrigin, provenanceOf, templateAccountOf, type EstablishedOrigin } from './origin.ts';
import { isInEnrolledNamespace } from './policy-reach.ts';
import { driftSignals } from './template-drift.ts';

/** Reasons that accuse the pod, as opposed to states that pass by themselves. */
export type Accusation = Extract<EndpointReason, 'BARE_POD' | 'FOREIGN_ORIGIN' | 'NOT_ENROLLED' | 'ADDRESS_MISMATCH'>;

/** What speaks against a pod behind one Service. */
export interface Judgement {
  /** Undefined when the pod belongs there. */
  readonly accusation: Accusation | undefined;
  readonly message: string;
  /** Facts, strongest first; present without an accusation when they are worth a finding but no hold. */
  readonly signals: readonly Signal[];
  /** How many of the signals accuse on their own; decides whether an endpoint in use may be withdrawn. */
  readonly weight: number;
}

/** One pod behind one Service. */
export interface JudgePodInput {
  readonly cluster: ClusterSnapshot;
  readonly service: Service;
  readonly pod: Workload;
  readonly origin: EstablishedOrigin | undefined;
  /** Living pods behind the same Service. */
  readonly peers: readonly Workload[];
  readonly certificate: CertificateState | undefined;
}

/** How the value of `owner.missing` begins when the pod names no controller. */
export const noController = 'no controller';

/** Signals that lie in circumstances; they support others and count for nothing alone. */
const circumstances: ReadonlySet<string> = new Set([
  'created-after-establishment',
  'labels.match',
  'namespace.enrolled',
  'node.unusual',
]);

function signal(name: string, value: string, isHard: boolean): Signal {
  return { name, value, isHard };
}

function ownerSignals(input: JudgePodInput, origin: EstablishedOrigin): Signal[] {
  const { pod, cluster } = input;
  const expected = `${origin.kind}/${origin.name}`;
  const provenance = provenanceOf(pod);
  const claim = `${provenance.kind}/${provenance.name} (uid ${provenance.uid})`;
  if (isOfOrigin(pod, origin)) {
    return cluster.adopted.has(pod.uid)
      ? [signal('owner.adopted', `came without this controller, then ${expected} adopted it`, true)]
      : [];
  }
  switch (provenance.standing) {
    case 'bare':
      return [signal('owner.missing', `${noController}, expected ${expected}`, true)];
    case 'forged':
      return [
        signal(
          'owner.missing',
          `names ${claim}, which does not exist or does not select it; expected ${expected}`,
          true,
        ),
      ];
    case 'claimed':
      return [signal('owner.missing', `names ${claim}, which nothing confirms; expected ${expected}`, true)];
    case 'controlled':
      return [signal('owner.differs', `controlled by ${claim}, expected ${expected}`, true)];
  }
}

function accountSignals(input: JudgePodInput, origin: EstablishedOrigin): Signal[] {
  const { pod, cluster } = input;
  const expected = (isOfOrigin(pod, origin) ? templateAccountOf(pod, cluster) : undefined) ?? origin.serviceAccount;
  if (pod.serviceAccount === expected) return [];
  return [signal('service-account.differs', `runs as ${pod.serviceAccount}, expected ${expected}`, true)];
}

/** Pods to compare images with: replicas of the same controller, else those of the established origin. */
function siblingsOf(input: JudgePodInput, origin: EstablishedOrigin): readonly Workload[] {
  const { pod, peers, cluster } = input;
  const others = peers.filter(
    (peer) => peer.uid !== pod.uid && !cluster.adopted.has(peer.uid) && isOfOrigin(peer, origin),
  );
  const [direct] = pod.owners;
  if (direct === undefined || !isOfOrigin(pod, origin)) return others;
  return others.filter((peer) => peer.owners[0]?.uid === direct.uid);
}

/** Digests that run in the pod; where its controller's template is known, those of the template's containers only. */
function digestsOf(pod: Workload, cluster: ClusterSnapshot): readonly string[] {
  const [direct] = pod.owners;
  const template = direct?.isVerified === true ? cluster.controllers.get(direct.uid)?.templateContainers : undefined;
  return pod.containers
    .filter(({ name }) => template === undefined || Object.hasOwn(template, name))
    .map((container) => container.imageDigest)
    .filter((digest) => digest !== '');
}

function digestSignals(input: JudgePodInput, siblings: readonly Workload[]): Signal[] {
  const known = new Set(siblings.flatMap((sibling) => digestsOf(sibling, input.cluster)));
  const strange = digestsOf(input.pod, input.cluster).filter((digest) => !known.has(digest));
  if (known.size === 0 || strange.length === 0) return [];
  const value = `runs ${strange.join(', ')}, the others run ${[...known].sort().join(', ')}`;
  return [signal('image-digest.differs', value, true)];
}

/** Reasons for a pod to be in the mesh that it does not follow. */
export function enrolmentSignals(
  input: Pick<JudgePodInput, 'pod' | 'cluster' | 'certificate'>,
  origin: EstablishedOrigin | undefined,
): Signal[] {
  const { pod, cluster, certificate } = input;
  if (pod.isEnrolled) return [];
  const isNamespace = isInEnrolledNamespace(pod, cluster);
  const because = isNamespace
    ? `namespace ${pod.namespace} is enrolled`
    : origin?.isEnrolled === true
      ? `${origin.kind}/${origin.name} is enrolled`
      : undefined;
  if (because === undefined) return [];
  const signals = [signal('enrolment.missing', `carries no agent although ${because}`, false)];
  if (certificate === undefined) {
    signals.push(signal('certificate.missing', 'the ledger has no certificate for this pod', true));
  }
  if (isNamespace)
    signals.push(signal('namespace.enrolled', `${pod.namespace} asks for its pods to be in the mesh`, true));
  return signals;
}

function circumstancesOf(input: JudgePodInput, origin: EstablishedOrigin, siblings: readonly Workload[]): Signal[] {
  const { pod, service } = input;
  const signals: Signal[] = [];
  if (pod.createdAt > origin.establishedAt) {
    const value = `created ${pod.createdAt.toISOString()}, origin established ${origin.establishedAt.toISOString()}`;
    signals.push(signal('created-after-establishment', value, true));
  }
  const nodes = new Set(siblings.map((sibling) => sibling.node).filter((node) => node !== ''));
  if (siblings.length >= 2 && pod.node !== '' && !nodes.has(pod.node)) {
    signals.push(signal('node.unusual', `runs on ${pod.node}, the others on ${[...nodes].sort().join(', ')}`, false));
  }
  const selector = Object.entries(service.selector).map(([key, value]) => `${key}=${value}`);
  if (selector.length > 0)
    signals.push(signal('labels.match', `${selector.join(',')} selects it for ${service.name}`, false));
  return signals;
}

function conclude(accusation: Accusation | undefined, message: string, signals: readonly Signal[]): Judgement {
  return { accusation, message, signals, weight: signals.filter((one) => !circumstances.has(one.name)).length };
}

/** Compares a pod with the origin of the Service behind which it stands. */
export function judgePod(input: JudgePodInput): Judgement {
  const { pod, origin, service } = input;
  if (origin === undefined) {
    const isForged = provenanceOf(pod).standing === 'forged';
    const why = isForged ? 'its controller does not exist' : 'nothing to compare it with';
    return conclude('BARE_POD', `no origin is established for ${service.namespace}/${service.name} yet: ${why}`, []);
  }
  const siblings = siblingsOf(input, origin);
  const owner = ownerSignals(input, origin);
  const account = accountSignals(input, origin);
  const drift = driftSignals(pod, { cluster: input.cluster, siblings, conforming: origin.conforming });
  const digest = digestSignals(input, siblings);
  const enrolment = enrolmentSignals(input, origin);
  const signals = [...owner, ...account, ...drift, ...digest, ...enrolment];
  // A re-pushed tag changes the digest of honest replicas, so a digest alone is worth an alert and no hold.
  const isForeign = owner.length + account.length + drift.length > 0;
  if (signals.length === 0) return conclude(undefined, '', []);
  const all = [...signals, ...circumstancesOf(input, origin, siblings)];
  if (isForeign && origin.isControlled && owner[0]?.name === 'owner.missing') {
    return conclude('BARE_POD', owner[0].value, all);
  }
  if (isForeign) {
    const expected = formatOrigin(origin, origin.serviceAccount);
    return conclude('FOREIGN_ORIGIN', `${signals[0]?.value}; established is ${expected}`, all);
  }
  if (enrolment.length > 0) return conclude('NOT_ENROLLED', enrolment[0]?.value ?? '', all);
  return conclude(undefined, '', all);
}
