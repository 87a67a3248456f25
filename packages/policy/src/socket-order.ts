// SPDX-License-Identifier: Apache-2.0
import type { SocketAddress } from './access-graph.ts';

/** Orders by address, then port. */
export function bySocket(a: SocketAddress, b: SocketAddress): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}

/** The items with different keys; of equal ones the last, at the place of the first. */
export function unique<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

/** Key of a socket in maps. */
export const socketKey = ({ address, port }: SocketAddress): string => `${address} ${port}`;
