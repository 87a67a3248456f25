// SPDX-License-Identifier: Apache-2.0

/** How bad a finding is. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** What was done about it. */
export type FindingAction = 'record' | 'alert' | 'hold-endpoint';

/** Permanent names of the detectors. */
export type DetectorName = 'foreign-endpoint' | 'bare-pod' | 'not-enrolled';

/** One fact behind a finding. */
export interface Signal {
  /** Permanent name, for example `owner.missing`. */
  readonly name: string;
  /** What was seen, with what was expected. */
  readonly value: string;
  /** The pod's creator cannot choose it (security.md §3.1). */
  readonly isHard: boolean;
}

/** A pod that does not belong where it is. */
export interface Finding {
  /** `<detector>/<pod uid>`. */
  readonly id: string;
  readonly detector: DetectorName;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly severity: Severity;
  readonly signals: readonly Signal[];
  readonly action: FindingAction;
  /** Services, as namespace/name, whose selector matches the pod. */
  readonly services: readonly string[];
  /** Policies, as kind/namespace/name, that select or admit the pod. */
  readonly policies: readonly string[];
  /** What would clear it. */
  readonly clears: string;
  readonly firstSeen: Date;
  /** One sentence for people. */
  readonly message: string;
}
