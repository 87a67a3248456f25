// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { networkPlan } from '../network-plan.ts';
import type { ServiceObject, ServiceSpec } from './kubernetes-objects.ts';

/** Picks a free address of the service range; the same Service gets the same one unless it is taken. */
export function allocateClusterIp(key: string, taken: ReadonlySet<string>): string {
  const start = createHash('sha256').update(key).digest().readUInt16BE(0);
  for (let step = 0; step < 0x10000; step += 1) {
    const offset = (start + step) % 0x10000;
    const address = `${networkPlan.servicePrefix}.${offset >> 8}.${offset & 0xff}`;
    // The first and last addresses are left out, as Kubernetes does.
    if (offset > 0 && offset < 0xffff && !taken.has(address)) return address;
  }
  throw new Error(`no free address in ${networkPlan.serviceRange} for Service ${key}`);
}

/** Adds what the API server adds to a Service. */
export function withServiceDefaults(
  service: ServiceObject,
  known: ServiceObject | undefined,
  taken: ReadonlySet<string>,
): ServiceSpec {
  const spec = service.spec ?? { ports: [] };
  const type = spec.type ?? 'ClusterIP';
  const ports = spec.ports.map((port) => ({
    ...port,
    protocol: port.protocol ?? 'TCP',
    targetPort: port.targetPort ?? port.port,
  }));
  if (type === 'ExternalName') return { ...spec, type, ports };
  const key = `${service.metadata.namespace ?? ''}/${service.metadata.name}`;
  const clusterIP = spec.clusterIP ?? known?.spec?.clusterIP ?? allocateClusterIp(key, taken);
  return {
    ...spec,
    type,
    ports,
    clusterIP,
    clusterIPs: [clusterIP],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  };
}
