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
/** Edges kept of what one pod reports, so that none of them drives out what the others say. */
export const edgesPerReporterMax = 2_000;

function keyOf(edge: Edge): string {
  const { calls: _, lastSeen: __, ...identity } = edge;
  return JSON.stringify(Object.values(identity));
}

/** Sums of calls, bounded. */
export class EdgeTable {
  readonly #edges = new Map<string, Edge>();
  readonly #reporterOf = new Map<string, string>();
  /** Keys by reporter, in the order of their newest call. */
  readonly #keysOf = new Map<string, Set<string>>();
  readonly #max: number;
  readonly #perReporterMax: number;

  constructor(max = edgesMax, perReporterMax = edgesPerReporterMax) {
    this.#max = max;
    this.#perReporterMax = perReporterMax;
  }

  /** Adds what the pod with the UID `reporter` says. */
  add(edge: Edge, reporter: string): void {
    const key = keyOf(edge);
    const keys = this.#keysOf.get(reporter) ?? new Set();
    if (this.#reporterOf.get(key) !== reporter) this.#disown(key);
    keys.delete(key);
    this.#keysOf.set(reporter, keys.add(key));
    this.#reporterOf.set(key, reporter);
    this.#put(key, edge);
    const [oldestOfReporter] = keys;
    if (keys.size > this.#perReporterMax && oldestOfReporter !== undefined) this.#remove(oldestOfReporter);
    const [oldest] = this.#edges.keys();
    if (this.#edges.size > this.#max && oldest !== undefined) this.#remove(oldest);
  }

  #put(key: string, edge: Edge): void {
    const known = this.#edges.get(key);
    // Deleted and set again, so that the map stays in order of the newest call.
    this.#edges.delete(key);
    const lastSeen = known !== undefined && known.lastSeen > edge.lastSeen ? known.lastSeen : edge.lastSeen;
    this.#edges.set(key, { ...edge, calls: (known?.calls ?? 0) + edge.calls, lastSeen });
  }

  #remove(key: string): void {
    this.#edges.delete(key);
    this.#disown(key);
    this.#reporterOf.delete(key);
  }

  #disown(key: string): void {
    const reporter = this.#reporterOf.get(key);
    const keys = reporter === undefined ? undefined : this.#keysOf.get(reporter);
    keys?.delete(key);
    if (reporter !== undefined && keys?.size === 0) this.#keysOf.delete(reporter);
  }

  /** Sorted by source, destination and the rest. */
  list(): readonly Edge[] {
    return [...this.#edges].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge);
  }
}
