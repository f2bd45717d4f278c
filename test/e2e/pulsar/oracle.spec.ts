// The official Java client reads all that ours writes, and ours reads all that it writes.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BatchBuilder,
  type BrokerEntry,
  ChunkAssembler,
  type Compression,
  EntryDecodeError,
  MessageCursor,
  type OutgoingMessage,
  type PulsarMessage,
  singleEntry,
} from '#libs/pulsar';
import { inForm } from '../../support/check-form.js';
import {
  type OracleItem,
  type OracleMessage,
  oracleFlood,
  oracleRead,
  oracleWrite,
  patternBytes,
} from '../../support/pulsar-oracle.js';
import { testPulsar } from '../../support/pulsar.js';
import { PulsarFixture, readEntries, sent } from './pulsar-fixture.js';

const compressions: readonly Compression[] = ['none', 'lz4', 'zlib', 'zstd', 'snappy'];
const { serviceUrl, adminUrl } = testPulsar;

let fixture: PulsarFixture;
beforeAll(async () => {
  fixture = await PulsarFixture.start();
}, 180_000);
afterAll(() => fixture?.stop());

/** Everything that a message may be, in one batch's worth. */
const outgoing: readonly OutgoingMessage[] = [
  { key: 'plain', value: Buffer.from('value'), eventTime: 1_795_000_000_123 },
  { key: 'ключ €𝄞', value: Buffer.from('ünïcode'), properties: [{ key: 'häder', value: '𝄞' }] },
  { key: '', value: Buffer.alloc(0), eventTime: 1 },
  { value: null },
  { key: 'tombstone', value: null },
  { key: Buffer.from([0, 0xff, 0xc3, 0x28]), value: Buffer.from([0, 1, 2, 0xff]) },
  { key: Buffer.from('utf-8 bytes €'), value: patternBytes(20_000, 5), orderingKey: Buffer.from([9, 0]) },
  {
    value: Buffer.from('repeated'),
    properties: [
      { key: 'a', value: 'first' },
      { key: 'b', value: '' },
      { key: 'a', value: 'last' },
    ],
  },
];

function expectOracleReads(read: OracleMessage, written: OutgoingMessage): void {
  const key = written.key === undefined || written.key === null ? null : Buffer.from(written.key as Buffer);
  const isText = key === null || Buffer.from(key.toString()).equals(key);
  expect(read).toMatchObject({
    key: key === null ? null : key.toString(isText ? 'utf8' : 'base64'),
    keyBase64: key === null ? null : key.toString('base64'),
    hasBase64EncodedKey: !isText,
    orderingKey: written.orderingKey?.toString('base64') ?? null,
    valueBase64: written.value === null ? null : written.value.toString('base64'),
    eventTime: written.eventTime ?? 0,
    // A map in Java: of repeated names the last is left.
    properties: Object.fromEntries((written.properties ?? []).map(({ key: name, value }) => [name, value])),
  });
}

function messagesOf(entries: readonly BrokerEntry[]): PulsarMessage[] {
  return entries.flatMap((entry) => {
    const cursor = new MessageCursor(entry, { decompressedBytesMax: 16 << 20 });
    const messages: PulsarMessage[] = [];
    while (cursor.next()) if (!cursor.compactedOut) messages.push(cursor.message());
    return messages;
  });
}

