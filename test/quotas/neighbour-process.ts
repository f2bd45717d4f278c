// A neighbour in a process of its own, so that its latencies are the gateway's and not those of the clients that flood.
import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LoadCount, type LoadProtocol, type OfferedLoad, publish } from './offered-load.js';

export interface NeighbourJob {
  readonly protocol: LoadProtocol;
  /** `payload` as its length. */
  readonly load: Omit<OfferedLoad, 'payload' | 'gateway'> & { readonly payloadBytes: number };
  readonly kafka: string;
  readonly mqtt: string;
  readonly amqp: string;
  /** Not counted. */
  readonly settleMs: number;
  readonly measuredMs: number;
}

export interface NeighbourResult {
  readonly p99Ms: number;
  readonly messages: number;
  readonly errors: readonly string[];
}

export function runNeighbour(job: NeighbourJob): Promise<NeighbourResult> {
  const child = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, PULSEGATE_NEIGHBOUR: 'true' },
  });
  return new Promise((resolve, reject) => {
    child.once('message', (result) => resolve(result as NeighbourResult));
    child.once('exit', (code) => reject(new Error(`the neighbour ended with ${code}`)));
    child.send(job);
  });
}

async function measure(job: NeighbourJob): Promise<NeighbourResult> {
  const { protocol, kafka, mqtt, amqp } = job;
  const gateway = { kafka, mqtt: { tcp: mqtt }, amqp: { tcp: amqp } } as OfferedLoad['gateway'];
  const count = new LoadCount();
  await publish(protocol, { ...job.load, gateway, payload: Buffer.alloc(job.load.payloadBytes) }, count);
  await delay(job.settleMs);
  count.latenciesMs.length = 0;
  await delay(job.measuredMs);
  const sorted = count.latenciesMs.splice(0).sort((one, other) => one - other);
  await count.end();
  const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY;
  return { p99Ms, messages: sorted.length, errors: count.errors };
}

if (process.env.PULSEGATE_NEIGHBOUR === 'true') {
  process.once('message', (job) => {
    measure(job as NeighbourJob).then(
      (result) => process.send!(result, () => process.exit(0)),
      (error) => {
        process.stderr.write(`${error}\n`);
        process.exit(1);
      },
    );
  });
}
