// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Label sets are closed: no ids, no names, no messages as label values. */
export type MetricLabels = Readonly<Record<string, string | number>>;

/** Rises only. */
export interface CounterMetric {
  increment(labels?: MetricLabels, by?: number): void;
}

/** Rises and falls. */
export interface GaugeMetric {
  set(value: number, labels?: MetricLabels): void;
  /** Calls `read` at each scrape. */
  collect(read: () => number): void;
}

/** Distribution of durations or sizes. */
export interface HistogramMetric {
  observe(value: number, labels?: MetricLabels): void;
}

/** What a metric is; docs/metrics.md lists these. */
export interface MetricDescription {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** The metrics of one component, named `signet_<component>_<noun>_<unit>[_total]`. */
export interface Metrics {
  /** Asking twice for one name returns the same metric. */
  counter(name: string, help: string, labels?: readonly string[]): CounterMetric;
  gauge(name: string, help: string, labels?: readonly string[]): GaugeMetric;
  histogram(name: string, help: string, labels?: readonly string[], buckets?: readonly number[]): HistogramMetric;
  /** Prometheus text format. */
  render(): Promise<string>;
  describe(): readonly MetricDescription[];
}

const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

class RegistryMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #prefix: string;
  readonly #made = new Map<string, { readonly description: MetricDescription; readonly metric: unknown }>();

  constructor(component: string) {
    this.#prefix = `signet_${component.replaceAll('-', '_')}_`;
    // Event-loop delay, heap and RSS; under Node's usual names.
    collectDefaultMetrics({ register: this.#registry });
  }

  #get<M>(description: MetricDescription, create: () => M): M {
    const known = this.#made.get(description.name);
    if (known !== undefined) {
      if (known.description.kind !== description.kind)
        throw new Error(`metric ${description.name} exists with another kind`);
      return known.metric as M;
    }
    const metric = create();
    this.#made.set(description.name, { description, metric });
    return metric;
  }

  #describe(given: MetricDescription): MetricDescription {
    return { ...given, name: given.name.startsWith('signet_') ? given.name : `${this.#prefix}${given.name}` };
  }

  counter(name: string, help: string, labels: readonly string[] = []): CounterMetric {
    const description = this.#describe({ kind: 'counter', name, help, labels });
    return this.#get(description, () => {
      const counter = new Counter({
        name: description.name,
        help,
        labelNames: [...labels],
        registers: [this.#registry],
      });
      return { increment: (values: MetricLabels = {}, by = 1) => counter.inc({ ...values }, by) };
    });
  }

  gauge(name: string, help: string, labels: readonly string[] = []): GaugeMetric {
    const description = this.#describe({ kind: 'gauge', name, help, labels });
    return this.#get(description, () => {
      let read: (() => number) | undefined;
      const gauge = new Gauge({
        name: description.name,
        help,
        labelNames: [...labels],
        registers: [this.#registry],
        collect() {
          if (read !== undefined) this.set(read());
        },
      });
      return {
        set: (value: number, values: MetricLabels = {}) => gauge.set({ ...values }, value),
        collect: (reader: () => number) => {
          read = reader;
        },
      };
    });
  }

  // oxlint-disable-next-line max-params -- name, help, labels, buckets: the order of Prometheus clients everywhere
  histogram(
    name: string,
    help: string,
    labels: readonly string[] = [],
    buckets: readonly number[] = defaultBuckets,
  ): HistogramMetric {
    const description = this.#describe({ kind: 'histogram', name, help, labels });
    return this.#get(description, () => {
      const histogram = new Histogram({
        name: description.name,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers: [this.#registry],
      });
      return { observe: (value: number, values: MetricLabels = {}) => histogram.observe({ ...values }, value) };
    });
  }

  async render(): Promise<string> {
    return await this.#registry.metrics();
  }

  describe(): readonly MetricDescription[] {
    return [...this.#made.values()].map((made) => made.description).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Creates the metric registry of a component. */
export function createMetrics(component: string): Metrics {
  return new RegistryMetrics(component);
}
