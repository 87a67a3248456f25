// SPDX-License-Identifier: Apache-2.0
import { controlPlanePorts, proxyPorts } from '@signet/model';
import { networkPlan } from '../network-plan.ts';
import { captureRules } from './capture-rules.ts';

/** Capture rules of the playground's enrolled pods. */
export function podCaptureRules(): string {
  return captureRules({
    exemption: { kind: 'mark', mark: networkPlan.proxyMark },
    inboundPort: proxyPorts.inbound,
    outboundPort: proxyPorts.outbound,
    exemptInboundPorts: [proxyPorts.status],
    proxyLoopback: networkPlan.proxyLoopback,
    controlPlane: { address: networkPlan.gateway, ports: Object.values(controlPlanePorts) },
  });
}
