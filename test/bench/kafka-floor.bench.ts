// What producing costs the gateway in CPU time beside the least front that Node could be (kafka-floor/bare-front.ts), by turns.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gatewayNodeFlags } from '../../apps/cli/src/heap-settings.js';
import { findFreePort } from '../../apps/cli/src/pulsar-standalone/index.js';
import { type BenchPlace, inBenchPlace, newTopic, say } from './bench-place.js';
import { endlessProducer, resolveKafkaTools } from './kafka-tools.js';
import { cpuSeconds } from './process-cpu.js';
import { Report } from './report.js';
import { median } from './statistics.js';

const recordBytes = 1_024;
/** What a front reads for one record: its share of request and batch with 16 KB batches, and of a receipt. */
const bytesReadPerRecord = recordBytes + 24;
const partitionCounts = [1, 3];
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
/** Of each front in a run. Short, so that what else the machine does meets both. */
const turns = 20;
const turnMs = 700;
const warmupMs = 10_000;
/** Until a producer that was stopped has filled its window again, and until what it sent is answered. */
const settleMs = 80;
/** The goal of 3 CPU seconds per million records was set where a front of a hundred lines took 2.5. */
const overBareMax = 1.2;

interface Front {
  readonly pid: number;
  readonly producer: ChildProcess;
}

/** CPU seconds per million records while only this front's producer runs. */
async function turn({ pid, producer }: Front): Promise<number> {
  producer.kill('SIGCONT');
  await delay(settleMs);
  const [cpuBefore, readBefore] = [cpuSeconds(pid), bytesRead(pid)];
  await delay(turnMs);
  const records = (bytesRead(pid) - readBefore) / bytesReadPerRecord;
  const cpu = cpuSeconds(pid) - cpuBefore;
  producer.kill('SIGSTOP');
  await delay(settleMs);
  return (cpu * 1e6) / records;
}

/** From sockets mostly: a front reads no files while it serves. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

async function startBareFront({ pulsar, namespace }: BenchPlace, partitions: number) {
  const port = await findFreePort();
  const { hostname, port: pulsarPort } = new URL(pulsar.serviceUrl);
  const program = fileURLToPath(new URL('kafka-floor/bare-front.js', import.meta.url));
  const args = [program, port, hostname, pulsarPort, namespace, partitions].map(String);
  const front = spawn(process.execPath, [...gatewayNodeFlags, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(front, 'exit').then(() => Promise.reject(new Error('the bare front has ended')));
  await Promise.race([once(front.stdout, 'data'), ended]);
  return { process: front, kafka: `127.0.0.1:${port}` };
}

async function warmedUp(
  place: BenchPlace,
  partitions: number,
  pid: number,
  bootstrap: string,
): Promise<Front> {
  const topic = await newTopic(place, partitions);
  const producer = endlessProducer({ bootstrap, topic, recordBytes, properties: { acks: 'all' } });
  await delay(warmupMs);
  producer.kill('SIGSTOP');
  return { pid, producer };
}

async function measure(place: BenchPlace, partitions: number, report: Report): Promise<void> {
  const bare = await startBareFront(place, partitions);
  const fronts: Front[] = [];
  const medians: { readonly gateway: number; readonly bare: number; readonly ratio: number }[] = [];
  try {
    fronts.push(await warmedUp(place, partitions, bare.process.pid!, bare.kafka));
    fronts.push(await warmedUp(place, partitions, place.gateway.pid, place.gateway.kafka));
    for (let run = 1; run <= runs; run++) {
      const costs = fronts.map((): number[] => []);
      for (let at = 0; at < turns; at++) {
        for (const [which, front] of fronts.entries()) costs[which]!.push(await turn(front));
      }
      const [bareCosts, gatewayCosts] = costs as [number[], number[]];
      const ratio = median(gatewayCosts.map((cost, at) => cost / bareCosts[at]!));
      medians.push({ bare: median(bareCosts), gateway: median(gatewayCosts), ratio });
      say(`${partitions} partition(s), run ${run}: ${JSON.stringify(medians.at(-1))}`);
    }
  } finally {
    for (const { producer } of fronts) producer.kill('SIGKILL');
    bare.process.kill();
  }
  const of = (kind: 'gateway' | 'bare' | 'ratio') => medians.map((each) => each[kind]);
  report.told(`bare front, CPU s per million records, ${partitions} partition(s)`, of('bare'));
  report.told(`gateway, CPU s per million records, ${partitions} partition(s)`, of('gateway'));
  report.atMost(`gateway/bare front, ${partitions} partition(s)`, of('ratio'), overBareMax);
}

async function main(): Promise<void> {
  resolveKafkaTools();
  const report = new Report();
  await inBenchPlace(async (place) => {
    for (const partitions of partitionCounts) await measure(place, partitions, report);
  });
  report.print();
}

await main();
