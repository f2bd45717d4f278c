import type { Metric } from 'prom-client';
import { type LatencyHistogram, latencyBucketsMs } from './latency-histogram.js';

export interface LabelledHistogram {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: LatencyHistogram;
}

/**
 * A metric that prom-client's registry can print, over histograms that are counted elsewhere: its own Histogram can
 * only be filled one observation at a time. Milliseconds inside, seconds outside as Prometheus wants them.
 */
export function histogramMetric(name: string, help: string, all: () => Iterable<LabelledHistogram>): Metric {
  const get = async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: values(name, all()) });
  return { name, help, get, reset() {} } as unknown as Metric;
}

function values(name: string, all: Iterable<LabelledHistogram>) {
  const series: { metricName: string; labels: Record<string, string | number>; value: number }[] = [];
  for (const { labels, counts: histogram } of all) {
    let below = 0;
    for (let bucket = 0; bucket <= latencyBucketsMs.length; bucket++) {
      below += histogram.counts[bucket]!;
      const bound = latencyBucketsMs[bucket];
      const le = bound === undefined ? '+Inf' : bound / 1000;
      series.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: below });
    }
    series.push({ metricName: `${name}_sum`, labels: { ...labels }, value: histogram.sumMs / 1000 });
    series.push({ metricName: `${name}_count`, labels: { ...labels }, value: below });
  }
  return series;
}
