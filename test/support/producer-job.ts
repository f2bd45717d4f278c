// The one format in which every conformance client gets its work, whatever its language: lines of words.
//
//   job <id> <topic> <codec> <acks: 0|1|all> <idempotence: on|off|default> <security: plain|anonymous>
//   record <partition> <timestamp in ms, or - for the client's own> <key> <value> [<header name>:<header value>]...
//
// Bytes are `-` for null, else `=` and base64. A client answers with `client <its version>` and, per job, with
// `<id> ok <offset of each record, -1 where it learns none>...` or `<id> failed <message>`.
import { readFileSync } from 'node:fs';

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CodecName = (typeof codecs)[number];
export type Acks = '0' | '1' | 'all';

export interface JobRecord {
  readonly partition: number;
  readonly timestampMs?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer, value: Buffer | null])[];
}

export interface ProducerJob {
  readonly id: string;
  readonly topic: string;
  readonly codec: CodecName;
  readonly acks: Acks;
  readonly idempotence: 'on' | 'off' | 'default';
  readonly security: 'plain' | 'anonymous';
  readonly records: readonly JobRecord[];
}

const word = (bytes: Buffer | null) => (bytes === null ? '-' : `=${bytes.toString('base64')}`);
const bytes = (text: string) => (text === '-' ? null : Buffer.from(text.slice(1), 'base64'));

function recordLine({ partition, timestampMs, key, value, headers }: JobRecord): string {
  const pairs = headers.map(([name, each]) => `${word(name)}:${word(each)}`);
  return ['record', partition, timestampMs ?? '-', word(key), word(value), ...pairs].join(' ');
}

export function encodeJobs(jobs: readonly ProducerJob[]): string {
  const lines = jobs.flatMap(({ id, topic, codec, acks, idempotence, security, records }) => [
    ['job', id, topic, codec, acks, idempotence, security].join(' '),
    ...records.map(recordLine),
  ]);
  return `${lines.join('\n')}\n`;
}

function decodeRecord(words: readonly string[]): JobRecord {
  const headers = words.slice(5).map((pair) => {
    const [name, value] = pair.split(':');
    return [bytes(name!)!, bytes(value!)] as const;
  });
  return {
    partition: Number(words[1]),
    ...(words[2] === '-' ? {} : { timestampMs: Number(words[2]) }),
    key: bytes(words[3]!),
    value: bytes(words[4]!),
    headers,
  };
}

export function readJobs(file: string): ProducerJob[] {
  const jobs: (Omit<ProducerJob, 'records'> & { records: JobRecord[] })[] = [];
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const words = line.split(' ');
    if (words[0] === 'record') {
      jobs.at(-1)!.records.push(decodeRecord(words));
      continue;
    }
    const [, id, topic, codec, acks, idempotence, security] = words as [string, ...string[]];
    jobs.push({ id, topic, codec, acks, idempotence, security, records: [] } as never);
  }
  return jobs;
}

export interface ProducerConnection {
  readonly plainBootstrap: string;
  readonly anonymousBootstrap: string;
  readonly username: string;
  readonly password: string;
}

export function packageVersion(name: string): string {
  const file = new URL(`node_modules/${name}/package.json`, new URL('../../../', import.meta.url));
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * The whole of a client written in TypeScript but its sending: `send` gives the offset of each record, -1 where the
 * client learns none. Reads its arguments from the command line as every conformance client does.
 */
export async function serveJobs(
  packageName: string,
  send: (job: ProducerJob, connection: ProducerConnection) => Promise<readonly number[]>,
): Promise<void> {
  const [file, plainBootstrap, anonymousBootstrap, username, password] = process.argv.slice(2) as string[];
  const connection = { plainBootstrap, anonymousBootstrap, username, password } as ProducerConnection;
  process.stdout.write(`client ${packageName} ${packageVersion(packageName)}\n`);
  for (const job of readJobs(file!)) {
    try {
      process.stdout.write(`${[job.id, 'ok', ...(await send(job, connection))].join(' ')}\n`);
    } catch (error) {
      process.stdout.write(`${job.id} failed ${String(error).replaceAll('\n', ' ')}\n`);
    }
  }
}

const sendRecordsMax = 20;

/** Clients that make one batch of what they are given at once get it in several pieces, each with its place. */
export function piecesOf(
  records: readonly JobRecord[],
): { readonly records: readonly JobRecord[]; readonly first: number }[] {
  const pieces = [];
  for (let first = 0; first < records.length; first += sendRecordsMax) {
    pieces.push({ first, records: records.slice(first, first + sendRecordsMax) });
  }
  return pieces;
}

/** Offsets of a piece's records, from the offset of the first one of each partition. */
export function offsetsFrom(records: readonly JobRecord[], bases: ReadonlyMap<number, number>): number[] {
  const next = new Map(bases);
  return records.map(({ partition }) => {
    const offset = next.get(partition);
    if (offset === undefined) return -1;
    next.set(partition, offset + 1);
    return offset;
  });
}
