import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { EventCounter, ProtocolCounters, TenantCounters } from './counters.js';
import { histogramMetric } from './histogram-reading.js';
import { LatencyHistogram } from './latency-histogram.js';
import { type MetricLabels, Series } from './series.js';
import { type MetricRow, protocolMetrics, tenantMetrics } from './metric-table.js';

export interface MetricsOptions {
  readonly version?: string;
  /** Metrics of the Node process: memory, CPU, event loop lag, garbage collection. Default true. */
  readonly processMetrics?: boolean;
}

/** One time series, now. */
export interface MetricReading {
  readonly labels: MetricLabels;
  readonly value: number;
}

export interface MetricDefinition {
  /** `pulsegate_<what>_<unit>`, counters with `_total` at the end. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Called on each scrape. */
  read(): number | Iterable<MetricReading>;
}

// Label values come from configuration and from fixed words, never from clients; these bounds are for a caller that
// breaks the rule. What is over them is counted together.
const errorCodesMax = 512;
const tenantsMax = 10_000;
const latenciesMax = 512;

/**
 * The process's metrics. The data path owns plain objects with numbers in them (`ProtocolCounters` and its like);
 * prom-client sees them only when somebody scrapes.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #protocols = new Map<string, ProtocolCounters>();
  readonly #tenants = new Series('tenant', tenantsMax, () => new TenantCounters());
  readonly #errors = new Series('code', errorCodesMax, () => new EventCounter());
  readonly #latencies = new Series('operation', latenciesMax, () => new LatencyHistogram());

  constructor(options: MetricsOptions = {}) {
    this.#registerTables();
    this.gauge({
      name: 'pulsegate_build_info',
      help: 'Always 1; the labels say which version runs.',
      labelNames: ['version', 'node'],
      read: () => [{ labels: { version: options.version ?? 'unknown', node: process.version }, value: 1 }],
    });
    if (options.processMetrics !== false) this.#registerProcessMetrics();
  }

  protocol(name: string): ProtocolCounters {
    let counters = this.#protocols.get(name);
    if (counters === undefined) this.#protocols.set(name, (counters = new ProtocolCounters()));
    return counters;
  }

  tenant(protocol: string, tenant: string): TenantCounters {
    return this.#tenants.of(protocol, tenant);
  }

  /** Answers with an error, by the protocol's own error code. */
  errors(protocol: string, code: string): EventCounter {
    return this.#errors.of(protocol, code);
  }

  /** Time from a request's last byte to its answer. `operation` is a fixed word: `produce`, `metadata`. */
  latency(protocol: string, operation: string): LatencyHistogram {
    return this.#latencies.of(protocol, operation);
  }

  gauge(definition: MetricDefinition): void {
    const { name, help, labelNames = [], read } = definition;
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of readings(read())) this.set(labels, value);
      },
    });
  }

  counter(definition: MetricDefinition): void {
    const { name, help, labelNames = [], read } = definition;
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of readings(read())) this.inc(labels, value);
      },
    });
  }

  /** All metrics in Prometheus' text format, of `contentType`. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #registerTables(): void {
    for (const row of protocolMetrics) {
      const all = () =>
        [...this.#protocols].map(([protocol, counters]) => ({ labels: { protocol }, counters }));
      this.#registerRow(row, ['protocol'], all);
    }
    for (const row of tenantMetrics) {
      const all = () => [...this.#tenants].map(({ labels, counts }) => ({ labels, counters: counts }));
      this.#registerRow(row, ['protocol', 'tenant'], all);
    }
    this.counter({
      name: 'pulsegate_errors_total',
      help: "Answers with an error, by the protocol's error code.",
      labelNames: ['protocol', 'code'],
      read: () => [...this.#errors].map(({ labels, counts }) => ({ labels, value: counts.value })),
    });
    const latency = 'pulsegate_request_duration_seconds';
    const help = 'Time from the last byte of a request to its answer.';
    this.#registry.registerMetric(histogramMetric(latency, help, () => this.#latencies));
  }

  #registerRow<C extends object>(
    row: MetricRow<C>,
    labelNames: readonly string[],
    all: () => { labels: MetricLabels; counters: C }[],
  ): void {
    const { label, scale = 1 } = row;
    const series = Object.entries(row.series) as [keyof C, string][];
    this[row.type]({
      name: row.name,
      help: row.help,
      labelNames: label === undefined ? labelNames : [...labelNames, label],
      read: () =>
        all().flatMap(({ labels, counters }) =>
          series.map(([field, value]) => ({
            labels: label === undefined ? labels : { ...labels, [label]: value },
            value: (counters[field] as number) * scale,
          })),
        ),
    });
  }

  #registerProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 20 });
    // Gauges whose names end like a counter's: Prometheus' linter refuses them, and the same facts are in the
    // metrics of the same name without `_total`.
    for (const name of ['handles', 'requests', 'resources']) {
      this.#registry.removeSingleMetric(`nodejs_active_${name}_total`);
    }
  }
}

function readings(read: number | Iterable<MetricReading>): Iterable<MetricReading> {
  return typeof read === 'number' ? [{ labels: {}, value: read }] : read;
}
