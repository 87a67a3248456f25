// SPDX-License-Identifier: Apache-2.0
import type { Service, ServicePort } from '@signet/model';
import { fieldsOf, listOf, textMapOf, textOf, type KubeObject } from '../kube-object.ts';
import { canonicalAddress } from './address.ts';
import { appProtocolOf } from './app-protocol.ts';

function toPort(value: unknown): ServicePort | undefined {
  const { name, port, targetPort, protocol = 'TCP', appProtocol } = fieldsOf(value);
  if (typeof port !== 'number' || protocol !== 'TCP') return undefined;
  const target =
    typeof targetPort === 'number' || (typeof targetPort === 'string' && targetPort !== '') ? targetPort : port;
  return { name: textOf(name), port, targetPort: target, protocol: appProtocolOf(textOf(appProtocol), textOf(name)) };
}

/** A Service with its TCP ports; others are none of the mesh's business. */
export function toService(object: KubeObject): Service {
  const { metadata } = object;
  const spec = fieldsOf(object.body['spec']);
  const addresses = listOf(spec['clusterIPs']).filter((one) => typeof one === 'string');
  const clusterIps = addresses.length > 0 ? addresses : [textOf(spec['clusterIP'])];
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    clusterIps: clusterIps.flatMap((one) => canonicalAddress(one) ?? []),
    selector: textMapOf(spec['selector']),
    ports: listOf(spec['ports']).flatMap((value) => toPort(value) ?? []),
    publishNotReady: spec['publishNotReadyAddresses'] === true,
    createdAt: metadata.createdAt ?? new Date(0),
  };
}
