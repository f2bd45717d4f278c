import { describe, expect, it } from '@jest/globals';
import { latencyBucketsMs } from './latency-histogram.js';
import { Metrics } from './metrics.js';

function start() {
  return new Metrics({ version: '1.2.3', processMetrics: false });
}

describe('Metrics', () => {
  it('shows the numbers that the data path has counted, at each scrape anew', async () => {
    const metrics = start();
    const kafka = metrics.protocol('kafka');
    expect(metrics.protocol('kafka')).toBe(kafka);
    kafka.connectionsOpened = 3;
    kafka.connectionsOpen = 2;
    kafka.connectionsRefusedAddress = 1;
    kafka.malformed = 4;
    const acme = metrics.tenant('kafka', 'acme');
    expect(metrics.tenant('kafka', 'acme')).toBe(acme);
    acme.produceMessages = 1_000_000;
    acme.throttledMs = 1_500;
    metrics.tenant('kafka', 'demo').produceMessages = 1;
    metrics.errors('kafka', 'CORRUPT_MESSAGE').inc();
    metrics.errors('kafka', 'CORRUPT_MESSAGE').inc(2);
    const text = await metrics.exposition();
    for (const line of [
      '# TYPE pulsegate_connections_opened_total counter',
      'pulsegate_connections_opened_total{protocol="kafka"} 3',
      '# TYPE pulsegate_connections_open gauge',
      'pulsegate_connections_open{protocol="kafka"} 2',
      'pulsegate_connections_refused_total{protocol="kafka",limit="address"} 1',
      'pulsegate_connections_refused_total{protocol="kafka",limit="listener"} 0',
      'pulsegate_connection_faults_total{protocol="kafka",reason="malformed-frame"} 4',
      'pulsegate_produce_messages_total{protocol="kafka",tenant="acme"} 1000000',
      'pulsegate_produce_messages_total{protocol="kafka",tenant="demo"} 1',
      'pulsegate_throttle_seconds_total{protocol="kafka",tenant="acme"} 1.5',
      'pulsegate_errors_total{protocol="kafka",code="CORRUPT_MESSAGE"} 3',
      `pulsegate_build_info{version="1.2.3",node="${process.version}"} 1`,
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    kafka.connectionsOpen = 0;
    acme.produceMessages++;
    const again = await metrics.exposition();
    expect(again).toContain('pulsegate_connections_open{protocol="kafka"} 0\n');
    expect(again).toContain('pulsegate_produce_messages_total{protocol="kafka",tenant="acme"} 1000001\n');
    expect(metrics.contentType).toContain('text/plain');
  });

  it('shows gauges and counters of other parts', async () => {
    const metrics = start();
    metrics.gauge({ name: 'pulsegate_pulsar_connected', help: 'h', read: () => 1 });
    metrics.counter({
      name: 'pulsegate_things_total',
      help: 'h',
      labelNames: ['kind'],
      read: () => [
        { labels: { kind: 'a' }, value: 5 },
        { labels: { kind: 'b"\n' }, value: 6 },
      ],
    });
    const text = await metrics.exposition();
    expect(text).toContain('pulsegate_pulsar_connected 1\n');
    expect(text).toContain('pulsegate_things_total{kind="a"} 5\n');
    expect(text).toContain('pulsegate_things_total{kind="b\\"\\n"} 6\n');
  });

  it('shows latencies as a histogram in seconds', async () => {
    const metrics = start();
    const produce = metrics.latency('kafka', 'produce');
    for (const durationMs of [0.2, 0.5, 3, 3, 60_000]) produce.observe(durationMs);
    expect(produce.count).toBe(5);
    const text = await metrics.exposition();
    const labels = 'protocol="kafka",operation="produce"';
    for (const line of [
      '# TYPE pulsegate_request_duration_seconds histogram',
      `pulsegate_request_duration_seconds_bucket{${labels},le="0.0005"} 2`,
      `pulsegate_request_duration_seconds_bucket{${labels},le="0.002"} 2`,
      `pulsegate_request_duration_seconds_bucket{${labels},le="0.005"} 4`,
      `pulsegate_request_duration_seconds_bucket{${labels},le="10"} 4`,
      `pulsegate_request_duration_seconds_bucket{${labels},le="+Inf"} 5`,
      `pulsegate_request_duration_seconds_count{${labels}} 5`,
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text.match(/_bucket/g)).toHaveLength(latencyBucketsMs.length + 1);
  });

  it('does not grow with labels that somebody made up', async () => {
    const metrics = start();
    for (let code = 0; code < 10_000; code++) metrics.errors('kafka', `CODE_${code}`).inc();
    for (let operation = 0; operation < 2_000; operation++)
      metrics.latency('kafka', `op-${operation}`).observe(1);
    const text = await metrics.exposition();
    expect(text.match(/^pulsegate_errors_total\{/gm)!.length).toBeLessThanOrEqual(513);
    expect(text).toContain('pulsegate_errors_total{protocol="kafka",code="other"} 9488\n');
    expect(text.match(/_duration_seconds_count\{/g)!.length).toBeLessThanOrEqual(513);
  });

  it('names metrics as the Prometheus linter wants them', async () => {
    const metrics = new Metrics();
    metrics.protocol('kafka');
    metrics.tenant('kafka', 'acme');
    const text = await metrics.exposition();
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect(text).toContain('process_resident_memory_bytes');
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({
      name: name!,
      type,
    }));
    expect(types.length).toBeGreaterThan(40);
    for (const { name, type } of types) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(name).not.toMatch(/_(ms|milliseconds|kb|minutes|count|sum|bucket|counter|gauge)(_|$)/);
    }
    expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
    for (const { name } of types) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
  });
});
