// SPDX-License-Identifier: Apache-2.0
import type { Server, Socket } from 'node:net';

/** How many connections a server keeps. */
export interface ConnectionLimit {
  readonly total: number;
  readonly perAddress: number;
}

/** Connections in the order in which they came. */
class Kept {
  readonly #byAddress = new Map<string, Set<Socket>>();
  #total = 0;

  add(address: string, socket: Socket): void {
    const sockets = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, sockets.add(socket));
    this.#total += 1;
    socket.once('close', () => this.#remove(address, socket));
  }

  #remove(address: string, socket: Socket): void {
    const sockets = this.#byAddress.get(address);
    if (sockets?.delete(socket) !== true) return;
    this.#total -= 1;
    if (sockets.size === 0) this.#byAddress.delete(address);
  }

  /** Ends the oldest of the address, or of the one that has most, as long as there are more than the limit. */
  trim(address: string, limit: ConnectionLimit): void {
    if ((this.#byAddress.get(address)?.size ?? 0) > limit.perAddress) this.#endOldest(address);
    if (this.#total <= limit.total) return;
    const [busiest] = [...this.#byAddress].reduce((most, one) => (one[1].size > most[1].size ? one : most));
    this.#endOldest(busiest);
  }

  #endOldest(address: string): void {
    const [oldest] = this.#byAddress.get(address) ?? [];
    if (oldest === undefined) return;
    this.#remove(address, oldest);
    oldest.destroy();
  }
}

/**
 * Bounds the connections of a server whose answers are short, as probes and scrapes are: a new connection ends the oldest
 * of the same address, or of the address that has most. With `maxConnections` anybody who opens that many and sends
 * nothing would keep the kubelet out, which then takes the pod for dead.
 */
export function limitConnections(server: Server, limit: ConnectionLimit): void {
  const kept = new Kept();
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    kept.add(address, socket);
    kept.trim(address, limit);
  });
}
