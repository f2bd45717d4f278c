// AMQP 0-9-1 clients through the gateway: messages per second and core.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadCall } from './amqp091-load/load-process.js';
import type { PublishResult } from './amqp091-load/publishing.js';
import { type BenchPlace, inBenchPlace, say } from './bench-place.js';
import { cpuSeconds } from './process-cpu.js';
import { Report } from './report.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 300_000);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const publishing = { publishers: 4, window: 1_000, payloadBytes: 256 } as const;
const goals = { publishedPerCoreMin: 30_000 } as const;

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

async function publish(
  { gateway }: BenchPlace,
  call: (wanted: LoadCall) => Promise<PublishResult>,
  queue: string,
): Promise<Measured> {
  const [before, began] = [cpuSeconds(gateway.pid), performance.now()];
  const load = { ...publishing, endpoint: gateway.amqp.tcp, queue, messages };
  const { p50Ms, p99Ms } = await call({ kind: 'publish', load });
  const perSecond = (messages * 1_000) / (performance.now() - began);
  const perCore = messages / (cpuSeconds(gateway.pid) - before);
  const latency = `p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms`;
  say(`${queue}: ${Math.round(perSecond)}/s, ${Math.round(perCore)} per CPU s of the gateway, ${latency}`);
  return { perSecond, perCore };
}

async function main(): Promise<void> {
  const report = new Report();
  const { call, end } = loadClients();
  await inBenchPlace(
    async (place) => {
      try {
        const published: Measured[] = [];
        // The first run warms up, and does not count.
        for (let run = 0; run <= runs; run++) published.push(await publish(place, call, `published-${run}`));
        const counted = published.slice(1);
        const name = 'published with confirms, 256 B';
        report.atLeast(
          `${name}: messages/s per core of the gateway`,
          counted.map(({ perCore }) => perCore),
          goals.publishedPerCoreMin,
        );
        report.told(
          `${name}: messages/s`,
          counted.map(({ perSecond }) => perSecond),
        );
      } finally {
        end();
      }
    },
    { amqp: { listener: { anonymousTenant: 'bench' } } },
  );
  report.print();
}

await main();
