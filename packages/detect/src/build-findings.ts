// SPDX-License-Identifier: Apache-2.0
import {
  objectKey,
  type DetectorName,
  type Finding,
  type FindingAction,
  type Severity,
  type Signal,
  type Workload,
} from '@signet/model';
import type { Accusation, Judgement } from './judge-pod.ts';

/** A pod with what speaks against it behind one Service. */
export interface Suspicion {
  readonly pod: Workload;
  /** namespace/name; empty when no Service selects the pod. */
  readonly service: string;
  readonly judgement: Judgement;
  /** An endpoint of it is withheld because of this. */
  readonly isHeld: boolean;
}

const detectorOf: Readonly<Record<Accusation, DetectorName>> = {
  ADDRESS_MISMATCH: 'foreign-endpoint',
  FOREIGN_ORIGIN: 'foreign-endpoint',
  BARE_POD: 'bare-pod',
  NOT_ENROLLED: 'not-enrolled',
};
const gravity: Readonly<Record<DetectorName, number>> = { 'foreign-endpoint': 3, 'bare-pod': 2, 'not-enrolled': 1 };

const clears: Readonly<Record<DetectorName, string>> = {
  'foreign-endpoint':
    'delete the pod, or take away the labels that select it, or make it a replica of the established controller',
  'bare-pod': 'delete the pod, or take away the labels that select it, or let the established controller create it',
  'not-enrolled': 'restart the pod with the agent, or move it to a namespace that is not enrolled',
};

function detectorFor(suspicions: readonly Suspicion[]): DetectorName {
  const names = suspicions.map(({ judgement }) =>
    judgement.accusation === undefined ? 'foreign-endpoint' : detectorOf[judgement.accusation],
  );
  return names.reduce((worst, name) => (gravity[name] > gravity[worst] ? name : worst));
}

function mergeSignals(suspicions: readonly Suspicion[]): readonly Signal[] {
  const merged = new Map<string, Signal>();
  for (const { judgement } of suspicions) {
    for (const one of judgement.signals) if (!merged.has(one.name)) merged.set(one.name, one);
  }
  return [...merged.values()];
}

function severityOf(detector: DetectorName, suspicions: readonly Suspicion[]): Severity {
  const isSelected = suspicions.some(({ service }) => service !== '');
  const weight = Math.max(...suspicions.map(({ judgement }) => judgement.weight));
  if (detector === 'not-enrolled') return isSelected ? 'high' : 'low';
  return detector === 'foreign-endpoint' && weight >= 2 ? 'critical' : 'high';
}

function actionFor(severity: Severity, suspicions: readonly Suspicion[]): FindingAction {
  if (suspicions.some(({ isHeld }) => isHeld)) return 'hold-endpoint';
  return severity === 'low' ? 'record' : 'alert';
}

function sentence(detector: DetectorName, pod: Workload, suspicions: readonly Suspicion[]): string {
  const where = suspicions.map(({ service }) => service).filter((service) => service !== '');
  const target = where.length === 0 ? 'no Service' : where.join(', ');
  const [first] = suspicions;
  const why = first?.judgement.message === '' ? first.judgement.signals[0]?.value : first?.judgement.message;
  const verb = {
    'foreign-endpoint': 'is of another origin',
    'bare-pod': 'has no controller',
    'not-enrolled': 'is not in the mesh',
  };
  return `Pod ${objectKey(pod.namespace, pod.name)} ${verb[detector]} and is selected by ${target}: ${why}.`;
}

/** What buildFinding needs beside the suspicions. */
export interface FindingContext {
  readonly policies: readonly string[];
  readonly firstSeen: (id: string) => Date;
}

/** One finding for one pod: the gravest detector, with the signals of all. */
export function buildFinding(suspicions: readonly Suspicion[], context: FindingContext): Finding | undefined {
  const [first] = suspicions;
  const signals = mergeSignals(suspicions);
  if (first === undefined || signals.length < 2) return undefined;
  const { pod } = first;
  const detector = detectorFor(suspicions);
  const severity = severityOf(detector, suspicions);
  const id = `${detector}/${pod.uid}`;
  return {
    id,
    detector,
    namespace: pod.namespace,
    pod: pod.name,
    podUid: pod.uid,
    severity,
    signals,
    action: actionFor(severity, suspicions),
    services: suspicions.map(({ service }) => service).filter((service) => service !== ''),
    policies: context.policies,
    clears: clears[detector],
    firstSeen: context.firstSeen(id),
    message: sentence(detector, pod, suspicions),
  };
}
