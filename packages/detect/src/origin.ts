// SPDX-License-Identifier: Apache-2.0
import type { ClusterSnapshot, Workload } from '@signet/model';

/** Kinds whose objects are watched, so that a reference to one that does not exist is a lie. */
const verifiableKinds: ReadonlySet<string> = new Set(['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job']);

/**
 * Where a pod comes from.
 * `controlled`: its controller exists and selects it; kind, name and UID are those of the highest verified one.
 * `claimed`: it names a controller of a kind that is not watched, so nothing backs the claim.
 * `forged`: it names a controller of a watched kind that does not exist or does not select it.
 * `bare`: it names none.
 */
export interface Provenance {
  readonly standing: 'controlled' | 'claimed' | 'forged' | 'bare';
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** The origin that a Service's pods have; a new pod of another origin is an intruder until somebody says otherwise. */
export interface EstablishedOrigin {
  readonly namespace: string;
  readonly service: string;
  /** Kind of the controller at the top of the chain, or Pod for a Service whose first pods were bare. */
  readonly kind: string;
  /** Name of that controller; for bare pods their names, separated by commas. */
  readonly name: string;
  /** UID of that controller; empty for bare pods. */
  readonly uid: string;
  readonly serviceAccount: string;
  /** A verified controller stands behind it. A weaker origin gives way to the first controlled pods. */
  readonly isControlled: boolean;
  /** Its pods are in the mesh, so one outside is never reached in plaintext. */
  readonly isEnrolled: boolean;
  /** UIDs of living controllers of which a replica was seen that runs what the template says. */
  readonly conforming: readonly string[];
  readonly establishedAt: Date;
}

/** Where the pod comes from, judged by its verified owners only. */
export function provenanceOf(workload: Workload): Provenance {
  const [direct] = workload.owners;
  if (direct === undefined) return { standing: 'bare', kind: 'Pod', name: workload.name, uid: workload.uid };
  if (!direct.isVerified) {
    const standing = verifiableKinds.has(direct.kind) ? 'forged' : 'claimed';
    return { standing, kind: direct.kind, name: direct.name, uid: direct.uid };
  }
  const firstUnverified = workload.owners.findIndex((owner) => !owner.isVerified);
  const top = workload.owners[(firstUnverified < 0 ? workload.owners.length : firstUnverified) - 1] ?? direct;
  return { standing: 'controlled', kind: top.kind, name: top.name, uid: top.uid };
}

/** True when the pod is of the established origin. Kind and name decide, so that a re-created Deployment stays the same. */
export function isOfOrigin(workload: Workload, origin: EstablishedOrigin): boolean {
  const provenance = provenanceOf(workload);
  if (workload.namespace !== origin.namespace) return false;
  if (origin.isControlled !== (provenance.standing === 'controlled')) return false;
  if (provenance.standing === 'forged') return false;
  if (provenance.standing === 'bare') return origin.kind === 'Pod' && origin.name.split(',').includes(workload.name);
  return provenance.kind === origin.kind && provenance.name === origin.name;
}

/** Account that the template of the pod's own controller gives; undefined when it is not known. */
export function templateAccountOf(workload: Workload, cluster: ClusterSnapshot): string | undefined {
  const [direct] = workload.owners;
  return direct?.isVerified === true ? cluster.controllers.get(direct.uid)?.templateServiceAccount : undefined;
}

/** For people: `Deployment/checkout as checkout`. */
export function formatOrigin(origin: { kind: string; name: string }, serviceAccount: string): string {
  return `${origin.kind}/${origin.name} as ${serviceAccount}`;
}

/** Pods that have finished or are going do not count. */
export function isAlive(workload: Workload): boolean {
  return !workload.isTerminating && workload.phase !== 'Succeeded' && workload.phase !== 'Failed';
}