describe('the Java client reads what ours writes', () => {
  it('batches and single messages, with each compression', async () => {
    const topic = await fixture.topic('ours');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't', name: 'ours' });
    const expected: { message: OutgoingMessage; batchIndex: number }[] = [];
    for (const compression of compressions) {
      const builder = new BatchBuilder({ capacityBytes: 1000, payloadBytesMax: 1 << 20 });
      for (const [batchIndex, message] of outgoing.entries()) {
        builder.append(message);
        expected.push({ message, batchIndex });
      }
      await sent(producer, builder.finish(compression));
      for (const message of outgoing) {
        await sent(producer, singleEntry(message, { compression }));
        expected.push({ message, batchIndex: -1 });
      }
    }
    await producer.close();

    const read = await oracleRead(serviceUrl, topic, 'all');
    expect(read).toHaveLength(expected.length);
    read.forEach((message, at) => {
      expectOracleReads(message, expected[at]!.message);
      expect(message).toMatchObject({ index: at, producerName: 'ours' });
      expect(message.messageId.batchIndex).toBe(expected[at]!.batchIndex);
    });
  });

  it('many messages in partitions, in order', async () => {
    const perPartition = inForm({ short: 5_000, full: 60_000 });
    const topic = `persistent://${fixture.namespace}/partitioned`;
    await fixture.client.admin.createPartitionedTopic(topic, 3);
    const value = (partition: number, number: number) =>
      Buffer.concat([Buffer.from(`${partition}/${number} `), patternBytes(number % 900, partition)]);
    for (let partition = 0; partition < 3; partition++) {
      const partitionTopic = `${topic}-partition-${partition}`;
      const producer = await fixture.client.createProducer({ topic: partitionTopic, tenantKey: 't' });
      const receipts: Promise<unknown>[] = [];
      for (let number = 0; number < perPartition; ) {
        const builder = new BatchBuilder({ capacityBytes: 20_000, payloadBytesMax: 1 << 20 });
        for (let i = 0; i < 50 && number < perPartition; i++, number++) {
          builder.append({ key: `${number % 7}`, value: value(partition, number) });
        }
        receipts.push(sent(producer, builder.finish(compressions[receipts.length % 5]!)));
      }
      await Promise.all(receipts);
      await producer.close();
    }

    const read = await oracleRead(serviceUrl, topic, 3 * perPartition, { digest: true });
    expect(read).toHaveLength(3 * perPartition);
    for (let partition = 0; partition < 3; partition++) {
      const mine = read.filter((message) => message.partition === partition);
      expect(mine.map(({ index }) => index)).toEqual(mine.map((_, at) => at));
      const wrong = mine.findIndex(
        (message, at) =>
          message.key !== `${at % 7}` ||
          message.valueSha256 !== createHash('sha256').update(value(partition, at)).digest('hex'),
      );
      expect(wrong).toBe(-1);
    }
  });
});

/** As OutgoingMessage, for the Java client. */
const javaItems: readonly OracleItem[] = [
  { key: 'plain', value: 'value', eventTime: 1_795_000_000_123 },
  { key: 'ключ €𝄞', value: 'ünïcode', properties: { häder: '𝄞', b: '' }, flush: true },
  { key: '', value: '' },
  { nullValue: true },
  { key: 'tombstone', nullValue: true },
  { keyBase64: 'AP/DKA==', valueBase64: 'AAEC/w==' },
  { key: 'long', valueBytes: 20_000, seed: 5, orderingKeyBase64: 'CQA=' },
];

function expectWeRead(read: PulsarMessage, written: OracleItem): void {
  const key = written.key ?? written.keyBase64 ?? null;
  const value =
    written.valueBytes !== undefined
      ? patternBytes(written.valueBytes, written.seed)
      : Buffer.from(written.valueBase64 ?? written.value ?? '', written.valueBase64 ? 'base64' : 'utf8');
  expect(read).toMatchObject({
    key,
    keyIsBase64: written.keyBase64 !== undefined,
    value: written.nullValue ? null : value,
    eventTime: written.eventTime,
    orderingKey: written.orderingKeyBase64 ? Buffer.from(written.orderingKeyBase64, 'base64') : null,
  });
  const byName = (one: { key: string }, other: { key: string }) => one.key.localeCompare(other.key);
  expect([...read.properties].sort(byName)).toEqual(
    Object.entries(written.properties ?? {})
      .map(([name, text]) => ({ key: name, value: text }))
      .sort(byName),
  );
}

