// SPDX-License-Identifier: Apache-2.0
import type { ContainerStatus, PodCondition, PodStatus } from '../controller/kubernetes-objects.ts';
import { networkPlan } from '../network-plan.ts';

/** What is known of a running pod. */
export interface PodFacts {
  readonly podIp: string | undefined;
  readonly startTime: string;
  readonly containers: readonly ContainerStatus[];
  /** Undefined for pods without an agent. */
  readonly isAgentReady: boolean | undefined;
  /** All containers have ended for good; the exit codes decide how. */
  readonly finished: 'Succeeded' | 'Failed' | undefined;
  /** Why the pod cannot run; empty while all is well. */
  readonly problem: string;
}

/** Writes a pod's status; conditions keep the time of their last change from the status before. */
export function podStatus(facts: PodFacts, before: PodStatus | undefined, now: Date): PodStatus {
  const hasStarted = facts.containers.some((container) => container.containerID !== '' && 'running' in container.state);
  const areContainersReady = facts.containers.length > 0 && facts.containers.every((container) => container.ready);
  const isReady = areContainersReady && facts.isAgentReady !== false && facts.finished === undefined;
  const reason = facts.problem === '' ? {} : { reason: 'CannotRun', message: facts.problem };
  const condition = (type: string, value: boolean): PodCondition => {
    const status = value ? 'True' : 'False';
    const known = before?.conditions?.find((candidate) => candidate.type === type && candidate.status === status);
    return {
      type,
      status,
      lastTransitionTime: known?.lastTransitionTime ?? now.toISOString(),
      ...(value ? {} : reason),
    };
  };
  return {
    phase: facts.finished ?? (hasStarted ? 'Running' : 'Pending'),
    ...(facts.podIp === undefined ? {} : { podIP: facts.podIp, podIPs: [{ ip: facts.podIp }] }),
    hostIP: networkPlan.gateway,
    startTime: facts.startTime,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', facts.podIp !== undefined),
      condition('ContainersReady', isReady),
      condition('Ready', isReady),
    ],
    containerStatuses: facts.containers,
  };
}
