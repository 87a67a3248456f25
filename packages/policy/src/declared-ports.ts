// SPDX-License-Identifier: Apache-2.0
import {
  matchesLabels,
  type AppProtocol,
  type InventorySnapshot,
  type Service,
  type ServicePort,
  type Workload,
} from '@signet/model';
import { isRestricting } from './selector.ts';

/** Where two Services disagree about a port, the protocol that promises less about its content wins. */
const byCaution: readonly AppProtocol[] = ['server-first', 'tls', 'tcp', 'http', 'http2', 'grpc'];

function containerProtocol(portName: string): AppProtocol {
  const [word = ''] = portName.split('-');
  if (word === 'http' || word === 'grpc' || word === 'http2') return word;
  return word === 'https' || word === 'tls' ? 'tls' : 'tcp';
}

function targetPort(port: ServicePort, workload: Workload): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort;
  const ports = workload.containers.flatMap((container) => container.ports);
  return ports.find((candidate) => candidate.name === port.targetPort && candidate.protocol === 'TCP')?.port;
}

/** Services of a snapshot by namespace. */
export type ServicesByNamespace = ReadonlyMap<string, readonly Service[]>;

/** Groups Services for declaredPorts. */
export function groupServices(snapshot: InventorySnapshot): ServicesByNamespace {
  return Map.groupBy(snapshot.services.values(), (service) => service.namespace);
}

/** Ports of a workload with their protocols: from the Services that select it, else from its containers. Ascending. */
export function declaredPorts(workload: Workload, services: ServicesByNamespace): ReadonlyMap<number, AppProtocol> {
  const found = new Map<number, AppProtocol>();
  for (const service of services.get(workload.namespace) ?? []) {
    if (!isRestricting(service.selector) || !matchesLabels(service.selector, workload.labels)) continue;
    for (const port of service.ports) {
      const number = targetPort(port, workload);
      if (number === undefined) continue;
      const known = found.get(number);
      const isMoreCautious = known === undefined || byCaution.indexOf(port.protocol) < byCaution.indexOf(known);
      if (isMoreCautious) found.set(number, port.protocol);
    }
  }
  for (const port of workload.containers.flatMap((container) => container.ports)) {
    if (port.protocol === 'TCP' && !found.has(port.port)) found.set(port.port, containerProtocol(port.name));
  }
  return new Map([...found].toSorted(([a], [b]) => a - b));
}
