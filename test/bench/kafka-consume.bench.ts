// Kafka's ConsumerPerformance through the gateway against the official Pulsar client in Java, same topic, same run.
import { consumerPerformance, kafkaLatency, resolveKafkaTools } from './kafka-tools.js';
import { type BenchPlace, inBenchPlace, newTopic, say } from './bench-place.js';
import { cpuSeconds } from './process-cpu.js';
import { Report } from './report.js';
import { oracleLatency, oraclePerf, oracleReadPerf } from '../support/pulsar-oracle.js';
import { tailReads } from './tail-readers.js';

const recordBytes = 1_024;
const records = Number(process.env.PULSEGATE_BENCH_RECORDS ?? 600_000);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const latencyLoad = { records: 20_000, warmupRecords: 10_000, recordBytes, rate: 1_000 };
const tailConsumers = 10;
const goals = { ratioMin: 0.3, cpuSecondsPerMillionMax: 3, tailReadsMax: 1.1, addedMedianMsMax: 2 };

interface ThroughputRun {
  readonly ratio: number;
  readonly gatewayCpuSecondsPerMillion: number;
}

async function throughputRun(place: BenchPlace, topic: string, run: number): Promise<ThroughputRun> {
  const { gateway, namespace, pulsar } = place;
  const partition = `persistent://${namespace}/${topic}-partition-0`;
  const native = await oracleReadPerf(pulsar.serviceUrl, partition, records);
  const before = cpuSeconds(gateway.pid);
  const kafka = await consumerPerformance(gateway.kafka, topic, records);
  const cpu = ((cpuSeconds(gateway.pid) - before) * 1e6) / records;
  say(
    `run ${run}: native ${Math.round(native)}/s, Kafka ${Math.round(kafka)}/s, ratio ${(kafka / native).toFixed(3)}, ` +
      `gateway ${cpu.toFixed(2)} CPU s per million records`,
  );
  return { ratio: kafka / native, gatewayCpuSecondsPerMillion: cpu };
}

async function throughput(place: BenchPlace): Promise<ThroughputRun[]> {
  const topic = await newTopic(place, 1);
  const partition = `persistent://${place.namespace}/${topic}-partition-0`;
  say(`${records} records are published`);
  // Entries of 16 KB, as a Kafka producer makes them.
  const batchBytes = 16 * 1_024;
  await oraclePerf(place.pulsar.serviceUrl, partition, {
    records,
    warmupRecords: 0,
    recordBytes,
    batchBytes,
  });
  await throughputRun(place, topic, 0);
  const results: ThroughputRun[] = [];
  for (let run = 1; run <= runs; run++) results.push(await throughputRun(place, topic, run));
  return results;
}

async function latency(place: BenchPlace): Promise<number> {
  const { gateway, namespace, pulsar } = place;
  const native = `persistent://${namespace}/${await newTopic(place, 1)}-partition-0`;
  const nativeMs = (await oracleLatency(pulsar.serviceUrl, native, latencyLoad)).endToEndMs;
  const topic = await newTopic(place, 1);
  const kafkaMs = (await kafkaLatency({ bootstrap: gateway.kafka, topic, ...latencyLoad })).endToEndMs;
  say(
    `end to end at ${latencyLoad.rate}/s: native p50 ${nativeMs.p50.toFixed(2)} p99 ${nativeMs.p99.toFixed(2)} ms, ` +
      `Kafka p50 ${kafkaMs.p50.toFixed(2)} p99 ${kafkaMs.p99.toFixed(2)} ms`,
  );
  return kafkaMs.p50 - nativeMs.p50;
}

async function main(): Promise<void> {
  resolveKafkaTools();
  const report = new Report();
  await inBenchPlace(async (place) => {
    const results = await throughput(place);
    report.atLeast(
      'Kafka/native throughput',
      results.map((each) => each.ratio),
      goals.ratioMin,
    );
    report.atMost(
      'gateway CPU s per million records',
      results.map((each) => each.gatewayCpuSecondsPerMillion),
      goals.cpuSecondsPerMillionMax,
    );
    const reads = await tailReads(place, tailConsumers);
    report.atMost(
      `reads of each entry by ${tailConsumers} consumers at the tail`,
      [reads],
      goals.tailReadsMax,
    );
    report.atMost('added median latency end to end, ms', [await latency(place)], goals.addedMedianMsMax);
  });
  report.print();
}

await main();
