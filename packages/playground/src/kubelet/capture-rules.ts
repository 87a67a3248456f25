// SPDX-License-Identifier: Apache-2.0

/** How the proxy's own packets are told apart: by socket mark in a playground, by user in a cluster. */
export type ProxyExemption =
  { readonly kind: 'mark'; readonly mark: number } | { readonly kind: 'user'; readonly uid: number };

/** What the capture of one pod must know. */
export interface CaptureOptions {
  readonly exemption: ProxyExemption;
  /** Port to which connections into the pod are redirected. */
  readonly inboundPort: number;
  /** Port to which connections out of the pod are redirected. */
  readonly outboundPort: number;
  /** Ports of the pod that are served by the agent itself. */
  readonly exemptInboundPorts: readonly number[];
  /** Source address of the proxy's connections to the application. */
  readonly proxyLoopback: string;
  /** The agent cannot mark its packets, so the control plane is exempt. */
  readonly controlPlane: { readonly address: string; readonly ports: readonly number[] };
}

/** The one generator of capture rules, as input of `nft -f`. TCP only; IPv4 and IPv6 alike. */
export function captureRules(options: CaptureOptions): string {
  const own =
    options.exemption.kind === 'mark' ? `meta mark ${options.exemption.mark}` : `meta skuid ${options.exemption.uid}`;
  const { controlPlane } = options;
  return `table inet signet_capture {
  chain inbound {
    type nat hook prerouting priority dstnat; policy accept;
    tcp dport { ${options.exemptInboundPorts.join(', ')} } return
    meta l4proto tcp redirect to :${options.inboundPort}
  }
  chain outbound {
    type nat hook output priority -100; policy accept;
    ip saddr ${options.proxyLoopback} return
    oifname "lo" ip daddr != 127.0.0.0/8 ${own} meta l4proto tcp redirect to :${options.inboundPort}
    oifname "lo" return
    ${own} return
    ip daddr ${controlPlane.address} tcp dport { ${controlPlane.ports.join(', ')} } return
    meta l4proto tcp redirect to :${options.outboundPort}
  }
}
`;
}
