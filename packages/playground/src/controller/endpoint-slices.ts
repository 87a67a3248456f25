// SPDX-License-Identifier: Apache-2.0
import { controllerReference } from './build-pod.ts';
import { isPodReady, selects, type KubeObject, type PodObject, type ServiceObject } from './kubernetes-objects.ts';
import { nameSuffix } from './object-identity.ts';

/** One address of an EndpointSlice. */
export interface SliceEntry {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  readonly targetRef: { readonly kind: 'Pod'; readonly namespace: string; readonly name: string; readonly uid: string };
  readonly nodeName: string;
  readonly hostname?: string;
}

/** One port of an EndpointSlice. */
export interface SlicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** An EndpointSlice. */
export interface EndpointSlice extends KubeObject {
  readonly addressType: 'IPv4';
  readonly endpoints: readonly SliceEntry[];
  readonly ports: readonly SlicePort[];
}

/** What the EndpointSlice controller writes for a Service: every selected pod that has an address, by labels alone. */
export function endpointSlicesOf(service: ServiceObject, pods: readonly PodObject[]): EndpointSlice[] {
  const selector = service.spec?.selector ?? {};
  const groups = new Map<string, { ports: SlicePort[]; endpoints: SliceEntry[] }>();
  for (const pod of pods) {
    if (pod.metadata.namespace !== service.metadata.namespace || !selects(selector, pod.metadata.labels)) continue;
    const entry = entryOf(pod, service.spec?.publishNotReadyAddresses === true);
    if (entry === undefined) continue;
    // Pods whose named ports have different numbers stand in different slices.
    const ports = portsOf(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(entry);
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => sliceOf(service, key, group));
}

function sliceOf(
  service: ServiceObject,
  key: string,
  group: { ports: SlicePort[]; endpoints: SliceEntry[] },
): EndpointSlice {
  const { name, namespace } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${nameSuffix(`${namespace}/${name}/${key}`, 5)}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints: group.endpoints.toSorted((a, b) => a.targetRef.name.localeCompare(b.targetRef.name)),
    ports: group.ports,
  };
}

function entryOf(pod: PodObject, publishNotReady: boolean): SliceEntry | undefined {
  const { status, spec, metadata } = pod;
  if (status?.podIP === undefined || status.phase === 'Succeeded' || status.phase === 'Failed') return undefined;
  const terminating = metadata.deletionTimestamp !== undefined;
  const serving = isPodReady(pod);
  const hostname = spec?.['hostname'];
  return {
    addresses: [status.podIP],
    conditions: { ready: publishNotReady || (serving && !terminating), serving, terminating },
    targetRef: { kind: 'Pod', namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid ?? '' },
    nodeName: spec?.nodeName ?? '',
    ...(typeof hostname === 'string' ? { hostname } : {}),
  };
}

function portsOf(service: ServiceObject, pod: PodObject): SlicePort[] {
  const declared = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return (service.spec?.ports ?? []).flatMap((port) => {
    const target = port.targetPort ?? port.port;
    const number =
      typeof target === 'number' ? target : declared.find((candidate) => candidate.name === target)?.containerPort;
    if (number === undefined) return [];
    const { appProtocol } = port;
    return [
      {
        name: port.name ?? '',
        port: number,
        protocol: port.protocol ?? 'TCP',
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ];
  });
}
