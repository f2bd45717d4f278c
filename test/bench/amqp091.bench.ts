// AMQP 0-9-1 clients through the gateway: messages per second and core, each way, and what an idle one costs in memory.
import type { LoadCall } from './amqp091-load/load-process.js';
import { idlePart, type Measured, measured, runClientBench, runs, tellMeasured } from './client-bench.js';

const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 300_000);
const idleConnections = Number(process.env.PULSEGATE_BENCH_CONNECTIONS ?? 5_000);
const payloadBytes = 256;
const publishing = { publishers: 4, window: 1_000, payloadBytes } as const;
const consuming = { consumers: 4, prefetch: 300 } as const;
const acknowledging = { 'each by itself': 1, 'multiple, 100 at a time': 100 } as const;
const goals = { publishedPerCoreMin: 30_000, consumedPerCoreMin: 25_000, idleBytesMax: 30_000 } as const;

await runClientBench<LoadCall>({
  parts: {
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
            await measured(`${queue}, published`, bench, messages, () =>
              call({ kind: 'publish', load: publish }),
            ),
          );
          const consume = { ...consuming, endpoint, queue, ackMessages, messages };
          consumed.push(
            await measured(`${queue}, consumed`, bench, messages, () =>
              call({ kind: 'consume', load: consume }),
            ),
          );
        }
        tellMeasured(report, `consumed, acknowledged ${how}, 256 B`, consumed, goals.consumedPerCoreMin);
      }
      tellMeasured(report, 'published with confirms, 256 B', published, goals.publishedPerCoreMin);
    },
    idle: idlePart<LoadCall>(
      { count: idleConnections, what: 'with a channel and a consumer', bytesMax: goals.idleBytesMax },
      (endpoint) => ({
        kind: 'attach',
        load: { endpoint, queue: 'idle', consumers: idleConnections, prefetch: 10 },
      }),
      { kind: 'detach' },
    ),
  },
  program: new URL('./amqp091-load/load-process.js', import.meta.url),
  ...{ protocol: 'amqp', connections: idleConnections },
});