describe('ours reads what the Java client writes', () => {
  it('batches and single messages, with each compression', async () => {
    const topic = await fixture.topic('java');
    const specs = (['NONE', 'LZ4', 'ZLIB', 'ZSTD', 'SNAPPY'] as const).flatMap((compression) => [
      { compression, messages: javaItems, batchMessages: 4 },
      { compression, messages: javaItems, batching: false },
    ]);
    const ids = await oracleWrite(serviceUrl, topic, ...specs);

    const entries = await readEntries(fixture.client, topic, (3 + javaItems.length) * 5);
    const read = messagesOf(entries);
    expect(read).toHaveLength(ids.length);
    expect(new Set(entries.map(({ compression }) => compression))).toEqual(new Set(compressions));
    const theirs = await oracleRead(serviceUrl, topic, 'all');
    read.forEach((message, at) => {
      expectWeRead(message, javaItems[at % javaItems.length]!);
      const { ledgerId, entryId, batchIndex } = ids[at]!;
      expect(message).toMatchObject({ ledgerId, entryId, batchIndex, index: at });
      const { publishTime, producerName, sequenceId, brokerPublishTime } = theirs[at]!;
      expect(message).toMatchObject({ publishTime, producerName, sequenceId });
      expect(message.brokerTimestamp).toBe(brokerPublishTime);
    });
  });

  it('with the schemas STRING, INT64, JSON and AVRO', async () => {
    const reading = { sensor: 's-1', celsius: 21.5 };
    const avro = Buffer.from([0, 0, 0, 0, 0, 0x80, 0x35, 0x40, 2, 6, ...Buffer.from('s-1'), 0]);
    const cases = [
      { schema: 'STRING', item: { value: 'text' }, bytes: Buffer.from('text') },
      { schema: 'INT64', item: { value: '258' }, bytes: Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]) },
      {
        schema: 'JSON',
        item: { valueObject: reading },
        bytes: Buffer.from('{"sensor":"s-1","celsius":21.5}'),
      },
      // Fields by name: celsius; sensor as the second of null and string; sequence as the first of null and int.
      { schema: 'AVRO', item: { valueObject: reading }, bytes: avro },
    ] as const;
    const topics = await Promise.all(cases.map(({ schema }) => fixture.topic(schema)));
    const none: OracleItem = { nullValue: true, key: 'k' };
    const specs = cases.map(({ schema, item }, at) => ({
      topic: topics[at]!,
      schema,
      messages: [item, none],
    }));
    await oracleWrite(serviceUrl, topics[0]!, ...specs);
    for (const [at, { bytes }] of cases.entries()) {
      const topic = topics[at]!;
      const [typed, empty] = messagesOf(await readEntries(fixture.client, topic, 1));
      expect(typed!.value).toEqual(bytes);
      expect(typed!.schemaVersion).toEqual(Buffer.alloc(8));
      expect(empty).toMatchObject({ key: 'k', value: null });
    }
  });

  it('in chunks, between other messages, put together at the last chunk', async () => {
    const topic = await fixture.topic('chunks');
    const flood = await oracleFlood(serviceUrl, topic, { rate: 500, batch: 3 });
    const messages: OracleItem[] = [
      { key: 'large', valueBytes: 200_000, seed: 1, properties: { a: 'b' } },
      { key: 'small', value: 'no chunk' },
      { keyBase64: 'AP8=', valueBytes: 150_000, seed: 2, eventTime: 7 },
    ];
    const spec = { messages, batching: false, chunking: true, chunkBytes: 10_000 } as const;
    const ids = await oracleWrite(
      serviceUrl,
      topic,
      { ...spec, name: 'plain' },
      { ...spec, name: 'zstd', compression: 'ZSTD', chunkBytes: 50 },
    );
    const { stored } = await flood.stop();

    const last = await lastEntry(topic);
    const entries = await readEntries(fixture.client, topic, last + 1);
    const assembler = new ChunkAssembler({
      messagesMax: 10,
      bytesMax: 1 << 20,
      ageMsMax: 60_000,
      now: () => performance.now(),
    });
    const read = new Map<string, PulsarMessage>();
    let flooded = 0;
    let chunks = 0;
    for (const entry of entries) {
      let whole = entry;
      if (entry.isChunk) {
        chunks++;
        expect(() => messagesOf([entry])).toThrow(EntryDecodeError);
        const outcome = assembler.add(entry);
        if (outcome.kind !== 'complete') {
          expect(outcome.kind).toBe('pending');
          continue;
        }
        whole = outcome.entry;
      }
      for (const message of messagesOf([whole])) {
        if (message.value?.toString('latin1').startsWith('flood-')) flooded++;
        else read.set(`${message.ledgerId}:${message.entryId}`, message);
      }
    }
    expect(chunks).toBeGreaterThan(35);
    expect(flooded).toBe(stored);
    expect(read.size).toBe(ids.length);
    ids.forEach(({ ledgerId, entryId }, at) => {
      expectWeRead(read.get(`${ledgerId}:${entryId}`)!, messages[at % messages.length]!);
    });
    const theirs = await oracleRead(serviceUrl, topic, 'all');
    const indexes = new Map(
      theirs.map(({ messageId, index }) => [`${messageId.ledgerId}:${messageId.entryId}`, index]),
    );
    for (const [position, { index }] of read) expect(index).toBe(indexes.get(position));
  });

  it('compacted, with the slots of a batch that compaction emptied', async () => {
    const topic = await fixture.topic('compacted');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    for (const compression of ['lz4', 'none'] as const) {
      const builder = new BatchBuilder({ capacityBytes: 1000, payloadBytesMax: 1 << 20 });
      for (const key of ['a', 'b', 'a', 'c', `${compression}-only`]) {
        builder.append({ key, value: Buffer.from(`${key} ${compression}`) });
      }
      builder.append({ key: 'gone', value: compression === 'none' ? null : Buffer.from('soon') });
      await sent(producer, builder.finish(compression));
    }
    await producer.close();
    await compact(topic);

    const read: PulsarMessage[] = [];
    let slots = 0;
    await readCompacted(topic, (entry) => {
      slots += entry.numMessages;
      read.push(...messagesOf([entry]));
      return read.some(({ index }) => index === 10);
    });
    expect(slots).toBe(12);
    expect(read.map(({ key, index }) => `${key}@${index}`)).toEqual([
      'lz4-only@4',
      'b@7',
      'a@8',
      'c@9',
      'none-only@10',
    ]);
    const theirs = await oracleRead(serviceUrl, topic, 'all', { compacted: true });
    expect(theirs.map(({ key, index }) => `${key}@${index}`)).toEqual(
      read.map(({ key, index }) => `${key}@${index}`),
    );
  });
});

