// SPDX-License-Identifier: Apache-2.0
import type { SliceEndpoint } from '@signet/model';
import { fieldsOf, listOf, textOf, type KubeObject } from '../kube-object.ts';
import { endpointAddress } from './address.ts';

/** An address with the name of its pod, for slices that give no UID. */
export interface NamedSliceEndpoint extends SliceEndpoint {
  readonly podName: string;
}

interface SlicePort {
  readonly name: string;
  readonly port: number;
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function toSlicePort(value: unknown): SlicePort | undefined {
  const { name, port, protocol = 'TCP' } = fieldsOf(value);
  return isPort(port) && protocol === 'TCP' ? { name: textOf(name), port } : undefined;
}

/** Name of the Service to which an EndpointSlice belongs; empty when it belongs to none. */
export function serviceNameOf(slice: KubeObject): string {
  return slice.metadata.labels['kubernetes.io/service-name'] ?? '';
}

/**
 * The TCP addresses of an EndpointSlice. One that is no address, or no port, is left out: it would make proxies reject
 * everything that they are told beside it.
 */
export function toSliceEndpoints(slice: KubeObject): readonly NamedSliceEndpoint[] {
  if (slice.body['addressType'] === 'FQDN') return [];
  const ports = listOf(slice.body['ports']).flatMap((value) => toSlicePort(value) ?? []);
  return listOf(slice.body['endpoints']).flatMap((value) => {
    const endpoint = fieldsOf(value);
    const conditions = fieldsOf(endpoint['conditions']);
    const target = fieldsOf(endpoint['targetRef']);
    const isPod = target['kind'] === 'Pod';
    const addresses = listOf(endpoint['addresses']).flatMap((one) => {
      const address = endpointAddress(textOf(one));
      return address.ok ? [address.value] : [];
    });
    return addresses.flatMap((address) =>
      ports.map(({ name, port }) => ({
        portName: name,
        address,
        port,
        podUid: isPod ? textOf(target['uid']) : '',
        podName: isPod ? textOf(target['name']) : '',
        // A missing condition means ready (EndpointConditions of discovery.k8s.io/v1).
        isReady: conditions['ready'] !== false,
        isTerminating: conditions['terminating'] === true,
      })),
    );
  });
}
