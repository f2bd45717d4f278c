// MQTT clients through the gateway: messages per second and core, fan-out, connections, and what one costs in memory.
import { setTimeout as delay } from 'node:timers/promises';
import { say } from './bench-place.js';
import {
  bytesOfIdle,
  type ClientBench,
  type Measured,
  runClientBench,
  runs,
  settleMs,
} from './client-bench.js';
import type { LoadCall } from './mqtt-load/load-process.js';
import type { PublishResult } from './mqtt-load/publishing.js';
import type { FanOutResult } from './mqtt-load/receiving.js';
import { cpuSeconds } from './process-cpu.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 400_000);
const idleConnections = Number(process.env.PULSEGATE_BENCH_CONNECTIONS ?? 10_000);
const subscribers = 1_000;
const storedWithinMs = 60_000;

const publishing = { publishers: 20, window: 20, payloadBytes: 256 } as const;
const goals = {
  qos1PerCoreMin: 25_000,
  qos0PerCoreMin: 75_000,
  connectsPerSecondMin: 2_000,
  idleBytesMax: 8 * 1_024,
} as const;

type Bench = ClientBench<LoadCall>;

interface MeasuredPublish extends Measured {
  readonly p99Ms: number;
}

async function publishRun(
  bench: Bench,
  qos: 0 | 1,
  count: number,
  run: number,
  retain = false,
): Promise<MeasuredPublish> {
  const { call, endpoint, gateway } = bench;
  const kind = `${retain ? 'retained ' : ''}QoS ${qos}`;
  const topic = `${kind.replaceAll(' ', '')}-${run}`;
  const [before, began] = [cpuSeconds(gateway.pid), performance.now()];
  const load = { ...publishing, endpoint, topic, qos, retain, messages: count };
  const { p50Ms, p99Ms } = await call<PublishResult>({ kind: 'publish', load });
  // At QoS 0 nobody says when it is stored; at QoS 1 it is when the last PUBACK has come.
  if (qos === 0) await stored(bench, topic, count);
  const seconds = (performance.now() - began) / 1_000;
  const cpu = cpuSeconds(gateway.pid) - before;
  if (qos === 1) await stored(bench, topic, count);
  const measured = { perSecond: count / seconds, perCore: count / cpu, p99Ms };
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

async function fanOutRun({ call, endpoint, gateway }: Bench, count: number, run: number): Promise<Measured> {
  const load = {
    endpoint,
    topic: `fan-out/${run}`,
    subscribers,
    payloadBytes: 256,
    messages: count,
    window: 10,
  };
  const before = cpuSeconds(gateway.pid);
  const { seconds, deliveries } = await call<FanOutResult>({ kind: 'fan-out', load });
  const cpu = cpuSeconds(gateway.pid) - before;
  const measured = { perSecond: deliveries / seconds, perCore: deliveries / cpu };
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

async function idleRun({ call, endpoint, gateway }: Bench, run: number): Promise<IdleRun> {
  const load = { endpoint, clientId: `idle-${run}`, connections: idleConnections };
  let [connectsPerSecond, connectsPerCore] = [Number.NaN, Number.NaN];
  const bytesEach = await bytesOfIdle(gateway, idleConnections, async () => {
    const before = cpuSeconds(gateway.pid);
    const { seconds } = await call<{ seconds: number }>({ kind: 'connect', load });
    connectsPerSecond = idleConnections / seconds;
    connectsPerCore = idleConnections / (cpuSeconds(gateway.pid) - before);
  });
  await call({ kind: 'disconnect' });
  await delay(settleMs);
  say(
    `${idleConnections} idle connections, run ${run}: ${Math.round(connectsPerSecond)} connects/s, ` +
      `${Math.round(connectsPerCore)} per CPU s of the gateway, ` +
      `${(bytesEach / 1_024).toFixed(1)} KiB each`,
  );
  return { connectsPerSecond, connectsPerCore, bytesEach };
}

/** The first run of each kind warms up, and does not count. */
async function repeated<T>(measure: (run: number) => Promise<T>, count = runs): Promise<T[]> {
  const results: T[] = [];
  for (let run = 0; run <= count; run++) results.push(await measure(run));
  return results.slice(1);
}

const perCore = (runsOf: readonly Measured[]) => runsOf.map((each) => each.perCore);

await runClientBench<LoadCall>({
  parts: {
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
  },
  program: new URL('./mqtt-load/load-process.js', import.meta.url),
  ...{ protocol: 'mqtt', connections: idleConnections },
});
