import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { crc32c } from '#libs/compression';
import {
  encodeMessageSet,
  KafkaErrorCode as code,
  metadataApi,
  produceApi,
  RecordCompression,
} from '#libs/kafka-codec';
import { batch, KafkaFixture, record } from './produce-fixture.js';

/** Where things are in a batch of magic 2. */
const at = {
  baseOffset: 0,
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  count: 57,
} as const;

describe('Produce refuses, on a real broker', () => {
  let kafka: KafkaFixture;
  let topic: string;

  beforeAll(async () => {
    kafka = await KafkaFixture.start({ denied: ['secret'], options: { decompressedBytesMax: 1_048_576 } });
    topic = await kafka.topic();
  });
  afterAll(() => kafka.stop());

  function resealed(bytes: Buffer): Buffer {
    // The checksum covers everything from the attributes on.
    bytes.writeUInt32BE(crc32c(bytes.subarray(at.attributes)), at.crc);
    return bytes;
  }

  async function refusal(
    records: Buffer | null,
    options: { version?: number; acks?: number } = {},
  ): Promise<number> {
    return (await kafka.client().produce(topic, records, options)).errorCode;
  }

  it('a wrong checksum', async () => {
    const records = batch(['a']);
    records[records.length - 1]! ^= 1;
    expect(await refusal(records)).toBe(code.CORRUPT_MESSAGE);
  });

  it('a magic that does not exist, and a length that is not true', async () => {
    const magic = batch(['a']);
    magic[at.magic] = 9;
    expect(await refusal(magic)).toBe(code.CORRUPT_MESSAGE);
    const length = batch(['a']);
    length.writeInt32BE(1_000_000, at.length);
    expect(await refusal(length)).toBe(code.CORRUPT_MESSAGE);
  });

  it('counts that do not agree', async () => {
    const count = batch(['a', 'b']);
    count.writeInt32BE(3, at.count);
    expect(await refusal(resealed(count))).toBe(code.INVALID_RECORD);
    const delta = batch(['a', 'b']);
    delta.writeInt32BE(5, at.lastOffsetDelta);
    expect(await refusal(resealed(delta))).toBe(code.INVALID_RECORD);
    const fewer = batch(['a', 'b']);
    fewer.writeInt32BE(1, at.count);
    fewer.writeInt32BE(0, at.lastOffsetDelta);
    expect(await refusal(resealed(fewer))).toBe(code.INVALID_RECORD);
    const many = batch(['a', 'b']);
    many.writeInt32BE(0x7fffffff, at.count);
    many.writeInt32BE(0x7ffffffe, at.lastOffsetDelta);
    expect(await refusal(resealed(many))).toBe(code.INVALID_RECORD);
    expect(await refusal(batch([record('a'), record('b', { offsetDelta: 2 })], { lastOffsetDelta: 1 }))).toBe(
      code.INVALID_RECORD,
    );
  });

  it('no batch, two batches, a base offset, old messages in a new version and new ones in an old', async () => {
    expect(await refusal(null)).toBe(code.INVALID_RECORD);
    expect(await refusal(Buffer.alloc(0))).toBe(code.INVALID_RECORD);
    expect(await refusal(Buffer.concat([batch(['a']), batch(['b'])]))).toBe(code.INVALID_RECORD);
    expect(await refusal(batch(['a'], { baseOffset: 7 }))).toBe(code.INVALID_RECORD);
    expect(await refusal(encodeMessageSet([record('a')], { magic: 1 }))).toBe(code.INVALID_RECORD);
    expect(await refusal(batch(['a']), { version: 2 })).toBe(code.INVALID_RECORD);
  });

  it('control and transactional batches, and a transactional id', async () => {
    expect(
      await refusal(batch(['a'], { control: true, producerId: 1n, producerEpoch: 0, baseSequence: 0 })),
    ).toBe(code.INVALID_RECORD);
    const transactional = { transactional: true, producerId: 1n, producerEpoch: 0, baseSequence: 0 };
    expect(await refusal(batch(['a'], transactional))).toBe(code.INVALID_TXN_STATE);
    const answer = await kafka.client().produce(topic, batch(['a']), { transactionalId: 'tx' });
    expect(answer.errorCode).toBe(code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  });

  it('a producer id without a sequence', async () => {
    expect(await refusal(batch(['a'], { producerId: 1n, producerEpoch: 0, baseSequence: -1 }))).toBe(
      code.INVALID_RECORD,
    );
  });

  it('zstd before version 7', async () => {
    const records = batch(['a'.repeat(100)], { compression: RecordCompression.ZSTD });
    expect(await refusal(records, { version: 6 })).toBe(code.UNSUPPORTED_COMPRESSION_TYPE);
    expect(await refusal(records, { version: 7 })).toBe(0);
  });

  it('more than max.message.bytes, and a bomb', async () => {
    expect(await refusal(batch([record(Buffer.alloc(1_100_000, 1))]))).toBe(code.MESSAGE_TOO_LARGE);
    const bomb = batch([record(Buffer.alloc(4_000_000))], { compression: RecordCompression.GZIP });
    expect(bomb.length).toBeLessThan(10_000);
    expect(await refusal(bomb)).toBe(code.MESSAGE_TOO_LARGE);
  });

  it('more than an entry of Pulsar can be, and takes a smaller batch of the same sequence', async () => {
    const wide = await kafka.topic(1, { 'pulsegate.kafka.max.message.bytes': '20000000' });
    const patient = await KafkaFixture.start({ pulsar: kafka.pulsar });
    const client = patient.client();
    const numbers = { producerId: await client.producerId(), producerEpoch: 0, baseSequence: 0 };
    const large = await client.produce(wide, batch([record(Buffer.alloc(5_300_000, 1))], numbers));
    expect(large.errorCode).toBe(code.MESSAGE_TOO_LARGE);
    const just = await client.produce(wide, batch([record(Buffer.alloc(5_200_000, 1))], numbers));
    expect(just).toMatchObject({ errorCode: 0, baseOffset: 0n });
    expect((await client.produce(wide, batch([record(Buffer.alloc(6_000_000, 1))]))).errorCode).toBe(
      code.MESSAGE_TOO_LARGE,
    );
    await patient.stop();
  });

  it('compressed bytes that are none', async () => {
    const records = batch([record(randomBytes(100))], { compression: RecordCompression.LZ4 });
    records.fill(0xff, 65);
    expect(await refusal(resealed(records))).toBe(code.CORRUPT_MESSAGE);
  });

  it('acks that do not exist', async () => {
    expect(await refusal(batch(['a']), { acks: 2 })).toBe(code.INVALID_REQUIRED_ACKS);
  });

  it('a timestamp before 1970, and a claim to append time', async () => {
    expect(await refusal(batch([record('a', { timestamp: -5 })]))).toBe(code.INVALID_TIMESTAMP);
    expect(await refusal(batch(['a'], { timestampType: 'append', maxTimestamp: 1 }))).toBe(
      code.INVALID_TIMESTAMP,
    );
  });

  it('an unknown topic, partition, topic id and name', async () => {
    const client = kafka.client();
    const unknown = code.UNKNOWN_TOPIC_OR_PARTITION;
    expect((await client.produce('absent', batch(['a']))).errorCode).toBe(unknown);
    expect((await client.produce(topic, batch(['a']), { partition: 1 })).errorCode).toBe(unknown);
    expect((await client.produce(topic, batch(['a']), { partition: -1 })).errorCode).toBe(unknown);
    const topicId = randomBytes(16);
    expect((await client.produce('', batch(['a']), { version: 13, topicId })).errorCode).toBe(
      code.UNKNOWN_TOPIC_ID,
    );
    const answer = await client.produce(`${topic}-partition-0`, batch(['a']));
    expect(answer.errorCode).toBe(code.INVALID_TOPIC_EXCEPTION);
  });

  it('a topic without permission, there or not', async () => {
    const answer = await kafka.client().produce('secret', batch(['a']));
    expect(answer.errorCode).toBe(code.TOPIC_AUTHORIZATION_FAILED);
  });

  it('records that a compacted topic cannot keep, and names them', async () => {
    const compacted = await kafka.topic(1, { 'pulsegate.kafka.cleanup.policy': 'compact' });
    const client = kafka.client();
    const key = Buffer.from('k');
    const records = batch([record('a', { key }), record('b'), record('', { key }), record(null, { key })]);
    const answer = await client.produce(compacted, records);
    expect(answer.errorCode).toBe(code.INVALID_RECORD);
    expect(answer.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 2]);
    expect(answer.recordErrors[0]?.batchIndexErrorMessage).toContain('without a key');
    expect(answer.errorMessage).toContain('2 of the records');
    const old = await client.produce(compacted, records, { version: 7 });
    expect(old).toMatchObject({ errorCode: code.INVALID_RECORD, recordErrors: [] });
    expect((await client.produce(compacted, batch([record(null, { key })]))).errorCode).toBe(0);
  });

  it('by closing the connection, where nothing is answered', async () => {
    const client = kafka.client();
    client.produceUnanswered(topic, batch(['fine']));
    expect((await client.produce(topic, batch(['answered']))).errorCode).toBe(0);
    client.produceUnanswered('absent', batch(['a']));
    expect(await client.memory.client.closed).toBeDefined();
  });

  it('one line and one count per kind of refusal', async () => {
    const warned = kafka.lines.filter(({ fields }) => fields.event === 'request.refused');
    expect(warned.length).toBeGreaterThan(5);
    expect(kafka.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await kafka.metrics.exposition()).toContain('CORRUPT_MESSAGE');
  });
});

