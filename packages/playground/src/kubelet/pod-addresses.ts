// SPDX-License-Identifier: Apache-2.0
import { networkPlan, nodeNames } from '../network-plan.ts';

/** Addresses of the pods of one cluster. */
export interface PodAddresses {
  allocate(node: string): string;
  release(address: string): void;
}

/** Addresses are handed out in a circle, so that a freed one rests for as long as possible. */
export function createPodAddresses(): PodAddresses {
  const used = new Set<string>();
  const next = new Map<string, number>();
  return {
    allocate(node) {
      const third =
        1 +
        Math.max(
          0,
          nodeNames.findIndex((name) => name === node),
        );
      for (let step = 0; step < 253; step += 1) {
        const at = next.get(node) ?? 2;
        next.set(node, at >= 254 ? 2 : at + 1);
        const address = `${networkPlan.podPrefix}.${third}.${at}`;
        if (used.has(address)) continue;
        used.add(address);
        return address;
      }
      throw new Error(`node ${node} has no free pod address: 253 pods run there`);
    },
    release: (address) => void used.delete(address),
  };
}
