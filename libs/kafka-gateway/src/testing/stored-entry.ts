import { type BrokerEntry, type OutgoingEntry, parseEntry } from '#libs/pulsar';

/** A protobuf field: its number, and a varint, text, bytes, or the fields of a message. */
export type Field = readonly [number: number, value: number | string | Buffer | readonly Field[]];

/** Protobuf by hand, so that tests can write what native clients write, and what none should. */
export function protobuf(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
      const bytes =
        typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : protobuf(value);
      return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
    }),
  );
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

export interface StoredEntryOptions {
  /** The broker's index of the last message; left out: the broker exposes none. */
  readonly index?: number;
  readonly brokerTimestamp?: number;
  readonly producerName?: string;
  readonly publishTime?: number;
}

/** An entry as the broker dispatches it: fields of MessageMetadata beyond the producer's own, and the payload. */
export function storedEntry(
  metadata: readonly Field[],
  payload: Buffer,
  options: StoredEntryOptions = {},
): BrokerEntry {
  const { index, brokerTimestamp, producerName = 'native-1', publishTime = 1_795_000_000_000 } = options;
  const fields = protobuf([[1, producerName], [2, 7], [3, publishTime], ...metadata]);
  const broker = protobuf([
    ...(brokerTimestamp === undefined ? [] : ([[1, brokerTimestamp]] as const)),
    ...(index === undefined ? [] : ([[2, index]] as const)),
  ]);
  const prefix = index === undefined ? [] : [Buffer.from([0x0e, 0x02]), u32(broker.length), broker];
  const frame = Buffer.concat([...prefix, u32(fields.length), fields, payload]);
  return parseEntry(frame, 0, frame.length, { ledgerId: 11, entryId: 4 });
}

/** What the gateway or a batching native producer sent, as it is stored. */
export function storedOutgoing(entry: OutgoingEntry, options: StoredEntryOptions = {}): BrokerEntry {
  const { compression = 'none', uncompressedSize, numMessagesInBatch } = entry.metadata;
  const metadata: Field[] = [];
  if (compression !== 'none') {
    metadata.push([8, ['none', 'lz4', 'zlib', 'zstd', 'snappy'].indexOf(compression)]);
    metadata.push([9, uncompressedSize ?? 0]);
  }
  if (numMessagesInBatch !== undefined) metadata.push([11, numMessagesInBatch]);
  return storedEntry(metadata, entry.buffer.subarray(entry.payloadStart, entry.payloadEnd), options);
}

/** One slot of a batch: fields of SingleMessageMetadata beyond the payload size, and the value. */
export function slot(fields: readonly Field[], value: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(value as string);
  const metadata = protobuf([...fields, [3, bytes.length]]);
  return Buffer.concat([u32(metadata.length), metadata, bytes]);
}

/** A batch as a native client sends it: uncompressed, its first message at offset 100 unless told otherwise. */
export function nativeBatch(
  slots: readonly Buffer[],
  metadata: readonly Field[] = [],
  index = 100 + slots.length - 1,
): BrokerEntry {
  const broker = { index, brokerTimestamp: 1_800_000_000_123 };
  return storedEntry([[11, slots.length], ...metadata], Buffer.concat(slots), broker);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