describe('Produce in old versions, on a real broker', () => {
  let kafka: KafkaFixture;

  beforeAll(async () => {
    kafka = await KafkaFixture.start({ limits: { bytesIn: { perSecond: 100_000, burst: 100_000 } } });
  });
  afterAll(() => kafka.stop());

  it.each([0, 1, 2])(
    'takes old messages with version %i, compressed or not, as one entry',
    async (version) => {
      const topic = await kafka.topic();
      const magic = version < 2 ? 0 : 1;
      const records = [record('a', { key: Buffer.from('k') }), record(null), record('c')];
      const client = kafka.client();
      for (const compression of [0, 1, 2, 3] as const) {
        const answer = await client.produce(topic, encodeMessageSet(records, { magic, compression }), {
          version,
        });
        expect(answer).toMatchObject({ errorCode: 0, baseOffset: BigInt(compression * 3) });
      }
      const messages = await kafka.messages(topic, 4);
      expect(messages.map(({ value }) => value?.toString())).toEqual(
        [0, 1, 2, 3].flatMap(() => ['a', undefined, 'c']),
      );
      expect(messages[0]).toMatchObject({ key: 'k', eventTime: magic === 0 ? undefined : 1_700_000_000_000 });
      expect(await client.produce(topic, Buffer.alloc(0), { version })).toMatchObject({
        errorCode: 0,
        baseOffset: -1n,
      });
    },
  );

  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('serves version %i', async (version) => {
    const topic = await kafka.topic();
    expect(await kafka.client().produce(topic, batch(['a']), { version })).toMatchObject({
      errorCode: 0,
      baseOffset: 0n,
    });
  });

  it('serves version 13, by topic id', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    const metadata = await client.request<{ topics: { topicId: Buffer }[] }>(metadataApi, 12, {
      topics: [{ name: topic }],
    });
    const { topicId } = metadata.topics[0]!;
    const answer = await client.produce('', batch(['a']), { version: 13, topicId });
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0n });
  });

  it('tells a client over its rate to slow down', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    const body = (bytes: number) => ({
      acks: -1,
      timeoutMs: 5_000,
      topicData: [
        { name: topic, partitionData: [{ index: 0, records: batch([record(Buffer.alloc(bytes))]) }] },
      ],
    });
    const first = await client.request<{ throttleTimeMs: number }>(produceApi, 9, body(150_000));
    expect(first.throttleTimeMs).toBeGreaterThan(100);
  });
});
