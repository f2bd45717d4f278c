import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deleteTopicsApi,
  KafkaErrorCode,
  produceApi,
  type ProduceResponse,
  RecordCompression,
} from '#libs/kafka-codec';
import { readEntries, batchOf, sent } from '../pulsar/pulsar-fixture.js';
import { batch, KafkaFixture, messagesOf, record } from './produce-fixture.js';

describe('Produce on a real broker', () => {
  let kafka: KafkaFixture;

  beforeAll(async () => {
    kafka = await KafkaFixture.start();
  });
  afterAll(() => kafka.stop());

  it('stores a batch as one entry that any Pulsar client reads', async () => {
    const topic = await kafka.topic();
    const headers = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'a', value: Buffer.from('2') },
      { key: 'bin', value: Buffer.from([0xff, 0x00]) },
      { key: 'none', value: null },
      { key: 'pulsegate.x', value: Buffer.from('y') },
    ];
    const answer = await kafka
      .client()
      .produce(
        topic,
        batch([
          record('one', { key: Buffer.from('k'), headers }),
          record(null, { key: Buffer.from([0xc3, 0x28]), timestamp: 1_700_000_000_001 }),
          record('', { key: Buffer.alloc(0) }),
        ]),
      );
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0n, logAppendTimeMs: -1n, logStartOffset: 0n });
    const [one, two, three] = await kafka.messages(topic, 1);
    expect(one).toMatchObject({ key: 'k', keyIsBase64: false, eventTime: 1_700_000_000_000, index: 0 });
    expect(one?.value?.toString()).toBe('one');
    expect(one?.properties).toEqual([
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
      { key: 'pulsegate.base64.bin', value: '/wA=' },
      { key: 'pulsegate.null.none', value: '' },
      { key: 'pulsegate.base64.pulsegate.x', value: 'eQ==' },
    ]);
    expect(two).toMatchObject({
      key: 'wyg=',
      keyIsBase64: true,
      value: null,
      eventTime: 1_700_000_000_001,
      index: 1,
    });
    expect(three).toMatchObject({ key: '', index: 2 });
    expect(three?.value?.length).toBe(0);
  });

  it.each(Object.entries(RecordCompression))('keeps the codec %s', async (name, compression) => {
    const topic = await kafka.topic();
    const values = Array.from({ length: 50 }, (_, at) => `${name} ${at} ${'x'.repeat(100)}`);
    const answer = await kafka.client().produce(topic, batch(values, { compression }));
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0n });
    const [entry] = await readEntries(kafka.pulsar.client, kafka.partition(topic), 1);
    expect(entry?.compression).toBe(['none', 'zlib', 'snappy', 'lz4', 'zstd'][compression]);
    expect(messagesOf(entry!).map(({ value }) => value?.toString())).toEqual(values);
  });

  it('gives exact dense offsets, pipelined, while a native producer writes in between', async () => {
    const topic = await kafka.topic();
    const native = await kafka.pulsar.client.createProducer({
      topic: kafka.partition(topic),
      tenantKey: 'native',
    });
    const clients = [kafka.client(), kafka.client()];
    const answers: Promise<{ text: string; offset: number }>[] = [];
    let foreign = 0;
    for (let round = 0; round < 60; round++) {
      for (const [at, client] of clients.entries()) {
        const values = Array.from({ length: 1 + (round % 7) }, (_, n) => `c${at} ${round} ${n}`);
        const answer = client.produce(topic, batch(values));
        answers.push(answer.then(({ baseOffset }) => ({ text: values[0]!, offset: Number(baseOffset) })));
      }
      if (round % 3 === 0) {
        foreign++;
        void sent(native, batchOf([`n ${round} 0`, `n ${round} 1`]));
      }
      if (round % 10 === 0) await Promise.all(answers);
    }
    const offsets = await Promise.all(answers);
    const messages = await kafka.messages(topic, offsets.length + foreign);
    const indexOf = new Map(messages.map((message) => [message.value?.toString(), message.index]));
    for (const { text, offset } of offsets) expect([text, offset]).toEqual([text, indexOf.get(text)]);
    expect(messages.map(({ index }) => index)).toEqual(messages.map((_, at) => at));
    await native.close();
  });

  it('gives true offsets on two gateways that write to the same partition', async () => {
    const topic = await kafka.topic();
    const other = await KafkaFixture.start({ pulsar: kafka.pulsar });
    const answers: Promise<[string, number]>[] = [];
    for (const [name, client] of [['here', kafka.client()] as const, ['there', other.client()] as const]) {
      for (let at = 0; at < 100; at++) {
        const text = `${name} ${at}`;
        answers.push(
          client.produce(topic, batch([text, text])).then(({ baseOffset }) => [text, Number(baseOffset)]),
        );
      }
    }
    const offsets = await Promise.all(answers);
    const stored = (await kafka.messages(topic, 200)).map(({ value }) => value?.toString());
    for (const [text, offset] of offsets) expect(stored.slice(offset, offset + 2)).toEqual([text, text]);
    await other.stop();
  });

  it('starts a topic that was deleted and made again at offset 0', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    const id = await client.producerId();
    const numbered = (at: number) => batch([`${at}`], { producerId: id, producerEpoch: 0, baseSequence: at });
    await client.produce(topic, batch(['old']));
    await client.produce(topic, numbered(0));
    const body = { topicNames: [topic], timeoutMs: 10_000 };
    await client.request(deleteTopicsApi, 3, body);
    expect((await client.produce(topic, batch(['gone']))).errorCode).toBe(
      KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    await kafka.pulsar.client.admin.createPartitionedTopic(kafka.pulsarTopic(topic), 1);
    let answer = await client.produce(topic, batch(['new']));
    for (let tries = 0; tries < 20 && answer.errorCode !== 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await client.produce(topic, batch(['new']));
    }
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0n });
    expect(await client.produce(topic, batch(['new']))).toMatchObject({ baseOffset: 1n });
  });

  it('keeps the order of a connection, also while topics are looked up', async () => {
    const [topic, other] = [await kafka.topic(), await kafka.topic()];
    const client = kafka.client();
    const answers = Array.from({ length: 40 }, (_, at) =>
      client.produce(at % 4 === 3 ? other : topic, batch([`${at}`])),
    );
    const offsets = (await Promise.all(answers)).map(({ baseOffset }) => Number(baseOffset));
    expect(offsets).toEqual(
      Array.from({ length: 40 }, (_, at) => (at % 4 === 3 ? (at - 3) / 4 : at - Math.floor(at / 4))),
    );
  });

  it('answers each partition of each topic for itself', async () => {
    const topic = await kafka.topic(3);
    const response = await kafka.client().request<ProduceResponse>(produceApi, 9, {
      acks: 1,
      timeoutMs: 1_000,
      topicData: [
        {
          name: topic,
          partitionData: [
            { index: 0, records: batch(['a']) },
            { index: 7, records: batch(['b']) },
            { index: 2, records: batch(['c', 'd']) },
          ],
        },
        { name: 'absent', partitionData: [{ index: 0, records: batch(['e']) }] },
      ],
    });
    const codes = response.responses.map(({ partitionResponses }) =>
      partitionResponses.map((each) => each.errorCode),
    );
    expect(codes).toEqual([
      [0, KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0],
      [KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ]);
    expect(await kafka.messages(topic, 1, 2)).toHaveLength(2);
  });

  it('says where the log starts, also when it was not there at the start', async () => {
    const topic = await kafka.topic();
    const partition = kafka.partition(topic);
    const { admin } = kafka.pulsar.client;
    const client = kafka.client();
    await client.produce(topic, batch(['a', 'b']));
    await admin.unload(partition);
    const later = await KafkaFixture.start({ pulsar: kafka.pulsar });
    const answers = [];
    for (let tries = 0; tries < 20 && answers.at(-1)?.logStartOffset !== 0n; tries++) {
      answers.push(await later.client().produce(topic, batch(['c'])));
    }
    expect(answers[0]).toMatchObject({ baseOffset: 2n });
    expect(answers.at(-1)).toMatchObject({ logStartOffset: 0n });
    await later.stop();
  });

  it('writes the gateway time on topics with LogAppendTime', async () => {
    const topic = await kafka.topic(1, { 'pulsegate.kafka.message.timestamp.type': 'LogAppendTime' });
    const before = Date.now();
    const answer = await kafka.client().produce(topic, batch(['a', 'b']));
    const [a, b] = await kafka.messages(topic, 1);
    expect(Number(answer.logAppendTimeMs)).toBeGreaterThanOrEqual(before);
    expect([a?.eventTime, b?.eventTime]).toEqual([
      Number(answer.logAppendTimeMs),
      Number(answer.logAppendTimeMs),
    ]);
  });
});
