// SPDX-License-Identifier: Apache-2.0
import {
  isPodEnrolled,
  parseSpiffeId,
  type Container,
  type ContainerPort,
  type Owner,
  type Workload,
} from '@signet/model';
import { fieldsOf, listOf, textOf, type Fields, type KubeObject } from '../kube-object.ts';
import { canonicalAddress } from './address.ts';
import { toContainerTemplate } from './to-container-template.ts';

const phases = ['Pending', 'Running', 'Succeeded', 'Failed'] as const;
const annotationPrefix = 'signet.dev/';

/** What a pod's entry depends on beside the pod. */
export interface WorkloadContext {
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
  readonly trustDomain: string;
}

/** `registry/name@sha256:…` and `docker-pullable://…` as kubelets report them → `sha256:…`. */
export function digestOf(imageId: string): string {
  return /sha256:[0-9a-f]{64}$/.exec(imageId)?.[0] ?? '';
}

function toContainerPort(value: unknown): ContainerPort | undefined {
  const { name, containerPort, protocol = 'TCP' } = fieldsOf(value);
  if (typeof containerPort !== 'number') return undefined;
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') return undefined;
  return { name: textOf(name), port: containerPort, protocol };
}

function toContainer(value: unknown, statuses: ReadonlyMap<string, Fields>): Container {
  const { name, ports } = fieldsOf(value);
  return {
    name: textOf(name),
    ...toContainerTemplate(value),
    imageDigest: digestOf(textOf(statuses.get(textOf(name))?.['imageID'])),
    ports: listOf(ports).flatMap((port) => toContainerPort(port) ?? []),
  };
}

/** Containers that run as long as the pod: the ordinary ones and native sidecars. */
function toContainers(spec: Fields, status: Fields): readonly Container[] {
  const statuses = new Map(
    [...listOf(status['containerStatuses']), ...listOf(status['initContainerStatuses'])]
      .map(fieldsOf)
      .map((one) => [textOf(one['name']), one]),
  );
  const sidecars = listOf(spec['initContainers']).filter((one) => fieldsOf(one)['restartPolicy'] === 'Always');
  return [...listOf(spec['containers']), ...sidecars].map((one) => toContainer(one, statuses));
}

function addressesOf(status: Fields): readonly string[] {
  const all = listOf(status['podIPs']).map((one) => textOf(fieldsOf(one)['ip']));
  return (all.length > 0 ? all : [textOf(status['podIP'])]).flatMap((ip) => canonicalAddress(ip) ?? []);
}

function isReady(status: Fields): boolean {
  return listOf(status['conditions'])
    .map(fieldsOf)
    .some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True');
}

/** A pod as the mesh sees it. */
export function toWorkload(pod: KubeObject, context: WorkloadContext): Workload {
  const { metadata } = pod;
  const spec = fieldsOf(pod.body['spec']);
  const status = fieldsOf(pod.body['status']);
  const serviceAccount = textOf(spec['serviceAccountName']) || 'default';
  const wants = isPodEnrolled({ ...context, labels: metadata.labels, annotations: metadata.annotations });
  const id = parseSpiffeId(`spiffe://${context.trustDomain}/ns/${metadata.namespace}/sa/${serviceAccount}`);
  const isEnrolled = wants && id.ok;
  return {
    uid: metadata.uid,
    namespace: metadata.namespace,
    name: metadata.name,
    owners: context.owners,
    serviceAccount,
    node: textOf(spec['nodeName']),
    ips: addressesOf(status),
    labels: metadata.labels,
    annotations: Object.fromEntries(
      Object.entries(metadata.annotations).filter(([key]) => key.startsWith(annotationPrefix)),
    ),
    containers: toContainers(spec, status),
    isEnrolled,
    spiffeId: isEnrolled ? id.value.id : undefined,
    certificate: undefined,
    phase: phases.find((phase) => phase === status['phase']) ?? (status['phase'] === undefined ? 'Pending' : 'Unknown'),
    isReady: isReady(status),
    isTerminating: metadata.isTerminating,
    usesHostNetwork: spec['hostNetwork'] === true,
    createdAt: metadata.createdAt ?? new Date(0),
  };
}
