// SPDX-License-Identifier: Apache-2.0
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import type { ServiceObject } from '../controller/kubernetes-objects.ts';
import { networkPlan } from '../network-plan.ts';

/** IPv4 addresses by name, lower case, without the final dot. */
export type DnsRecords = ReadonlyMap<string, readonly string[]>;

/** Names of the cluster: Services, and the pods of headless ones that have a host name. */
export function dnsRecords(services: readonly ServiceObject[], slices: readonly EndpointSlice[]): DnsRecords {
  const records = new Map<string, readonly string[]>();
  for (const service of services) {
    const { name, namespace } = service.metadata;
    const host = `${name}.${namespace}.svc.${networkPlan.dnsDomain}`;
    const address = service.spec?.clusterIP;
    if (address !== undefined && address !== 'None') {
      records.set(host, [address]);
      continue;
    }
    const entries = slices
      .filter(
        (slice) =>
          slice.metadata.namespace === namespace && slice.metadata.labels?.['kubernetes.io/service-name'] === name,
      )
      .flatMap((slice) => slice.endpoints)
      .filter((entry) => entry.conditions.ready);
    records.set(host, [...new Set(entries.flatMap((entry) => entry.addresses))]);
    for (const entry of entries)
      if (entry.hostname !== undefined) records.set(`${entry.hostname}.${host}`, entry.addresses);
  }
  return records;
}
