// Records for the consumers' check, by number: written natively or by Kafka, and what every consumer must show of them.
import { createHash } from 'node:crypto';
import { LineBlocks, recordLine } from './consumer-job.js';
import type { JobRecord } from './producer-job.js';
import type { OracleItem, OracleMessage } from './pulsar-oracle.js';

export const partitionCount = 3;

export type Writer = 'native' | 'kafka';

/** Every so manieth native record has no event time, and so the broker's time in Kafka. */
const isTimeless = (writer: Writer, number: number) => writer === 'native' && number % 10 === 3;

function keyOf(writer: Writer, number: number): Buffer | null {
  if (isTimeless(writer, number)) return Buffer.from(`timeless-${number}`);
  const binary = Buffer.from([0xff, 0xfe, number & 0xff, 0x00]);
  return [null, Buffer.alloc(0), Buffer.from(`Schlüssel-${number % 5}`), binary][number % 4]!;
}

function valueFor(number: number): Buffer | null {
  if (number % 11 === 4) return null;
  if (number % 11 === 5) return Buffer.alloc(0);
  const fill = Buffer.alloc([0, 100, 400, 1_000, 3_000][number % 5]!, number & 0xff);
  return Buffer.concat([Buffer.from(`record ${number};`), fill]);
}

/** Native ones go through the Java client's map: no name twice, and text only. */
function headersOf(writer: Writer, number: number): JobRecord['headers'] {
  if (number % 3 === 0) return [];
  const trace = [Buffer.from('trace'), Buffer.from(`t-${number}`)] as const;
  if (number % 3 === 1 || writer === 'native') return [trace];
  return [
    trace,
    [Buffer.from('größe'), Buffer.from([0x00, 0xff, number & 0xff])],
    [Buffer.from('empty'), Buffer.alloc(0)],
    [Buffer.from('again'), Buffer.from('first')],
    [Buffer.from('again'), Buffer.from('second')],
    [Buffer.from('pulsegate.taken'), Buffer.from('text')],
    [Buffer.from('absent'), null],
  ];
}

export class CrossingRecords {
  /** Event times are this and the number: told apart by it, and near to today, as some clients need it. */
  private readonly firstTimestampMs = Date.now() - 3_600_000;

  record(writer: Writer, number: number): JobRecord {
    return {
      partition: (number * 7 + Math.floor(number / 10)) % partitionCount,
      ...(isTimeless(writer, number) ? {} : { timestampMs: this.firstTimestampMs + number }),
      key: keyOf(writer, number),
      value: valueFor(number),
      headers: headersOf(writer, number),
    };
  }

  /** For the official Java client of Pulsar. */
  item(number: number): OracleItem {
    const { timestampMs, key, value, headers } = this.record('native', number);
    return {
      ...(timestampMs === undefined ? {} : { eventTime: timestampMs }),
      ...keyItem(key),
      ...(value === null ? { nullValue: true } : { valueBase64: value.toString('base64') }),
      properties: Object.fromEntries(headers.map(([name, each]) => [name.toString(), each!.toString()])),
    };
  }

  numberOf({ eventTime, key }: OracleMessage): number {
    return eventTime > 0 ? eventTime - this.firstTimestampMs : Number(key?.slice('timeless-'.length));
  }
}

/** Text keys as a native application gives them; bytes otherwise, which the Java client stores as base64. */
function keyItem(key: Buffer | null): OracleItem {
  if (key === null) return {};
  return key[0] === 0xff ? { keyBase64: key.toString('base64') } : { key: key.toString() };
}

interface StoredRecord {
  readonly number: number;
  readonly timestampMs: number;
}

/** What one topic has: the official Pulsar client told the order, the records themselves are known. */
export class CrossingTopic {
  private readonly partitions: readonly StoredRecord[][] = Array.from({ length: partitionCount }, () => []);

  /** @param writerOf who wrote a number here */
  constructor(
    private readonly records: CrossingRecords,
    private readonly writerOf: (number: number) => Writer,
  ) {}

  /** Takes a message in the order of its partition; the first fault of it in words, if it has any. */
  add(message: OracleMessage): string | undefined {
    const number = this.records.numberOf(message);
    const record = this.records.record(this.writerOf(number), number);
    const partition = this.partitions[message.partition]!;
    const place = `partition ${message.partition}, index ${message.index}, record ${number}`;
    const sha256 = record.value === null ? null : createHash('sha256').update(record.value).digest('hex');
    if (message.partition !== record.partition) return `${place}: belongs to partition ${record.partition}`;
    if (message.index !== partition.length) return `${place}: ${partition.length} records came before`;
    if (message.valueSha256 !== sha256) return `${place}: another value`;
    partition.push({
      number,
      timestampMs: record.timestampMs ?? message.brokerPublishTime ?? message.publishTime,
    });
    return undefined;
  }

  get count(): number {
    return this.partitions.reduce((sum, each) => sum + each.length, 0);
  }

  /** Records that came before one of a smaller number of the same writer, or came twice. */
  outOfOrder(): number {
    let found = 0;
    for (const partition of this.partitions) {
      const last = { native: -1, kafka: -1 };
      for (const { number } of partition) {
        const writer = this.writerOf(number);
        if (number <= last[writer]) found++;
        last[writer] = number;
      }
    }
    return found;
  }

  /** What a consumer must answer, by partition. */
  expected(headers: boolean, blockRecords: number): string[][] {
    return this.partitions.map((stored, partition) => {
      const answers: string[] = [];
      const blocks = new LineBlocks(partition, blockRecords, (answer) => answers.push(answer));
      for (const [offset, { number, timestampMs }] of stored.entries()) {
        const record = this.records.record(this.writerOf(number), number);
        const shown = { ...record, offset, timestamp: timestampMs, headers: headers ? record.headers : [] };
        blocks.add(String(offset), recordLine(shown));
      }
      blocks.end();
      return answers;
    });
  }
}

/** Every difference between what a consumer answered and what it must, in words; empty when they are equal. */
export function answerDifferences(
  lines: readonly string[],
  expected: readonly (readonly string[])[],
): string[] {
  const answered: string[][] = expected.map(() => []);
  const found: string[] = [];
  for (const line of lines) {
    const own = answered[Number(line.split(' ', 2)[1])];
    if (own === undefined) found.push(`of no partition: ${line.slice(0, 200)}`);
    else own.push(line);
  }
  for (const [partition, wanted] of expected.entries()) {
    const own = answered[partition]!;
    const wrong = wanted.findIndex((each, at) => own[at] !== each);
    if (wrong >= 0) {
      const shown = (line: string | undefined) => (line ?? 'nothing').slice(0, 300);
      found.push(`partition ${partition}: ${shown(own[wrong])} for ${shown(wanted[wrong])}`);
    } else if (own.length > wanted.length) {
      found.push(`partition ${partition}: more than there is: ${own[wanted.length]!.slice(0, 300)}`);
    }
  }
  return found;
}
