// SPDX-License-Identifier: Apache-2.0
import type { ClusterSnapshot, Container, ContainerTemplate, Controller, Signal, Workload } from '@signet/model';

/** Controllers that get a successor when the template changes, so that one template holds for all of their pods. */
const immutableKinds: ReadonlySet<string> = new Set(['ReplicaSet', 'Job']);

type Aspect = 'image' | 'command';

interface Drift {
  readonly aspect: Aspect;
  readonly container: string;
  readonly value: string;
}

function commandLine({ command, args }: ContainerTemplate): string {
  return JSON.stringify([command, args]);
}

function describe({ command, args }: ContainerTemplate): string {
  return command.length + args.length === 0 ? 'what its image starts' : [...command, ...args].join(' ');
}

function containerOf(pod: Workload, name: string): Container | undefined {
  return pod.containers.find((container) => container.name === name);
}

function driftOf(pod: Workload, template: Controller): readonly Drift[] {
  return Object.entries(template.templateContainers).flatMap(([container, wanted]): Drift[] => {
    const found = containerOf(pod, container);
    const says = `its controller's template says`;
    if (found?.image !== wanted.image) {
      const value = `container ${container} is ${found?.image ?? 'missing'}, ${says} ${wanted.image}`;
      return [{ aspect: 'image', container, value }];
    }
    if (commandLine(found) === commandLine(wanted)) return [];
    return [
      {
        aspect: 'command',
        container,
        value: `container ${container} runs ${describe(found)}, ${says} ${describe(wanted)}`,
      },
    ];
  });
}

function templateOf(pod: Workload, cluster: ClusterSnapshot): Controller | undefined {
  const [direct] = pod.owners;
  return direct?.isVerified === true ? cluster.controllers.get(direct.uid) : undefined;
}

/** UID of the pod's controller if the pod runs exactly what that controller's one and only template says. */
export function conformsTo(pod: Workload, cluster: ClusterSnapshot): string | undefined {
  const template = templateOf(pod, cluster);
  if (template === undefined || !immutableKinds.has(template.kind)) return undefined;
  return driftOf(pod, template).length === 0 ? template.uid : undefined;
}

/**
 * What the pod runs and its controller's template does not ask for. An owner reference can be written by whoever creates
 * the pod; the template cannot. Admission may rewrite pods, but then it does so in all of them: the template counts once
 * one replica was seen that follows it.
 *
 * @param conforming UIDs of controllers with such a replica, now or earlier
 */
export function driftSignals(
  pod: Workload,
  given: {
    readonly cluster: ClusterSnapshot;
    readonly siblings: readonly Workload[];
    readonly conforming: readonly string[];
  },
): readonly Signal[] {
  const template = templateOf(pod, given.cluster);
  if (template === undefined) return [];
  const isImmutable = immutableKinds.has(template.kind);
  const counts = ({ aspect, container }: Drift): boolean => {
    if (isImmutable && given.conforming.includes(template.uid)) return true;
    if (aspect === 'command' && !isImmutable) return false;
    return given.siblings.some(
      (sibling) => !driftOf(sibling, template).some((one) => one.container === container && isSameOrWorse(one, aspect)),
    );
  };
  return driftOf(pod, template)
    .filter(counts)
    .map(({ aspect, value }) => ({ name: `${aspect}.differs`, value, isHard: true }));
}

/** Of a container with another image it is not known whether the command would be the template's. */
function isSameOrWorse(drift: Drift, aspect: Aspect): boolean {
  return drift.aspect === aspect || drift.aspect === 'image';
}
