// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { run } from '../child-process.ts';
import { networkPlan } from '../network-plan.ts';

const sysctls: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '1',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  // Every packet between pods goes through the gateway on purpose: do not tell senders of a shorter way.
  'net/ipv4/conf/all/send_redirects': '0',
  'net/ipv4/conf/default/send_redirects': '0',
  // Where br_netfilter is loaded, a redirected packet would be bridged to its new destination instead of being routed.
  'net/bridge/bridge-nf-call-iptables': '0',
  'net/bridge/bridge-nf-call-ip6tables': '0',
  'net/bridge/bridge-nf-call-arptables': '0',
};

const bridgeAddress = '02:51:67:6e:65:74';

/** Sets sysctls of the current network namespace; a failure names the one that could not be set. */
function setSysctls(): void {
  for (const [name, value] of Object.entries(sysctls)) {
    if (!existsSync(`/proc/sys/${name}`)) continue;
    try {
      writeFileSync(`/proc/sys/${name}`, value);
    } catch (cause) {
      throw new Error(
        `cannot set ${name.replaceAll('/', '.')} in the cluster's network namespace; is /proc/sys read-only?`,
        { cause },
      );
    }
  }
}

/** Makes the bridge of the cluster in the current network namespace. */
export async function createClusterNetwork(): Promise<void> {
  const { bridge, gateway, prefixLength, serviceRange } = networkPlan;
  setSysctls();
  await run(
    'ip',
    ['-batch', '-'],
    [
      'link set lo up',
      // With an address of its own: else it is that of a port, and changes under the pods' feet when pods come and go.
      `link add ${bridge} address ${bridgeAddress} type bridge`,
      `addr add ${gateway}/${prefixLength} dev ${bridge}`,
      `link set ${bridge} up`,
      // Service addresses without an endpoint are refused by a rule, which sees only what has a route.
      `route add ${serviceRange} dev ${bridge}`,
    ].join('\n'),
  );
}

/** Puts the cluster's end of a pod's link on the bridge; pods reach each other through the gateway only. */
export async function attachToBridge(link: string): Promise<void> {
  await run(
    'ip',
    ['-batch', '-'],
    [
      `link set ${link} master ${networkPlan.bridge}`,
      `link set ${link} type bridge_slave isolated on`,
      `link set ${link} up`,
    ].join('\n'),
  );
}
