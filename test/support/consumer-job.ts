// The one format in which every conformance consumer gets its work and answers, whatever its language: lines of words.
//
//   consume <id, also the group> <topic> <records> <protocol: classic|consumer|none> <security: plain|anonymous> <block>
//
// It answers with `client <its version>`, per job with what it read, and then `<id> ok` or `<id> failed <message>`:
//
//   <id> record <partition> <line>                                      for every record where block is 0
//   <id> block <partition> <first offset> <records> <SHA-256 in hex>    for so many records of a partition, in order
//
// where a line is `<offset> <timestamp> <key> <value>[ <header name>:<header value>]...`, bytes are `-` for null, else
// `=` and base64, and the digest is over the block's lines, each with a line feed.
import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageVersion, type ProducerConnection } from './producer-job.js';

export interface ConsumerJob {
  readonly id: string;
  readonly topic: string;
  readonly records: number;
  /** `consumer` is that of KIP-848; `none`: all partitions, without a group. */
  readonly protocol: 'classic' | 'consumer' | 'none';
  readonly security: 'plain' | 'anonymous';
  /** Records per block; 0 for every record in full. */
  readonly blockRecords: number;
}

export interface ConsumedRecord {
  readonly partition: number;
  readonly offset: bigint | number | string;
  readonly timestamp: bigint | number | string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer, value: Buffer | null])[];
}

export const idleMsMax = 40_000;

const word = (bytes: Buffer | null) => (bytes === null ? '-' : `=${bytes.toString('base64')}`);

export function recordLine({ offset, timestamp, key, value, headers }: ConsumedRecord): string {
  const pairs = headers.map(([name, each]) => `${word(name)}:${word(each)}`);
  return [offset, timestamp, word(key), word(value), ...pairs].join(' ');
}

export function encodeConsumerJobs(jobs: readonly ConsumerJob[]): string {
  return jobs
    .map(({ id, topic, records, protocol, security, blockRecords }) =>
      ['consume', id, topic, records, protocol, security, `${blockRecords}\n`].join(' '),
    )
    .join('');
}

function readConsumerJobs(file: string): ConsumerJob[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, id, topic, records, protocol, security, blockRecords] = line.split(' ') as [
        string,
        ...string[],
      ];
      const numbers = { records: Number(records), blockRecords: Number(blockRecords) };
      return { id, topic, protocol, security, ...numbers } as ConsumerJob;
    });
}

/** The lines of one partition, told one by one or by the digests of blocks. */
export class LineBlocks {
  private readonly recordsMax: number;
  private digest: Hash = createHash('sha256');
  private count = 0;
  private firstOffset = '';

  constructor(
    private readonly partition: number,
    blockRecords: number,
    private readonly tell: (answer: string) => void,
  ) {
    this.recordsMax = blockRecords;
  }

  add(offset: string, line: string): void {
    if (this.recordsMax === 0) {
      this.tell(`record ${this.partition} ${line}`);
      return;
    }
    if (this.count === 0) this.firstOffset = offset;
    this.digest.update(`${line}\n`);
    if (++this.count === this.recordsMax) this.end();
  }

  end(): void {
    if (this.count === 0) return;
    this.tell(`block ${this.partition} ${this.firstOffset} ${this.count} ${this.digest.digest('hex')}`);
    this.digest = createHash('sha256');
    this.count = 0;
  }
}

/** Takes what a client reads until the job has all its records, or none came for too long. */
export class JobReading {
  /** Resolves when all is read, rejects when nothing came for {@link idleMsMax}. */
  readonly ended: Promise<void>;
  private readonly blocks = new Map<number, LineBlocks>();
  private read = 0;
  private lastAt = Date.now();
  private readonly tell: (answer: string) => void;
  private finish: (error?: Error) => void = () => undefined;

  constructor(private readonly job: ConsumerJob) {
    this.tell = (answer) => process.stdout.write(`${job.id} ${answer}\n`);
    this.ended = new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        if (Date.now() - this.lastAt < idleMsMax) return;
        const seconds = idleMsMax / 1000;
        this.finish(new Error(`nothing came for ${seconds} s after ${this.read} of ${job.records} records`));
      }, 500);
      this.finish = (error) => {
        clearInterval(timer);
        if (error) reject(error);
        else resolve();
      };
    });
  }

  get done(): boolean {
    return this.read >= this.job.records;
  }

  add(record: ConsumedRecord): void {
    this.lastAt = Date.now();
    this.read += 1;
    let blocks = this.blocks.get(record.partition);
    if (blocks === undefined) {
      blocks = new LineBlocks(record.partition, this.job.blockRecords, this.tell);
      this.blocks.set(record.partition, blocks);
    }
    blocks.add(String(record.offset), recordLine(record));
    if (this.read !== this.job.records) return;
    for (const each of this.blocks.values()) each.end();
    this.finish();
  }

  fail(error: Error): void {
    this.finish(error);
  }
}

/** The whole of a client written in TypeScript but its reading. */
export async function serveConsumerJobs(
  packageName: string,
  consume: (job: ConsumerJob, connection: ProducerConnection, reading: JobReading) => Promise<void>,
): Promise<void> {
  const [file, plainBootstrap, anonymousBootstrap, username, password] = process.argv.slice(2) as string[];
  const connection = { plainBootstrap, anonymousBootstrap, username, password } as ProducerConnection;
  process.stdout.write(`client ${packageName} ${packageVersion(packageName)}\n`);
  for (const job of readConsumerJobs(file!)) {
    try {
      await consume(job, connection, new JobReading(job));
      process.stdout.write(`${job.id} ok\n`);
    } catch (error) {
      process.stdout.write(`${job.id} failed ${String(error).replaceAll('\n', ' ')}\n`);
    }
  }
}
