// SPDX-License-Identifier: Apache-2.0

/** What one run of a contender did. */
export interface Sample {
  readonly operations: number;
  readonly elapsedMs: number;
  /** What was seen beside the rate: refusals, rows, bytes. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Something that is measured. */
export interface Contender {
  /** `ours` and `floor` occur once; every other name is a peer's. */
  readonly name: string;
  run(durationMs: number): Promise<Sample>;
}

/** A set of contenders, ready to run. */
export interface PreparedBenchmark {
  readonly contenders: readonly Contender[];
  /** Versions of what takes part. */
  readonly versions: Readonly<Record<string, string>>;
  /** Looks at the results; returns what makes them worthless. */
  check?(results: ReadonlyMap<string, Result>): readonly string[];
  stop(): Promise<void>;
}

/** A benchmark by name. */
export interface Benchmark {
  readonly name: string;
  /** What one operation is. */
  readonly operation: string;
  prepare(say: (text: string) => void): Promise<PreparedBenchmark>;
}

/** All runs of one contender. */
export interface Result {
  /** Median of the runs, operations per second. */
  readonly rate: number;
  readonly rates: readonly number[];
  readonly operations: number;
  /** Sums over the runs. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What is printed; the keys are those of the JSON document. */
export interface Report {
  readonly name: string;
  readonly operation: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly ours: Result | undefined;
  readonly floor: Result | undefined;
  readonly peers: Readonly<Record<string, Result>>;
  /** Our rate divided by that of the floor and of each peer. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Why these figures must not be used; empty when they may. */
  readonly problems: readonly string[];
}

/** Middle value; the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function summarise(samples: readonly Sample[]): Result {
  const rates = samples.map((sample) => (sample.operations / sample.elapsedMs) * 1000);
  const counters: Record<string, number> = {};
  for (const sample of samples) {
    for (const [name, count] of Object.entries(sample.counters)) counters[name] = (counters[name] ?? 0) + count;
  }
  return {
    rate: median(rates),
    rates,
    operations: samples.reduce((sum, sample) => sum + sample.operations, 0),
    counters,
  };
}

/**
 * Runs the contenders in turns, starting with another one in each round, so that a machine that gets slower or faster
 * meanwhile does so for all of them.
 */
export async function runInTurns(
  contenders: readonly Contender[],
  o: {
    readonly rounds: number;
    readonly durationMs: number;
    readonly onSample: (name: string, sample: Sample) => void;
  },
): Promise<ReadonlyMap<string, Result>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < o.rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(round + turn) % contenders.length];
      if (contender === undefined) continue;
      const sample = await contender.run(o.durationMs);
      o.onSample(contender.name, sample);
      samples.get(contender.name)?.push(sample);
    }
  }
  return new Map([...samples].map(([name, list]) => [name, summarise(list)]));
}

/** Puts results into the form that is printed. */
export function buildReport(o: {
  readonly benchmark: Benchmark;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly results: ReadonlyMap<string, Result>;
  readonly problems: readonly string[];
}): Report {
  const ours = o.results.get('ours');
  const others = [...o.results].filter(([name]) => name !== 'ours');
  const ratios = ours === undefined ? [] : others.map(([name, result]) => [name, ours.rate / result.rate] as const);
  return {
    name: o.benchmark.name,
    operation: o.benchmark.operation,
    versions: o.versions,
    machine: o.machine,
    ours,
    floor: o.results.get('floor'),
    peers: Object.fromEntries(others.filter(([name]) => name !== 'floor')),
    ratios: Object.fromEntries(ratios),
    problems: o.problems,
  };
}
