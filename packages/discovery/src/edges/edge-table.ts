// SPDX-License-Identifier: Apache-2.0

/** Calls from one workload to another, summed up over everything that tells them apart. */
export interface Edge {
  /** namespace/workload, or an address for a caller outside the mesh. */
  readonly source: string;
  readonly sourcePod: string;
  readonly sourceSpiffeId: string;
  readonly sourceSerial: string;
  /** namespace/workload. */
  readonly destination: string;
  readonly destinationPod: string;
  readonly destinationPort: number;
  readonly destinationSerial: string;
  readonly transport: string;
  readonly verdict: string;
  readonly rule: string;
  readonly tlsVersion: string;
  readonly calls: number;
  readonly lastSeen: Date;
}

/** Edges kept at most; the ones without a call for longest give way. */
export const edgesMax = 20_000;

function keyOf(edge: Edge): string {
  const { calls: _, lastSeen: __, ...identity } = edge;
  return JSON.stringify(Object.values(identity));
}

/** Sums of calls, bounded. */
export class EdgeTable {
  readonly #edges = new Map<string, Edge>();
  readonly #max: number;

  constructor(max = edgesMax) {
    this.#max = max;
  }

  add(edge: Edge): void {
    const key = keyOf(edge);
    const known = this.#edges.get(key);
    // Deleted and set again, so that the map stays in order of the newest call.
    this.#edges.delete(key);
    const lastSeen = known !== undefined && known.lastSeen > edge.lastSeen ? known.lastSeen : edge.lastSeen;
    this.#edges.set(key, { ...edge, calls: (known?.calls ?? 0) + edge.calls, lastSeen });
    if (this.#edges.size > this.#max) {
      for (const oldest of this.#edges.keys()) {
        this.#edges.delete(oldest);
        break;
      }
    }
  }

  /** Sorted by source, destination and the rest. */
  list(): readonly Edge[] {
    return [...this.#edges].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge);
  }
}