/** The entry id of the last entry of a topic of one ledger. */
async function lastEntry(topic: string): Promise<number> {
  const reader = await fixture.client.createReader({
    topic,
    tenantKey: 't',
    start: 'latest',
    onEntry: () => {},
  });
  const { entryId } = await reader.lastMessageId();
  await reader.close();
  return entryId;
}

async function compact(topic: string): Promise<void> {
  const url = `${adminUrl}/admin/v2/${topic.replace('://', '/')}/compaction`;
  const started = await fetch(url, { method: 'PUT' });
  if (!started.ok) throw new Error(`compaction: ${started.status} ${await started.text()}`);
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; ) {
    const { status } = (await (await fetch(url)).json()) as { status: string };
    if (status === 'SUCCESS') return;
    if (status === 'ERROR') throw new Error('compaction failed');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('compaction took more than 30 s');
}

/** Reads the compacted view until `onEntry` has all. */
async function readCompacted(topic: string, onEntry: (entry: BrokerEntry) => boolean): Promise<void> {
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const reader = await fixture.client.createReader({
    topic,
    tenantKey: 't',
    start: 'earliest',
    readCompacted: true,
    onEntry: (entry) => onEntry(entry) && done(),
  });
  const timer = setTimeout(done, 10_000);
  await all;
  clearTimeout(timer);
  await reader.close();
}
