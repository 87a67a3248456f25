// SPDX-License-Identifier: Apache-2.0
import type { PeerCertificate } from '@signet/runtime';

/** Knows which pod each certificate on an open connection was issued to, as far as it has called. */
export interface ConnectionGuard {
  note(serial: string, podUid: string): void;
  /** Serials that the pod has used. */
  serialsOf(podUid: string): ReadonlySet<string>;
  matches(podUid: string): (peer: PeerCertificate | undefined) => boolean;
}

const podsMax = 20_000;

/** Creates the guard; it forgets the pods that have been quiet for longest. */
export function createConnectionGuard(): ConnectionGuard {
  const serials = new Map<string, Set<string>>();
  const serialsOf = (podUid: string): ReadonlySet<string> => serials.get(podUid) ?? new Set();
  return {
    note(serial, podUid) {
      const known = serials.get(podUid) ?? new Set();
      known.add(serial);
      serials.delete(podUid);
      serials.set(podUid, known);
      const [oldest] = serials.keys();
      if (serials.size > podsMax && oldest !== undefined) serials.delete(oldest);
    },
    serialsOf,
    matches(podUid) {
      const known = serialsOf(podUid);
      return (peer) => peer !== undefined && known.has(peer.serial);
    },
  };
}
