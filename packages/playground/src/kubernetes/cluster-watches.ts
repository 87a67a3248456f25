// SPDX-License-Identifier: Apache-2.0
import type { KubeClient } from '@signet/kube';
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import type { KubeObject, PodObject, ServiceObject } from '../controller/kubernetes-objects.ts';
import { startObjectWatch, type ObjectWatch } from './object-watch.ts';

/** The objects that kubelet, DNS and Service addresses need. */
export interface ClusterWatches {
  namespaces(): readonly KubeObject[];
  services(): readonly ServiceObject[];
  slices(): readonly EndpointSlice[];
  pods(): readonly PodObject[];
  stop(): void;
}

/** Starts the watches; resolves once every kind has been listed. */
export async function startClusterWatches(
  client: KubeClient,
  on: { readonly pods: () => void; readonly services: () => void },
): Promise<ClusterWatches> {
  const watch = (apiVersion: string, plural: string, kind: string): Promise<ObjectWatch> =>
    startObjectWatch({
      client,
      apiVersion,
      kind,
      path: `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}/${plural}`,
      onChange: kind === 'Pod' || kind === 'Namespace' ? on.pods : on.services,
    });
  const [namespaces, services, slices, pods] = await Promise.all([
    watch('v1', 'namespaces', 'Namespace'),
    watch('v1', 'services', 'Service'),
    watch('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
    watch('v1', 'pods', 'Pod'),
  ]);
  return {
    namespaces: () => namespaces.list(),
    services: () => services.list() as readonly ServiceObject[],
    slices: () => slices.list().map(toSlice),
    pods: () => pods.list() as readonly PodObject[],
    stop() {
      for (const one of [namespaces, services, slices, pods]) one.stop();
    },
  };
}

/** The API server writes null for a slice without ports or endpoints. */
function toSlice(object: KubeObject): EndpointSlice {
  const slice = object as Partial<EndpointSlice> & KubeObject;
  return { ...slice, addressType: 'IPv4', ports: slice.ports ?? [], endpoints: slice.endpoints ?? [] };
}
