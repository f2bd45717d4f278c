// AMQP 0-9-1 clients through the gateway: messages per second and core, each way, and what an idle one costs in memory.
import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collectGarbage } from '../support/collect-garbage.js';
import type { LoadAnswer, LoadCall } from './amqp091-load/load-process.js';
import type { PublishResult } from './amqp091-load/publishing.js';
import { partsNamed } from './bench-parts.js';
import { type BenchPlace, inBenchPlace, say } from './bench-place.js';
import { cpuSeconds } from './process-cpu.js';
import { residentBytes } from './process-memory.js';
import { Report } from './report.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 300_000);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const idleConnections = Number(process.env.PULSEGATE_BENCH_CONNECTIONS ?? 5_000);
const settleMs = 2_000;
const payloadBytes = 256;
const publishing = { publishers: 4, window: 1_000, payloadBytes } as const;
const consuming = { consumers: 4, prefetch: 300 } as const;
const acknowledging = { 'each by itself': 1, 'multiple, 100 at a time': 100 } as const;
const goals = { publishedPerCoreMin: 30_000, consumedPerCoreMin: 25_000, idleBytesMax: 30_000 } as const;

interface Bench extends BenchPlace {
  readonly endpoint: string;
  call<T>(wanted: LoadCall): Promise<T>;
}

interface Measured {
  readonly perSecond: number;
  /** Per second of CPU time of the gateway. */
  readonly perCore: number;
}

/** The process with the clients. One call at a time. */
function loadClients() {
  const process = fork(fileURLToPath(new URL('./amqp091-load/load-process.js', import.meta.url)));
  const call = <T>(wanted: LoadCall): Promise<T> =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the process with the clients ended'));
      process.once('exit', ended);
      process.once('message', (answer: LoadAnswer) => {
        process.off('exit', ended);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.result as T);
      });
      process.send(wanted);
    });
  return { call, end: () => process.kill() };
}

async function measured(
  what: string,
  { gateway }: Bench,
  run: () => Promise<Partial<PublishResult>>,
): Promise<Measured> {
  const [before, began] = [cpuSeconds(gateway.pid), performance.now()];
  const { p50Ms, p99Ms } = await run();
  const perSecond = (messages * 1_000) / (performance.now() - began);
  const perCore = messages / (cpuSeconds(gateway.pid) - before);
  const latency =
    p50Ms === undefined ? '' : `, p50 ${p50Ms.toFixed(1)} p99 ${(p99Ms as number).toFixed(1)} ms`;
  say(`${what}: ${Math.round(perSecond)}/s, ${Math.round(perCore)} per CPU s of the gateway${latency}`);
  return { perSecond, perCore };
}

function tell(report: Report, name: string, all: readonly Measured[], goal: number): void {
  // The first run warms up, and does not count.
  const counted = all.slice(1);
  const perCore = counted.map((each) => each.perCore);
  report.atLeast(`${name}: messages/s per core of the gateway`, perCore, goal);
  const perSecond = counted.map((each) => each.perSecond);
  report.told(`${name}: messages/s`, perSecond);
}

/** Without what V8 would free anyway. */
async function settledBytes(gateway: BenchPlace['gateway']): Promise<number> {
  await delay(settleMs);
  await collectGarbage(gateway.log());
  await delay(settleMs);
  return residentBytes(gateway.pid);
}

/** `npm run bench -- amqp091 idle` measures these alone. */
const parts: Readonly<Record<string, (bench: Bench, report: Report) => Promise<void>>> = {
  /** What is published is consumed in the next measurement. */
  async messages(bench, report) {
    const { endpoint, call } = bench;
    const published: Measured[] = [];
    for (const [how, ackMessages] of Object.entries(acknowledging)) {
      const consumed: Measured[] = [];
      for (let run = 0; run <= runs; run++) {
        const queue = `bench-${ackMessages}-${run}`;
        const publish = { ...publishing, endpoint, queue, messages };
        published.push(
          await measured(`${queue}, published`, bench, () => call({ kind: 'publish', load: publish })),
        );
        const consume = { ...consuming, endpoint, queue, ackMessages, messages };
        consumed.push(
          await measured(`${queue}, consumed`, bench, () => call({ kind: 'consume', load: consume })),
        );
      }
      tell(report, `consumed, acknowledged ${how}, 256 B`, consumed, goals.consumedPerCoreMin);
    }
    tell(report, 'published with confirms, 256 B', published, goals.publishedPerCoreMin);
  },

  async idle({ endpoint, gateway, call }, report) {
    const bytesEach: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const before = await settledBytes(gateway);
      const load = { endpoint, queue: 'idle', consumers: idleConnections, prefetch: 10 };
      await call({ kind: 'attach', load });
      bytesEach.push(((await settledBytes(gateway)) - before) / idleConnections);
      await call({ kind: 'detach' });
      say(`${idleConnections} idle connections, run ${run}: ${Math.round(bytesEach.at(-1)!)} bytes each`);
    }
    const what = `bytes per idle connection with a channel and a consumer, of ${idleConnections}`;
    // The first finds nothing that was kept of others before.
    report.atMost(what, bytesEach.slice(0, 1), goals.idleBytesMax);
  },
};

async function main(): Promise<void> {
  const named = partsNamed(parts, idleConnections);
  if (named === undefined) return;
  const report = new Report();
  const connectionsMax = idleConnections + 1_000;
  const listener = { anonymousTenant: 'bench', connectionsMax, connectionsPerAddressMax: connectionsMax };
  const { call, end } = loadClients();
  await inBenchPlace(
    async (place) => {
      const bench = { ...place, endpoint: place.gateway.amqp.tcp, call };
      try {
        for (const name of named) await parts[name]!(bench, report);
      } finally {
        end();
      }
    },
    // The inspector is for `collectGarbage`.
    { amqp: { listener }, env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } },
  );
  report.print();
}

await main();
