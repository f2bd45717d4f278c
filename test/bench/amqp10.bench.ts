// AMQP 1.0 clients through the gateway: messages per second and core, each way, and what an idle one costs in memory.
import type { LoadCall } from './amqp-load/load-process.js';
import {
  type ClientBench,
  idlePart,
  type Measured,
  measured,
  runClientBench,
  runs,
  tellMeasured,
} from './client-bench.js';
import type { Report } from './report.js';
import type { Latencies } from './sampled-latencies.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 300_000);
const idleConnections = Number(process.env.PULSEGATE_BENCH_CONNECTIONS ?? 5_000);
const clients = 4;
const sending = { senders: clients, window: 1_000, payloadBytes: 1_024 } as const;
const receiving = { receivers: clients, credit: 1_000 } as const;
const goals = { perCoreMin: 25_000, idleBytesMax: 30_000 } as const;

/** What is sent is received in the next measurement. */
async function bothWays(
  bench: ClientBench<LoadCall>,
  report: Report,
  what: 'topic' | 'queue',
): Promise<void> {
  const { endpoint, call } = bench;
  const sent: Measured[] = [];
  const received: Measured[] = [];
  for (let run = 0; run <= runs; run++) {
    const address = what === 'queue' ? `/queues/bench-${run}` : `/topics/bench-topic-${run}`;
    const from = { endpoint, address: what === 'queue' ? address : `${address}::bench` };
    // The subscription is there before the messages.
    await call({ kind: 'attach', load: { ...from, receivers: clients, credit: 0 } });
    await call({ kind: 'detach' });
    const send = { ...sending, endpoint, address, messages };
    sent.push(
      await measured(`${what}, sent, run ${run}`, bench, messages, () =>
        call<Latencies>({ kind: 'send', load: send }),
      ),
    );
    const receive = { ...receiving, ...from, messages };
    received.push(
      await measured(`${what}, received, run ${run}`, bench, messages, () =>
        call({ kind: 'receive', load: receive }),
      ),
    );
  }
  const goal = what === 'topic' ? goals.perCoreMin : undefined;
  tellMeasured(report, `${what}, sent, unsettled, 1 KB`, sent, goal);
  tellMeasured(report, `${what}, received, unsettled, 1 KB`, received, goal);
}

await runClientBench<LoadCall>({
  parts: {
    topic: (bench, report) => bothWays(bench, report, 'topic'),
    queue: (bench, report) => bothWays(bench, report, 'queue'),
    idle: idlePart<LoadCall>(
      { count: idleConnections, what: 'with a session and a link', bytesMax: goals.idleBytesMax },
      (endpoint) => ({
        kind: 'attach',
        load: { endpoint, address: '/queues/idle', receivers: idleConnections, credit: 10 },
      }),
      { kind: 'detach' },
    ),
  },
  program: new URL('./amqp-load/load-process.js', import.meta.url),
  ...{ protocol: 'amqp', connections: idleConnections },
});
