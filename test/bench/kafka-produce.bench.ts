// Kafka's ProducerPerformance through the gateway against the official Pulsar client in Java, same broker, same run.
import { oracleLatency, oraclePerf } from '../support/pulsar-oracle.js';
import { type BenchPlace, inBenchPlace, newTopic, say } from './bench-place.js';
import { kafkaLatency, producerPerformance, resolveKafkaTools } from './kafka-tools.js';
import { cpuSeconds } from './process-cpu.js';
import { Report } from './report.js';

const recordBytes = 1_024;
const records = Number(process.env.PULSEGATE_BENCH_RECORDS ?? 600_000);
const warmupRecords = Math.floor(records / 3);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const partitionCounts = [1, 3];
const latencyRate = 1_000;
const latencyRecords = 20_000;
const goals = { ratioMin: 0.3, cpuSecondsPerMillionMax: 3, addedMedianMsMax: 1, addedP99MsMax: 5 };

interface ThroughputRun {
  readonly native: number;
  readonly kafka: number;
  readonly gatewayCpuSecondsPerMillion: number;
}

async function throughputRun(place: BenchPlace, partitions: number, run: number): Promise<ThroughputRun> {
  const topics = await newTopics(place, partitions);
  const [native] = await oraclePerf(place.pulsar.serviceUrl, topics.native, {
    records,
    warmupRecords,
    recordBytes,
  });
  const before = cpuSeconds(place.gateway.pid);
  const kafka = await producerPerformance({
    bootstrap: place.gateway.kafka,
    topic: topics.kafka,
    records: records + warmupRecords,
    warmupRecords,
    recordBytes,
    throughput: -1,
    properties: { acks: 'all' },
  });
  const cpu = ((cpuSeconds(place.gateway.pid) - before) * 1e6) / (records + warmupRecords);
  const result = {
    native: native?.recordsPerSecond ?? Number.NaN,
    kafka: kafka.recordsPerSecond,
    gatewayCpuSecondsPerMillion: cpu,
  };
  say(
    `${partitions} partition(s), run ${run}: native ${Math.round(result.native)}/s, Kafka ${Math.round(result.kafka)}/s, ` +
      `ratio ${(result.kafka / result.native).toFixed(3)}, gateway ${cpu.toFixed(2)} CPU s per million records`,
  );
  return result;
}

async function latencyRun(place: BenchPlace): Promise<{ addedMedianMs: number; addedP99Ms: number }> {
  const topics = await newTopics(place, 1);
  const load = { records: latencyRecords, warmupRecords: latencyRecords / 2, recordBytes, rate: latencyRate };
  const { produceMs: native } = await oracleLatency(
    place.pulsar.serviceUrl,
    `${topics.native}-partition-0`,
    load,
  );
  const { produceMs: kafka } = await kafkaLatency({
    bootstrap: place.gateway.kafka,
    topic: topics.kafka,
    ...load,
  });
  say(
    `latency at ${latencyRate}/s: native p50 ${native.p50.toFixed(2)} p99 ${native.p99.toFixed(2)} ms, ` +
      `Kafka p50 ${kafka.p50.toFixed(2)} p99 ${kafka.p99.toFixed(2)} ms`,
  );
  return { addedMedianMs: kafka.p50 - native.p50, addedP99Ms: kafka.p99 - native.p99 };
}

/** In one namespace, so that both sides write under the same policies. */
async function newTopics(place: BenchPlace, partitions: number) {
  const native = `persistent://${place.namespace}/${await newTopic(place, partitions)}`;
  return { native, kafka: await newTopic(place, partitions) };
}

function addThroughput(report: Report, partitions: number, results: readonly ThroughputRun[]): void {
  report.atLeast(
    `Kafka/native throughput, ${partitions} partition(s)`,
    results.map((each) => each.kafka / each.native),
    goals.ratioMin,
  );
  report.atMost(
    `gateway CPU s per million records, ${partitions} partition(s)`,
    results.map((each) => each.gatewayCpuSecondsPerMillion),
    goals.cpuSecondsPerMillionMax,
  );
}

async function main(): Promise<void> {
  resolveKafkaTools();
  const report = new Report();
  await inBenchPlace(async (place) => {
    say('warming up');
    await throughputRun(place, 1, 0);
    for (const partitions of partitionCounts) {
      const results: ThroughputRun[] = [];
      for (let run = 1; run <= runs; run += 1) results.push(await throughputRun(place, partitions, run));
      addThroughput(report, partitions, results);
    }
    const { addedMedianMs, addedP99Ms } = await latencyRun(place);
    report.atMost('added median latency, ms', [addedMedianMs], goals.addedMedianMsMax);
    report.atMost('added p99 latency, ms', [addedP99Ms], goals.addedP99MsMax);
  });
  report.print();
}

await main();
