// Numbered records from a Kafka producer under faults: what the producer was told, and what Pulsar has of them.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { javaCommand } from './kafka-producers.js';
import type { OracleMessage } from './pulsar-oracle.js';

/** Record n goes to partition n % partitions, and its value begins with `NAME n `. */
export interface FloodOutcome {
  readonly name: string;
  readonly partitions: number;
  /** Records given to the producer: 0 to sent - 1. */
  sent: number;
  /** Number -> offset; -1: acknowledged without one. */
  readonly acked: Map<number, number>;
  /** Number -> the error that the application got. */
  readonly failed: Map<number, string>;
}

export interface JavaFloodOptions {
  readonly bootstrap: string;
  readonly topic: string;
  /** Of this flood among others on the topic. */
  readonly name?: string;
  readonly partitions: number;
  /** Absent: until `stop`. */
  readonly count?: number;
  /** Records per second; 0 for as fast as it goes. */
  readonly rate: number;
  readonly valueBytes?: number;
  /** The producer waits with so many unanswered, so that an outage stops the flood instead of ending it. */
  readonly unansweredMax?: number;
  /** Of Kafka's producer, on top of those below. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface JavaFlood extends FloodOutcome {
  /** Resolves when so many records are acknowledged; rejects when the producer ends before. */
  untilAcked(count: number): Promise<void>;
  /** Sends nothing more, waits for the answers, and ends. */
  stop(): Promise<void>;
  /** Resolves after the answers of all records, with the records that the client sent again. */
  readonly ended: Promise<{ readonly retried: number }>;
}

/** Small batches and little waiting, so that a fault meets many of them; errors that pass are never surfaced. */
const settings: Readonly<Record<string, string>> = {
  acks: 'all',
  'batch.size': '2048',
  'linger.ms': '2',
  'delivery.timeout.ms': '600000',
  'request.timeout.ms': '30000',
  'max.block.ms': '600000',
  'reconnect.backoff.max.ms': '500',
  'retry.backoff.ms': '50',
  'retry.backoff.max.ms': '500',
};

/** kafka-clients 4.x in a process of its own. */
export function javaFlood(options: JavaFloodOptions): JavaFlood {
  const { bootstrap, topic, name = 'java', partitions, rate } = options;
  const { valueBytes = 100, unansweredMax = 3_000 } = options;
  const count = options.count ?? Number.MAX_SAFE_INTEGER;
  const [command, ...args] = javaCommand('clients-4', 'FloodProducer');
  const all = { 'bootstrap.servers': bootstrap, ...settings, ...options.settings };
  const child = spawn(
    command!,
    [
      ...args,
      topic,
      name,
      ...[partitions, count, rate, unansweredMax, valueBytes].map(String),
      ...Object.entries(all).map(([name, value]) => `${name}=${value}`),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => {}); // it has ended already
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const acked = new Map<number, number>();
  const failed = new Map<number, string>();
  const waiters: { count: number; resolve(): void; reject(error: Error): void }[] = [];
  let retried: number | undefined;
  const ended = new Promise<{ retried: number }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const early = new Error(`the Java producer ended (${signal ?? code}): ${said}`);
      for (const waiter of waiters.splice(0)) waiter.reject(early);
      if (retried === undefined) reject(early);
      else resolve({ retried });
    });
  });
  ended.catch(() => {}); // also where only `untilAcked` is awaited
  const flood: JavaFlood = {
    name,
    partitions,
    sent: 0,
    acked,
    failed,
    untilAcked: (wanted) =>
      new Promise((resolve, reject) => {
        if (acked.size >= wanted) resolve();
        else waiters.push({ count: wanted, resolve, reject });
      }),
    async stop() {
      child.stdin.end();
      await ended;
    },
    ended,
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [what, number, ...rest] = line.split(' ');
    if (what === 'acked') acked.set(Number(number), Number(rest[1]));
    else if (what === 'failed') failed.set(Number(number), rest.join(' '));
    else if (what === 'end') {
      flood.sent = Number(number);
      retried = Number(rest[0]);
    }
    for (let at = waiters.length - 1; at >= 0; at--) {
      if (acked.size >= waiters[at]!.count) waiters.splice(at, 1)[0]!.resolve();
    }
  });
  return flood;
}

/** Number of a stored record; undefined for what is not this flood's. */
function recordNumber(flood: FloodOutcome, { valueBase64 }: OracleMessage): number | undefined {
  const [name, number] = Buffer.from(valueBase64 ?? '', 'base64')
    .toString('latin1')
    .split(' ', 2);
  return name === flood.name ? Number(number) : undefined;
}

export interface FloodVerdict {
  /** In words, the first few of each kind; empty when every promise was kept. */
  readonly faults: string[];
  /** Records that are stored more than once, counted as often as they are too many. */
  readonly duplicates: number;
  /** Records whose first copy is behind the first copy of a later one. */
  readonly outOfOrder: number;
  /** Acknowledged without an offset. */
  readonly withoutOffset: number;
}

const shownMax = 5;

/**
 * Judges what is stored: every acknowledged record is there, under the offset that the producer was told, and nothing is
 * there that was not sent. Copies and order are counted: what they may be depends on the producer's settings.
 */
export function judgeFlood(flood: FloodOutcome, stored: readonly OracleMessage[]): FloodVerdict {
  const faults: string[] = [];
  const counted = new Map<string, number>();
  const fault = (kind: string, text: string) => {
    const count = (counted.get(kind) ?? 0) + 1;
    counted.set(kind, count);
    if (count <= shownMax) faults.push(`${kind}: ${text}`);
  };
  const places = new Map<number, number[]>();
  const latest = new Map<number, number>();
  let duplicates = 0;
  let outOfOrder = 0;
  for (const message of stored) {
    const number = recordNumber(flood, message);
    if (number === undefined) continue;
    const { partition, index } = message;
    if (number >= flood.sent || number % flood.partitions !== partition) {
      fault('foreign', `record ${number} in partition ${partition}`);
    }
    const indexes = places.get(number);
    if (indexes !== undefined) {
      indexes.push(index ?? -1);
      duplicates++;
      continue;
    }
    places.set(number, [index ?? -1]);
    if (number < (latest.get(partition) ?? -1)) outOfOrder++;
    else latest.set(partition, number);
  }
  let withoutOffset = 0;
  for (const [number, offset] of flood.acked) {
    const indexes = places.get(number);
    if (indexes === undefined) fault('lost', `record ${number} was acknowledged with offset ${offset}`);
    else if (offset < 0) withoutOffset++;
    else if (!indexes.includes(offset)) {
      fault('offset', `record ${number} was acknowledged with ${offset}, its index is ${indexes.join()}`);
    }
  }
  for (const [kind, count] of counted) if (count > shownMax) faults.push(`${kind}: ${count} in all`);
  return { faults, duplicates, outOfOrder, withoutOffset };
}

/** What `judgeFlood` says when nothing is wrong with an idempotent producer. */
export const exactlyOnce: FloodVerdict = { faults: [], duplicates: 0, outOfOrder: 0, withoutOffset: 0 };
