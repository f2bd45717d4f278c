// What the benchmarks of the protocols whose clients are many have in common: the place, the parts, what is measured.
import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from '../support/collect-garbage.js';
import type { TestGateway } from '../support/gateway.js';
import { type BenchPlace, inBenchPlace, say } from './bench-place.js';
import { LoadClients } from './load-clients.js';
import { cpuSeconds } from './process-cpu.js';
import { openFilesMax, residentBytes } from './process-memory.js';
import { Report } from './report.js';
import type { Latencies } from './sampled-latencies.js';

export const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
export const settleMs = 2_000;
/** Beside those of the idle connections. */
const otherFiles = 1_000;

export interface ClientBench<Call> extends BenchPlace {
  readonly endpoint: string;
  call<T>(wanted: Call): Promise<T>;
}

export type BenchPart<Call> = (bench: ClientBench<Call>, report: Report) => Promise<void>;

export interface Measured {
  readonly perSecond: number;
  /** Per second of CPU time of the gateway. */
  readonly perCore: number;
}

/** Tells the CPU time that the gateway takes for so many messages, and how long the clients do. */
export async function measured(
  what: string,
  { gateway }: BenchPlace,
  messages: number,
  run: () => Promise<Partial<Latencies>>,
): Promise<Measured> {
  const [before, began] = [cpuSeconds(gateway.pid), performance.now()];
  const { p50Ms, p99Ms = Number.NaN } = await run();
  const perSecond = (messages * 1_000) / (performance.now() - began);
  const perCore = messages / (cpuSeconds(gateway.pid) - before);
  const latency = p50Ms === undefined ? '' : `, p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms`;
  say(`${what}: ${Math.round(perSecond)}/s, ${Math.round(perCore)} per CPU s of the gateway${latency}`);
  return { perSecond, perCore };
}

/** @param all the first run warmed up, and does not count. @param goal undefined: none */
export function tellMeasured(
  report: Report,
  name: string,
  all: readonly Measured[],
  goal: number | undefined,
): void {
  const counted = all.slice(1);
  const perCore = counted.map((each) => each.perCore);
  const what = `${name}: messages/s per core of the gateway`;
  if (goal === undefined) report.told(what, perCore);
  else report.atLeast(what, perCore, goal);
  report.told(
    `${name}: messages/s`,
    counted.map((each) => each.perSecond),
  );
}

/** Bytes that each of so many idle connections takes, without what V8 would free anyway. */
export async function bytesOfIdle(
  gateway: TestGateway,
  count: number,
  connect: () => Promise<unknown>,
): Promise<number> {
  const before = await settledBytes(gateway);
  await connect();
  return ((await settledBytes(gateway)) - before) / count;
}

async function settledBytes(gateway: TestGateway): Promise<number> {
  await delay(settleMs);
  await collectGarbage(gateway.log());
  await delay(settleMs);
  return residentBytes(gateway.pid);
}

/** A part that tells what one of so many connections without traffic takes, and has a goal for it. */
export function idlePart<Call extends object>(
  idle: { readonly count: number; readonly what: string; readonly bytesMax: number },
  attach: (endpoint: string) => Call,
  detach: Call,
): BenchPart<Call> {
  const { count, what, bytesMax } = idle;
  return async ({ endpoint, gateway, call }, report) => {
    const bytesEach: number[] = [];
    for (let run = 0; run <= runs; run++) {
      bytesEach.push(await bytesOfIdle(gateway, count, () => call(attach(endpoint))));
      await call(detach);
      say(`${count} idle connections, run ${run}: ${Math.round(bytesEach.at(-1)!)} bytes each`);
    }
    // The first finds nothing that was kept of others before.
    report.atMost(`bytes per idle connection ${what}, of ${count}`, bytesEach.slice(0, 1), bytesMax);
  };
}

/** Runs the parts that the arguments of the command name, e.g. `npm run bench -- amqp10 topic idle`; all where they name none. */
export async function runClientBench<Call extends object>(bench: {
  readonly parts: Readonly<Record<string, BenchPart<Call>>>;
  /** Of its clients, see {@link LoadClients}. */
  readonly program: URL;
  readonly protocol: 'mqtt' | 'amqp';
  /** That it opens at the most. */
  readonly connections: number;
}): Promise<void> {
  const { parts, program, protocol, connections } = bench;
  const named = partsNamed(parts, connections);
  if (named === undefined) return;
  const report = new Report();
  const connectionsMax = connections + otherFiles;
  const listener = { anonymousTenant: 'bench', connectionsMax, connectionsPerAddressMax: connectionsMax };
  const clients = new LoadClients<Call>(program);
  await inBenchPlace(
    async (place) => {
      const { call } = clients;
      try {
        for (const name of named) {
          await parts[name]!({ ...place, endpoint: place.gateway[protocol].tcp, call }, report);
        }
      } finally {
        clients.end();
      }
    },
    // The inspector is for `collectGarbage`.
    { [protocol]: { listener }, env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } },
  );
  report.print();
}

/** Undefined, with the exit code set and the reason said: it cannot run. */
function partsNamed(
  parts: Readonly<Record<string, unknown>>,
  connections: number,
): readonly string[] | undefined {
  const filesWanted = connections + otherFiles;
  if (openFilesMax() < filesWanted) {
    say(`${connections} connections need more open files than are allowed here: ulimit -n ${filesWanted}`);
    process.exitCode = 1;
    return undefined;
  }
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !(name in parts));
  if (unknown !== undefined) {
    say(`there is no ${unknown}; there are ${Object.keys(parts).join(', ')}`);
    process.exitCode = 2;
    return undefined;
  }
  return named.length === 0 ? Object.keys(parts) : named;
}
