// Kafka's ProducerPerformance through the gateway against the official Pulsar client in Java, same broker, same run.
import { randomBytes } from 'node:crypto';
import Table from 'cli-table3';
import { startPulsar, type PulsarStandalone } from '../support/pulsar.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { oraclePerf } from '../support/pulsar-oracle.js';
import { producerPerformance, resolveKafkaTools } from './kafka-tools.js';
import { cpuSeconds } from './process-cpu.js';
import { median } from './statistics.js';

const recordBytes = 1_024;
const records = Number(process.env.PULSEGATE_BENCH_RECORDS ?? 600_000);
const warmupRecords = Math.floor(records / 3);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const partitionCounts = [1, 3];
/** With a sync to disk per group of entries the disk of the machine is measured, and not the gateway. */
const journalSync = process.env.PULSEGATE_BENCH_JOURNAL_SYNC === 'true';
const latencyRate = 1_000;
const latencyRecords = 20_000;
const goals = { ratioMin: 0.3, cpuSecondsPerMillionMax: 3, addedMedianMsMax: 1, addedP99MsMax: 5 };

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface ThroughputRun {
  readonly native: number;
  readonly kafka: number;
  readonly gatewayCpuSecondsPerMillion: number;
}

interface Place {
  readonly pulsar: PulsarStandalone;
  readonly gateway: TestGateway;
  readonly namespace: string;
}

async function throughputRun(place: Place, partitions: number, run: number): Promise<ThroughputRun> {
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

async function latencyRun(place: Place): Promise<{ addedMedianMs: number; addedP99Ms: number }> {
  const topics = await newTopics(place, 1);
  const [native] = await oraclePerf(place.pulsar.serviceUrl, topics.native, {
    records: latencyRecords,
    warmupRecords: latencyRecords / 2,
    recordBytes,
    rate: latencyRate,
  });
  const kafka = await producerPerformance({
    bootstrap: place.gateway.kafka,
    topic: topics.kafka,
    records: latencyRecords + latencyRecords / 2,
    warmupRecords: latencyRecords / 2,
    recordBytes,
    throughput: latencyRate,
    // As the native client: batches wait for one millisecond.
    properties: { acks: 'all', 'linger.ms': '1' },
  });
  const nativeMs = native?.latencyMs ?? { p50: Number.NaN, p99: Number.NaN };
  say(
    `latency at ${latencyRate}/s: native p50 ${nativeMs.p50.toFixed(2)} p99 ${nativeMs.p99.toFixed(2)} ms, ` +
      `Kafka p50 ${kafka.latencyMs.p50} p99 ${kafka.latencyMs.p99} ms`,
  );
  return {
    addedMedianMs: kafka.latencyMs.p50 - nativeMs.p50,
    addedP99Ms: kafka.latencyMs.p99 - nativeMs.p99,
  };
}

/** Fresh topics in the tenant's namespace, so that both sides write under the same policies. */
async function newTopics({ pulsar, namespace }: Place, partitions: number) {
  const create = async (): Promise<string> => {
    const name = `bench-${randomBytes(4).toString('hex')}`;
    const url = `${pulsar.adminUrl}/admin/v2/persistent/${namespace}/${name}/partitions`;
    const answer = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: String(partitions),
    });
    if (!answer.ok) throw new Error(`creating ${name}: ${answer.status} ${await answer.text()}`);
    return name;
  };
  return { native: `persistent://${namespace}/${await create()}`, kafka: await create() };
}

function report(
  throughput: ReadonlyMap<number, readonly ThroughputRun[]>,
  latency: Awaited<ReturnType<typeof latencyRun>>,
) {
  const table = new Table({
    head: ['what', 'median', 'all runs', 'goal', ''],
    style: { head: [], border: [] },
  });
  const row = (
    what: string,
    values: readonly number[],
    goal: string,
    good: (value: number) => boolean,
  ): void => {
    const value = median(values);
    table.push([
      what,
      value.toFixed(2),
      values.map((each) => each.toFixed(2)).join(' '),
      goal,
      good(value) ? 'reached' : 'MISSED',
    ]);
    if (!good(value)) process.exitCode = 1;
  };
  for (const [partitions, results] of throughput) {
    const ratios = results.map((each) => each.kafka / each.native);
    row(
      `Kafka/native throughput, ${partitions} partition(s)`,
      ratios,
      `>= ${goals.ratioMin}`,
      (value) => value >= goals.ratioMin,
    );
    row(
      `gateway CPU s per million records, ${partitions} partition(s)`,
      results.map((each) => each.gatewayCpuSecondsPerMillion),
      `<= ${goals.cpuSecondsPerMillionMax}`,
      (value) => value <= goals.cpuSecondsPerMillionMax,
    );
  }
  row(
    'added median latency, ms',
    [latency.addedMedianMs],
    `<= ${goals.addedMedianMsMax}`,
    (value) => value <= goals.addedMedianMsMax,
  );
  row(
    'added p99 latency, ms',
    [latency.addedP99Ms],
    `<= ${goals.addedP99MsMax}`,
    (value) => value <= goals.addedP99MsMax,
  );
  process.stdout.write(`${table.toString()}\n`);
}

async function main(): Promise<void> {
  resolveKafkaTools();
  const pulsar = await startPulsar({
    dataDir: '.pulsegate/bench-pulsar',
    wipe: true,
    config: { journalSyncData: String(journalSync) },
    onProgress: say,
  });
  const namespace = 'bench/kafka';
  const gateway = await startGateway({
    tenants: [{ name: 'bench', namespace, permissions: [allowAll] }],
    listener: { anonymousTenant: 'bench' },
    config: { pulsar: { serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl }, log: { level: 'warn' } },
  });
  try {
    const place = { pulsar, gateway, namespace };
    say('warming up');
    await throughputRun(place, 1, 0);
    const throughput = new Map<number, ThroughputRun[]>();
    for (const partitions of partitionCounts) {
      const results: ThroughputRun[] = [];
      for (let run = 1; run <= runs; run += 1) results.push(await throughputRun(place, partitions, run));
      throughput.set(partitions, results);
    }
    report(throughput, await latencyRun(place));
  } finally {
    await gateway.stop();
    await pulsar.stop();
  }
}

await main();
