// AMQP 1.0 clients through the gateway: messages per second and core, each way, and what an idle one costs in memory.
import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collectGarbage } from '../support/collect-garbage.js';
import type { LoadAnswer, LoadCall } from './amqp-load/load-process.js';
import type { SendResult } from './amqp-load/sending.js';
import { type BenchPlace, inBenchPlace, say } from './bench-place.js';
import { cpuSeconds } from './process-cpu.js';
import { residentBytes } from './process-memory.js';
import { partsNamed } from './bench-parts.js';
import { Report } from './report.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 300_000);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const idleConnections = Number(process.env.PULSEGATE_BENCH_CONNECTIONS ?? 5_000);
const settleMs = 2_000;
const clients = 4;
const sending = { senders: clients, window: 1_000, payloadBytes: 1_024 } as const;
const receiving = { receivers: clients, credit: 1_000 } as const;
const goals = { perCoreMin: 25_000, idleBytesMax: 30_000 } as const;

interface Bench extends BenchPlace {
  readonly endpoint: string;
  call<T>(call: LoadCall): Promise<T>;
}

interface Measured {
  readonly perSecond: number;
  /** Per second of CPU time of the gateway. */
  readonly perCore: number;
}

/** The process with the clients. One call at a time. */
function loadClients() {
  const process = fork(fileURLToPath(new URL('./amqp-load/load-process.js', import.meta.url)));
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
  run: () => Promise<SendResult | undefined>,
): Promise<Measured> {
  const [before, began] = [cpuSeconds(gateway.pid), performance.now()];
  const result = await run();
  const perSecond = (messages * 1_000) / (performance.now() - began);
  const perCore = messages / (cpuSeconds(gateway.pid) - before);
  const latency = result ? `, p50 ${result.p50Ms.toFixed(1)} p99 ${result.p99Ms.toFixed(1)} ms` : '';
  say(`${what}: ${Math.round(perSecond)}/s, ${Math.round(perCore)} per CPU s of the gateway${latency}`);
  return { perSecond, perCore };
}

/** What is sent is received in the next measurement; the first run warms up, and does not count. */
async function bothWays(bench: Bench, report: Report, what: 'topic' | 'queue'): Promise<void> {
  const { endpoint } = bench;
  const sent: Measured[] = [];
  const received: Measured[] = [];
  for (let run = 0; run <= runs; run++) {
    const address = what === 'queue' ? `/queues/bench-${run}` : `/topics/bench-topic-${run}`;
    const from = what === 'queue' ? address : `${address}::bench`;
    // The subscription is there before the messages.
    await bench.call({
      kind: 'attach',
      load: { ...receiving, endpoint, address: from, credit: 0, messages: 0 },
    });
    await bench.call({ kind: 'detach' });
    const send = () =>
      bench.call<SendResult>({ kind: 'send', load: { ...sending, endpoint, address, messages } });
    sent.push(await measured(`${what}, sent, run ${run}`, bench, send));
    const receive = async () => {
      await bench.call({ kind: 'receive', load: { ...receiving, endpoint, address: from, messages } });
      return undefined;
    };
    received.push(await measured(`${what}, received, run ${run}`, bench, receive));
  }
  for (const [way, runsOf] of [
    ['sent', sent.slice(1)],
    ['received', received.slice(1)],
  ] as const) {
    const perCore = runsOf.map((each) => each.perCore);
    const perSecond = runsOf.map((each) => each.perSecond);
    const name = `${what}, ${way}, unsettled, 1 KB`;
    if (what === 'topic')
      report.atLeast(`${name}: messages/s per core of the gateway`, perCore, goals.perCoreMin);
    else report.told(`${name}: messages/s per core of the gateway`, perCore);
    report.told(`${name}: messages/s`, perSecond);
  }
}

/** Without what V8 would free anyway. */
async function settledBytes(gateway: BenchPlace['gateway']): Promise<number> {
  await delay(settleMs);
  await collectGarbage(gateway.log());
  await delay(settleMs);
  return residentBytes(gateway.pid);
}

/** `npm run bench -- amqp10 topic idle` measures these two alone. */
const parts: Readonly<Record<string, (bench: Bench, report: Report) => Promise<void>>> = {
  topic: (bench, report) => bothWays(bench, report, 'topic'),
  queue: (bench, report) => bothWays(bench, report, 'queue'),
  async idle(bench, report) {
    const { endpoint, gateway } = bench;
    const bytesEach: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const before = await settledBytes(gateway);
      const load = { endpoint, address: '/queues/idle', receivers: idleConnections, credit: 10, messages: 0 };
      await bench.call({ kind: 'attach', load });
      bytesEach.push(((await settledBytes(gateway)) - before) / idleConnections);
      await bench.call({ kind: 'detach' });
      say(`${idleConnections} idle connections, run ${run}: ${Math.round(bytesEach.at(-1)!)} bytes each`);
    }
    const what = `bytes per idle connection with a session and a link, of ${idleConnections}`;
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
