// MQTT clients through the gateway: messages per second and core, fan-out, connections, and what one costs in memory.
import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from '../support/collect-garbage.js';
import { type BenchPlace, inBenchPlace, say } from './bench-place.js';
import { LoadClients } from './mqtt-load/load-clients.js';
import { cpuSeconds } from './process-cpu.js';
import { residentBytes } from './process-memory.js';
import { partsNamed } from './bench-parts.js';
import { Report } from './report.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 400_000);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 3);
const idleConnections = Number(process.env.PULSEGATE_BENCH_CONNECTIONS ?? 10_000);
const subscribers = 1_000;
const storedWithinMs = 60_000;
const settleMs = 2_000;

const publishing = { publishers: 20, window: 20, payloadBytes: 256 } as const;
const goals = {
  qos1PerCoreMin: 25_000,
  qos0PerCoreMin: 75_000,
  connectsPerSecondMin: 2_000,
  idleBytesMax: 8 * 1_024,
} as const;

interface Bench extends BenchPlace {
  readonly endpoint: string;
  readonly clients: LoadClients;
}

interface Measured {
  readonly perSecond: number;
  /** Per second of CPU time of the gateway. */
  readonly perCore: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function publishRun(
  bench: Bench,
  qos: 0 | 1,
  count: number,
  run: number,
  retain = false,
): Promise<Measured> {
  const { clients, endpoint, gateway } = bench;
  const kind = `${retain ? 'retained ' : ''}QoS ${qos}`;
  const topic = `${kind.replaceAll(' ', '')}-${run}`;
  const [before, began] = [cpuSeconds(gateway.pid), performance.now()];
  const { p50Ms, p99Ms } = await clients.publish({
    ...{ ...publishing, endpoint, topic, qos, retain },
    messages: count,
  });
  // At QoS 0 nobody says when it is stored; at QoS 1 it is when the last PUBACK has come.
  if (qos === 0) await stored(bench, topic, count);
  const seconds = (performance.now() - began) / 1_000;
  const cpu = cpuSeconds(gateway.pid) - before;
  if (qos === 1) await stored(bench, topic, count);
  const measured = { perSecond: count / seconds, perCore: count / cpu, p50Ms, p99Ms };
  const latency = qos === 1 ? `, p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms` : '';
  say(
    `${kind}, run ${run}: ${Math.round(measured.perSecond)}/s, ` +
      `${Math.round(measured.perCore)} per CPU s of the gateway${latency}`,
  );
  return measured;
}

/** All of it is in Pulsar, as the broker counts. */
async function stored({ pulsar, namespace }: Bench, topic: string, count: number): Promise<void> {
  const url = `${pulsar.adminUrl}/admin/v2/persistent/${namespace}/${topic}/partitioned-stats`;
  const deadline = performance.now() + storedWithinMs;
  let msgInCounter = 0;
  while (performance.now() < deadline) {
    const answer = await fetch(url);
    if (answer.ok) ({ msgInCounter } = (await answer.json()) as { msgInCounter: number });
    if (msgInCounter >= count) return;
    await delay(50);
  }
  throw new Error(`${msgInCounter} of ${count} messages were stored`);
}

async function fanOutRun(
  { clients, endpoint, gateway }: Bench,
  count: number,
  run: number,
): Promise<Measured> {
  const load = {
    endpoint,
    topic: `fan-out/${run}`,
    subscribers,
    payloadBytes: 256,
    messages: count,
    window: 10,
  };
  const before = cpuSeconds(gateway.pid);
  const { seconds, deliveries } = await clients.fanOut(load);
  const cpu = cpuSeconds(gateway.pid) - before;
  const none = Number.NaN;
  const measured = { perSecond: deliveries / seconds, perCore: deliveries / cpu, p50Ms: none, p99Ms: none };
  say(
    `fan-out to ${subscribers}, run ${run}: ${Math.round(measured.perSecond)} deliveries/s, ` +
      `${Math.round(measured.perCore)} per CPU s of the gateway`,
  );
  return measured;
}

interface IdleRun {
  readonly connectsPerSecond: number;
  readonly connectsPerCore: number;
  readonly bytesEach: number;
}

async function idleRun({ clients, endpoint, gateway }: Bench, run: number): Promise<IdleRun> {
  const before = await settledBytes(gateway);
  const cpuBefore = cpuSeconds(gateway.pid);
  const { seconds } = await clients.connect({
    endpoint,
    clientId: `idle-${run}`,
    connections: idleConnections,
  });
  const connectsPerCore = idleConnections / (cpuSeconds(gateway.pid) - cpuBefore);
  const bytesEach = ((await settledBytes(gateway)) - before) / idleConnections;
  await clients.disconnect();
  await delay(settleMs);
  const connectsPerSecond = idleConnections / seconds;
  say(
    `${idleConnections} idle connections, run ${run}: ${Math.round(connectsPerSecond)} connects/s, ` +
      `${Math.round(connectsPerCore)} per CPU s of the gateway, ` +
      `${(bytesEach / 1_024).toFixed(1)} KiB each`,
  );
  return { connectsPerSecond, connectsPerCore, bytesEach };
}

/** Without what V8 would free anyway. */
async function settledBytes(gateway: BenchPlace['gateway']): Promise<number> {
  await delay(settleMs);
  await collectGarbage(gateway.log());
  await delay(settleMs);
  return residentBytes(gateway.pid);
}

/** The first run of each kind warms up, and does not count. */
async function repeated<T>(measure: (run: number) => Promise<T>, count = runs): Promise<T[]> {
  const results: T[] = [];
  for (let run = 0; run <= count; run++) results.push(await measure(run));
  return results.slice(1);
}

const perCore = (runsOf: readonly Measured[]) => runsOf.map((each) => each.perCore);

/** `npm run bench -- mqtt qos1 idle` measures these two alone. */
const parts: Readonly<Record<string, (bench: Bench, report: Report) => Promise<void>>> = {
  async qos1(bench, report) {
    const measured = await repeated((run) => publishRun(bench, 1, messages, run));
    report.atLeast('QoS 1: messages/s per core of the gateway', perCore(measured), goals.qos1PerCoreMin);
    const [perSecond, p99Ms] = [measured.map((each) => each.perSecond), measured.map((each) => each.p99Ms)];
    report.told('QoS 1: messages/s', perSecond);
    report.told('QoS 1: p99 from PUBLISH to PUBACK, ms', p99Ms);
  },
  async qos0(bench, report) {
    const measured = await repeated((run) => publishRun(bench, 0, messages * 2, run));
    report.atLeast('QoS 0: messages/s per core of the gateway', perCore(measured), goals.qos0PerCoreMin);
  },
  async retained(bench, report) {
    const measured = await repeated((run) => publishRun(bench, 1, messages / 10, run, true));
    report.told('retained, QoS 1: messages/s per core of the gateway', perCore(measured));
    report.told(
      'retained, QoS 1: messages/s',
      measured.map((each) => each.perSecond),
    );
  },
  async 'fan-out'(bench, report) {
    const measured = await repeated((run) => fanOutRun(bench, Math.ceil(messages / 200), run));
    report.told(`fan-out 1 to ${subscribers}, QoS 0: deliveries/s per core`, perCore(measured));
  },
  async idle(bench, report) {
    const measured = await repeated((run) => idleRun(bench, run));
    const [perSecond, bytes] = [
      measured.map((each) => each.connectsPerSecond),
      measured.map((each) => each.bytesEach),
    ];
    report.atLeast('connects/s', perSecond, goals.connectsPerSecondMin);
    report.told(
      'connects/s per core of the gateway',
      measured.map((each) => each.connectsPerCore),
    );
    report.atMost(`bytes per idle connection, of ${idleConnections}`, bytes, goals.idleBytesMax);
  },
};

async function main(): Promise<void> {
  const named = partsNamed(parts, idleConnections);
  if (named === undefined) return;
  const report = new Report();
  const connectionsMax = idleConnections + 1_000;
  const listener = { anonymousTenant: 'bench', connectionsMax, connectionsPerAddressMax: connectionsMax };
  // For `collectGarbage`.
  const env = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };
  await inBenchPlace(
    async (place) => {
      const clients = new LoadClients();
      try {
        const bench = { ...place, endpoint: place.gateway.mqtt.tcp, clients };
        for (const name of named) await parts[name]!(bench, report);
      } finally {
        clients.end();
      }
    },
    { mqtt: { listener }, env },
  );
  report.print();
}

await main();
