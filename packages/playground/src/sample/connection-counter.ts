// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';

/** Counts the connections that a server takes. */
export interface ConnectionCounter {
  add(socket: Socket): void;
  /** Without those of the kubelet and of the pod itself. */
  connections(): number;
  byAddress(): Readonly<Record<string, number>>;
}

/** Makes a counter; `hostAddress` is the node's, from which the kubelet probes. */
export function createConnectionCounter(hostAddress: string | undefined): ConnectionCounter {
  const counts = new Map<string, number>();
  return {
    add(socket) {
      const address = (socket.remoteAddress ?? '').replace('::ffff:', '');
      counts.set(address, (counts.get(address) ?? 0) + 1);
    },
    connections: () =>
      [...counts]
        .filter(([address]) => address !== '127.0.0.1' && address !== hostAddress)
        .reduce((sum, [, n]) => sum + n, 0),
    byAddress: () => Object.fromEntries(counts),
  };
}
