// The records that every conformance producer sends, and what a Pulsar client must then read (docs/mapping.md).
import { isUtf8 } from 'node:buffer';
import type { JobRecord, ProducerJob } from './producer-job.js';
import type { OracleMessage } from './pulsar-oracle.js';

export const partitionCount = 3;

const firstTimestampMs = 1_700_000_000_000;
const timestampsPerJob = 1_000_000;

function keyFor(index: number): Buffer | null {
  const binary = Buffer.from([0xff, 0xfe, index & 0xff, 0x00]);
  return [null, Buffer.alloc(0), Buffer.from(`Schlüssel-${index % 5}`), binary][index % 4]!;
}

/** Text that names its record, or nothing at all, or nothing but a tombstone; sizes from some bytes to a few batches. */
function valueFor(job: number, index: number): Buffer | null {
  if (index % 11 === 4) return null;
  if (index % 11 === 5) return Buffer.alloc(0);
  const text = Buffer.from(`job ${job} record ${index};`);
  const fill = Buffer.alloc([0, 100, 1_000, 6_000][index % 4]!, index & 0xff);
  return Buffer.concat([text, fill]);
}

function headersOf(index: number, form: 'none' | 'without null' | 'all'): JobRecord['headers'] {
  if (form === 'none' || index % 3 === 0) return [];
  const one = [Buffer.from('trace'), Buffer.from(`t-${index}`)] as const;
  if (index % 3 === 1) return [one];
  const several = [
    one,
    [Buffer.from('größe'), Buffer.from([0x00, 0xff, index & 0xff])],
    [Buffer.from('empty'), Buffer.alloc(0)],
    [Buffer.from('again'), Buffer.from('first')],
    [Buffer.from('again'), Buffer.from('second')],
    [Buffer.from('pulsegate.taken'), Buffer.from('text')],
  ] as const;
  return form === 'all' ? [...several, [Buffer.from('absent'), null]] : several;
}

export interface RecordForm {
  readonly headers: 'none' | 'without null' | 'all';
  /** Whether some records leave the timestamp to the client, beside others whose timestamps are years earlier. */
  readonly ownTimestamps: boolean;
}

/** Told apart afterwards by their timestamp, or by their text where the client gives the timestamp. */
export function recordsOf(job: number, count: number, form: RecordForm): JobRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const value = valueFor(job, index);
    const own = form.ownTimestamps && index % 7 === 3 && value !== null && value.length > 0;
    return {
      partition: (index * 7 + Math.floor(index / 10)) % partitionCount,
      ...(own ? {} : { timestampMs: firstTimestampMs + job * timestampsPerJob + index }),
      key: keyFor(index),
      value,
      headers: headersOf(index, form.headers),
    };
  });
}

function identify(message: OracleMessage): { job: number; index: number } | undefined {
  const text = Buffer.from(message.valueBase64 ?? '', 'base64').toString('latin1');
  const match = /^job (\d+) record (\d+);/.exec(text);
  if (match) return { job: Number(match[1]), index: Number(match[2]) };
  const place = message.eventTime - firstTimestampMs;
  if (place < 0) return undefined;
  return { job: Math.floor(place / timestampsPerJob), index: place % timestampsPerJob };
}

function expectedProperties({ headers }: JobRecord): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [nameBytes, value] of headers) {
    const name = nameBytes.toString('utf8');
    if (value === null) properties[`pulsegate.null.${name}`] = '';
    else if (name.startsWith('pulsegate.') || !isUtf8(value)) {
      properties[`pulsegate.base64.${name}`] = value.toString('base64');
    } else properties[name] = value.toString('utf8');
  }
  return properties;
}

const shown = (bytes: string | null | undefined) =>
  bytes == null ? 'null' : `base64 "${bytes.slice(0, 40)}"`;

function sortedText(properties: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a stored message has other than its record; `ranMs` bounds the timestamps that the client gave itself. */
function faultsOf(
  record: JobRecord,
  offset: number | undefined,
  message: OracleMessage,
  ranMs: readonly [number, number],
): string[] {
  const faults: string[] = [];
  const key = record.key?.toString('base64') ?? null;
  const value = record.value?.toString('base64') ?? null;
  if (message.keyBase64 !== key) faults.push(`key ${shown(message.keyBase64)} for ${shown(key)}`);
  if (record.key !== null && message.hasBase64EncodedKey === isUtf8(record.key)) {
    faults.push(`key ${shown(key)} is ${message.hasBase64EncodedKey ? '' : 'not '}flagged as base64`);
  }
  if (message.valueBase64 !== value) faults.push(`value ${shown(message.valueBase64)} for ${shown(value)}`);
  const [properties, wanted] = [sortedText(message.properties), sortedText(expectedProperties(record))];
  if (properties !== wanted) faults.push(`properties ${properties} for ${wanted}`);
  const [from, to] = record.timestampMs === undefined ? ranMs : [record.timestampMs, record.timestampMs];
  if (message.eventTime < from || message.eventTime > to) {
    faults.push(`event time ${message.eventTime}, not in ${from}..${to}`);
  }
  if (offset !== undefined && offset >= 0 && message.index !== offset) {
    faults.push(`the producer was told offset ${offset}, the broker's index is ${message.index}`);
  }
  return faults;
}

/** Every difference between one job's records and what Pulsar has of them, in words; empty when they are equal. */
export function differences(
  jobNumber: number,
  job: ProducerJob,
  offsets: readonly number[] | undefined,
  stored: readonly OracleMessage[],
  ranMs: readonly [number, number],
): string[] {
  const found: string[] = [];
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const messages = stored.filter(
      (each) => each.partition === partition && identify(each)?.job === jobNumber,
    );
    const wanted = job.records.flatMap((record, index) => (record.partition === partition ? [index] : []));
    const order = messages.map((each) => identify(each)!.index);
    const wrong = wanted.findIndex((index, place) => order[place] !== index);
    if (wrong >= 0 || order.length !== wanted.length) {
      const where = wrong < 0 ? '' : `, at place ${wrong} record ${order[wrong]} for record ${wanted[wrong]}`;
      found.push(`partition ${partition}: ${order.length} records for ${wanted.length}${where}`);
      continue;
    }
    for (const [place, index] of wanted.entries()) {
      const faults = faultsOf(job.records[index]!, offsets?.[index], messages[place]!, ranMs);
      found.push(...faults.map((fault) => `partition ${partition}, record ${index}: ${fault}`));
    }
  }
  return found;
}
