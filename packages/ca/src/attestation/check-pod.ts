// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { Clock } from '@signet/runtime';
import type { LivePods } from '../inventory/live-pods.ts';
import type { PodDirectory } from '../inventory/pod-directory.ts';

/** What a credential says about its pod. */
export interface ClaimedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  /** Empty when the credential names no node. */
  readonly node: string;
  /** When the credential was made. */
  readonly issuedAt: Date;
}

/** The pod behind a credential, as the platform has it. */
export interface CheckedPod {
  readonly node: string;
}

/** Checks a claim against the platform. Throws SignetError. */
export interface PodChecker {
  check(claim: ClaimedPod, signal: AbortSignal): Promise<CheckedPod>;
}

/** So long after its credential was made, a pod may be unknown without being refused. */
export const visibilityGraceMs = 30_000;
/** So long a silent inventory is believed. */
export const silenceMaxMs = 15_000;
const sightingsMax = 20_000;

interface FoundPod {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly node: string;
  readonly isTerminating: boolean;
  readonly hasEnded: boolean;
}

/** Creates the checker: the inventory answers while it is fresh, else the pod is read where it lives. */
export function createPodChecker(o: {
  readonly directory: PodDirectory;
  readonly livePods: LivePods | undefined;
  readonly clock: Clock;
}): PodChecker {
  const { directory, livePods, clock } = o;
  const firstSeen = new Map<string, Date>();

  /** The earlier of credential and first sight: neither a clock ahead nor a fresh credential extends the grace. */
  function isYoung(claim: ClaimedPod): boolean {
    const now = clock.now();
    const seen = firstSeen.get(claim.uid) ?? now;
    firstSeen.set(claim.uid, seen);
    const [oldest] = firstSeen.keys();
    if (firstSeen.size > sightingsMax && oldest !== undefined) firstSeen.delete(oldest);
    const since = Math.min(seen.getTime(), claim.issuedAt.getTime());
    return now.getTime() - since <= visibilityGraceMs;
  }

  function absent(claim: ClaimedPod): SignetError {
    return isYoung(claim)
      ? new SignetError('POD_NOT_VISIBLE', `pod ${claim.namespace}/${claim.name} is not visible yet`, {
          retryAfterMs: 500,
        })
      : new SignetError('POD_UNKNOWN', `pod ${claim.namespace}/${claim.name} with UID ${claim.uid} does not exist`);
  }

  async function find(claim: ClaimedPod, signal: AbortSignal): Promise<FoundPod> {
    if (directory.silenceMs(clock.now()) <= silenceMaxMs) {
      const found = directory.find(claim.uid);
      if (found.kind === 'present') return found.pod;
      if (found.kind === 'unknown') throw absent(claim);
      throw new SignetError('POD_UNKNOWN', `pod ${claim.namespace}/${claim.name} was deleted`);
    }
    if (livePods === undefined)
      throw new SignetError('INVENTORY_NOT_SYNCED', 'nothing is known of the cluster yet', { retryAfterMs: 500 });
    const live = await livePods.read(claim, signal);
    if (live !== undefined) return live;
    if (directory.find(claim.uid).kind === 'deleted') {
      throw new SignetError('POD_UNKNOWN', `pod ${claim.namespace}/${claim.name} was deleted`);
    }
    throw absent(claim);
  }

  return {
    async check(claim, signal) {
      const pod = await find(claim, signal);
      firstSeen.delete(claim.uid);
      const where = `pod ${claim.namespace}/${claim.name}`;
      if (pod.namespace !== claim.namespace || pod.name !== claim.name) {
        throw new SignetError('POD_UNKNOWN', `UID ${claim.uid} belongs to another pod than ${where}`);
      }
      if (pod.isTerminating || pod.hasEnded)
        throw new SignetError('POD_TERMINATING', `${where} is being deleted or has finished`);
      if (pod.serviceAccount !== claim.serviceAccount) {
        throw new SignetError(
          'POD_ACCOUNT_MISMATCH',
          `${where} runs under account ${pod.serviceAccount}, not ${claim.serviceAccount}`,
        );
      }
      if (pod.node === '')
        throw new SignetError('POD_NOT_VISIBLE', `${where} is not scheduled yet`, { retryAfterMs: 500 });
      if (claim.node !== '' && pod.node !== claim.node) {
        throw new SignetError('POD_NODE_MISMATCH', `${where} runs on node ${pod.node}, not ${claim.node}`);
      }
      return { node: pod.node };
    },
  };
}
