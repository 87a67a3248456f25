// SPDX-License-Identifier: Apache-2.0
import type { EndpointSlice } from '../controller/endpoint-slices.ts';
import type { ServiceObject } from '../controller/kubernetes-objects.ts';
import { networkPlan } from '../network-plan.ts';

/** One address and port of a Service with what is behind it. */
export interface VirtualAddress {
  readonly address: string;
  readonly port: number;
  /** Ready endpoints as `address:port`, in order. */
  readonly backends: readonly { readonly address: string; readonly port: number }[];
}

/** Virtual addresses of all Services with a cluster address; TCP only. */
export function virtualAddresses(
  services: readonly ServiceObject[],
  slices: readonly EndpointSlice[],
): VirtualAddress[] {
  return services.flatMap((service) => {
    const address = service.spec?.clusterIP;
    if (address === undefined || address === 'None' || address === '') return [];
    const own = slices.filter(
      (slice) =>
        slice.metadata.namespace === service.metadata.namespace &&
        slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name,
    );
    return (service.spec?.ports ?? [])
      .filter((port) => (port.protocol ?? 'TCP') === 'TCP')
      .map((port) => ({ address, port: port.port, backends: backendsOf(port.name ?? '', own) }));
  });
}

function backendsOf(portName: string, slices: readonly EndpointSlice[]): { address: string; port: number }[] {
  return slices.flatMap((slice) => {
    const port = slice.ports.find((candidate) => candidate.name === portName)?.port;
    if (port === undefined) return [];
    return slice.endpoints
      .filter((entry) => entry.conditions.ready)
      .flatMap((entry) => entry.addresses.map((address) => ({ address, port })));
  });
}

/**
 * What kube-proxy does, as input of `nft -f`: connections to a Service's address go to one of its ready endpoints at
 * random. It serves clients that nothing captures; the proxies of enrolled pods choose endpoints themselves.
 */
export function serviceRules(addresses: readonly VirtualAddress[]): string {
  const reachable = addresses.filter((address) => address.backends.length > 0);
  const chains = reachable.flatMap(({ backends }, service) =>
    backends.map(
      ({ address, port }, backend) => `  chain s${service}b${backend} { meta l4proto tcp dnat to ${address}:${port}; }`,
    ),
  );
  const rules = reachable.map(({ address, port, backends }, service) => {
    const choices = backends.map((_, backend) => `${backend} : goto s${service}b${backend}`).join(', ');
    return `    ip daddr ${address} tcp dport ${port} numgen random mod ${backends.length} vmap { ${choices} }`;
  });
  // A pod that reaches itself through its Service must see another source than itself.
  const hairpins = [...new Set(reachable.flatMap(({ backends }) => backends.map(({ address }) => address)))].map(
    (address) => `    ip saddr ${address} ip daddr ${address} masquerade`,
  );
  return `table ip signet_services
delete table ip signet_services
table ip signet_services {
${chains.join('\n')}
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
${rules.join('\n')}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${hairpins.join('\n')}
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip daddr ${networkPlan.serviceRange} meta l4proto tcp reject with tcp reset
  }
}
`;
}
