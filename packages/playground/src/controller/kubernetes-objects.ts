// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

// The fields that controller and kubelet read; everything else of a manifest is kept and passed on as it is.
const stringMap = z.record(z.string(), z.string());
const portNumber = z.number().int().min(1).max(65_535);
const portReference = z.union([portNumber, z.string().min(1)]);

const ownerReference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
});

export const metadataShape = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().optional(),
  labels: stringMap.nullish(),
  annotations: stringMap.nullish(),
  ownerReferences: z.array(ownerReference).optional(),
});

const probe = z.looseObject({
  httpGet: z
    .looseObject({
      path: z.string().optional(),
      port: portReference,
      scheme: z.string().optional(),
      httpHeaders: z.array(z.looseObject({ name: z.string(), value: z.string() })).optional(),
    })
    .optional(),
  tcpSocket: z.looseObject({ port: portReference }).optional(),
  grpc: z.looseObject({ port: portNumber, service: z.string().nullish() }).optional(),
  exec: z.looseObject({ command: z.array(z.string()) }).optional(),
  initialDelaySeconds: z.number().optional(),
  periodSeconds: z.number().optional(),
  timeoutSeconds: z.number().optional(),
  successThreshold: z.number().optional(),
  failureThreshold: z.number().optional(),
});

const container = z.looseObject({
  name: z.string().min(1),
  image: z.string().default(''),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z.looseObject({ fieldRef: z.looseObject({ fieldPath: z.string() }).optional() }).optional(),
      }),
    )
    .optional(),
  ports: z
    .array(z.looseObject({ name: z.string().optional(), containerPort: portNumber, protocol: z.string().optional() }))
    .optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  startupProbe: probe.optional(),
  lifecycle: z
    .looseObject({
      preStop: z
        .looseObject({
          sleep: z.looseObject({ seconds: z.number() }).optional(),
          exec: z.looseObject({ command: z.array(z.string()) }).optional(),
        })
        .optional(),
    })
    .optional(),
});

export const podSpecShape = z.looseObject({
  containers: z.array(container).min(1),
  initContainers: z.array(container).optional(),
  serviceAccountName: z.string().optional(),
  nodeName: z.string().optional(),
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).optional(),
  terminationGracePeriodSeconds: z.number().optional(),
  hostNetwork: z.boolean().optional(),
});

export const podTemplateShape = z.looseObject({ metadata: metadataShape.partial().optional(), spec: podSpecShape });
const selector = z.looseObject({ matchLabels: stringMap });
const replicas = z.number().int().min(0).max(100).default(1);

export const deploymentSpecShape = z.looseObject({ replicas, selector, template: podTemplateShape });
export const statefulSetSpecShape = z.looseObject({
  replicas,
  selector,
  template: podTemplateShape,
  serviceName: z.string().optional(),
});

const servicePort = z.looseObject({
  name: z.string().optional(),
  port: portNumber,
  targetPort: portReference.optional(),
  protocol: z.string().optional(),
  appProtocol: z.string().optional(),
});

export const serviceSpecShape = z.looseObject({
  selector: stringMap.nullish(),
  clusterIP: z.string().optional(),
  type: z.string().optional(),
  publishNotReadyAddresses: z.boolean().optional(),
  ports: z.array(servicePort).default([]),
});

export type Metadata = z.infer<typeof metadataShape>;
export type OwnerReference = z.infer<typeof ownerReference>;
export type Probe = z.infer<typeof probe>;
export type ContainerSpec = z.infer<typeof container>;
export type PodSpec = z.infer<typeof podSpecShape>;
export type PodTemplate = z.infer<typeof podTemplateShape>;
export type DeploymentSpec = z.infer<typeof deploymentSpecShape>;
export type StatefulSetSpec = z.infer<typeof statefulSetSpecShape>;
export type ServiceSpec = z.infer<typeof serviceSpecShape>;

/** Any object; `spec` is what the kind's shape made of it. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: Spec;
  readonly status?: Status;
}

/** A condition as pods carry it. */
export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime: string;
  readonly reason?: string;
  readonly message?: string;
}

/** State of one container as the kubelet reports it. */
export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly containerID: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: Readonly<Record<string, unknown>>;
}

/** Status of a pod. */
export interface PodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly hostIP?: string;
  readonly startTime?: string;
  /** Absent until the kubelet has reported. */
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses: readonly ContainerStatus[];
}

export type PodObject = KubeObject<PodSpec, PodStatus>;
export type ServiceObject = KubeObject<ServiceSpec>;

/** Key of an object in maps and file names. */
export function kubeKey(object: {
  readonly kind: string;
  readonly metadata: Pick<Metadata, 'name' | 'namespace'>;
}): string {
  const { name, namespace } = object.metadata;
  return namespace === undefined || namespace === '' ? `${object.kind}.${name}` : `${object.kind}.${namespace}.${name}`;
}

/** True when the pod's Ready condition holds. */
export function isPodReady(pod: PodObject): boolean {
  return (
    pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
  );
}

/** True when every label of the selector is on the object. */
export function selects(
  selectorLabels: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  const entries = Object.entries(selectorLabels);
  return entries.length > 0 && entries.every(([name, value]) => labels?.[name] === value);
}
