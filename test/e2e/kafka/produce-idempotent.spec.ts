import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { batchOf, sent } from '../pulsar/pulsar-fixture.js';
import { batch, KafkaFixture, type RawKafkaClient } from './produce-fixture.js';

const code = KafkaErrorCode;

/** Numbers its batches as Kafka's producer does. */
class IdempotentProducer {
  epoch = 0;
  next = 0;

  constructor(
    readonly client: RawKafkaClient,
    readonly topic: string,
    readonly id: bigint,
  ) {}

  batch(values: readonly string[], sequence: number, epoch = this.epoch): Buffer {
    return batch(values, { producerId: this.id, producerEpoch: epoch, baseSequence: sequence });
  }

  send(values: readonly string[]) {
    const records = this.batch(values, this.next);
    this.next += values.length;
    return this.client.produce(this.topic, records);
  }
}

describe('idempotent Produce on a real broker', () => {
  let kafka: KafkaFixture;

  beforeAll(async () => {
    kafka = await KafkaFixture.start();
  });
  afterAll(() => kafka.stop());

  async function producer(topic: string, gateway = kafka): Promise<IdempotentProducer> {
    const client = gateway.client();
    return new IdempotentProducer(client, topic, await client.producerId());
  }

  const texts = async (topic: string, entries: number) =>
    (await kafka.messages(topic, entries)).map(({ value }) => value?.toString());

  it('gives random producer ids with epoch 0', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => kafka.client().producerId()));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id >= 0n && id < 2n ** 63n).toBe(true);
    expect(ids.some((id) => id > 2n ** 50n)).toBe(true);
  });

  it('answers a remembered duplicate with its offset, an older one as a duplicate, a gap as out of order', async () => {
    const topic = await kafka.topic();
    const idempotent = await producer(topic);
    for (let at = 0; at < 8; at++) {
      expect(await idempotent.send([`${at}a`, `${at}b`])).toMatchObject({
        errorCode: 0,
        baseOffset: BigInt(at * 2),
      });
    }
    const again = (at: number) =>
      idempotent.client.produce(topic, idempotent.batch([`${at}a`, `${at}b`], at * 2));
    expect(await again(7)).toMatchObject({ errorCode: 0, baseOffset: 14n });
    expect(await again(3)).toMatchObject({ errorCode: 0, baseOffset: 6n });
    expect(await again(2)).toMatchObject({ errorCode: code.DUPLICATE_SEQUENCE_NUMBER });
    const gap = await idempotent.client.produce(topic, idempotent.batch(['x'], 17));
    expect(gap).toMatchObject({ errorCode: code.OUT_OF_ORDER_SEQUENCE_NUMBER });
    const overlap = await idempotent.client.produce(topic, idempotent.batch(['x', 'y', 'z'], 14));
    expect(overlap).toMatchObject({ errorCode: code.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(await texts(topic, 8)).toHaveLength(16);
  });

  it('takes a higher epoch from 0 and refuses the old one', async () => {
    const topic = await kafka.topic();
    const idempotent = await producer(topic);
    await idempotent.send(['a']);
    const later = await idempotent.client.produce(topic, idempotent.batch(['b'], 1, 1));
    expect(later.errorCode).toBe(code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await idempotent.client.produce(topic, idempotent.batch(['b'], 0, 1))).toMatchObject({
      errorCode: 0,
      baseOffset: 1n,
    });
    const old = await idempotent.client.produce(topic, idempotent.batch(['c'], 1, 0));
    expect(old.errorCode).toBe(code.INVALID_PRODUCER_EPOCH);
  });

  it('stores a batch once that comes twice at the same time, from two connections', async () => {
    const topic = await kafka.topic();
    const idempotent = await producer(topic);
    const records = idempotent.batch(['once', 'only'], 0);
    const other = kafka.client();
    const answers = await Promise.all([
      idempotent.client.produce(topic, records),
      idempotent.client.produce(topic, records),
      other.produce(topic, records),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0n });
    expect(await texts(topic, 1)).toEqual(['once', 'only']);
  });

  it('keeps two producers and a plain one apart on one partition', async () => {
    const topic = await kafka.topic();
    const [one, two, plain] = [await producer(topic), await producer(topic), kafka.client()];
    const answers: Promise<[string, bigint]>[] = [];
    for (let at = 0; at < 30; at++) {
      for (const [name, idempotent] of [['one', one] as const, ['two', two] as const]) {
        answers.push(
          idempotent.send([`${name} ${at}`]).then(({ baseOffset }) => [`${name} ${at}`, baseOffset]),
        );
      }
      answers.push(
        plain.produce(topic, batch([`plain ${at}`])).then(({ baseOffset }) => [`plain ${at}`, baseOffset]),
      );
    }
    const stored = await texts(topic, 90);
    for (const [text, offset] of await Promise.all(answers)) expect(stored[Number(offset)]).toBe(text);
    for (const name of ['one', 'two', 'plain']) {
      expect(stored.filter((text) => text?.startsWith(name))).toEqual(
        Array.from({ length: 30 }, (_, n) => `${name} ${n}`),
      );
    }
  });

  it('goes on over unloads of the topic, each record once and in order, with true offsets', async () => {
    const topic = await kafka.topic();
    const idempotent = await producer(topic);
    const plain = kafka.client();
    const answers: Promise<[number, bigint, number]>[] = [];
    for (let at = 0; at < 200; at++) {
      answers.push(
        idempotent.send([`i ${at}`]).then(({ baseOffset, errorCode }) => [at, baseOffset, errorCode]),
      );
      if (at % 4 === 0) void plain.produce(topic, batch([`p ${at}`]));
      if (at === 50 || at === 120) void kafka.pulsar.client.admin.unload(kafka.partition(topic));
      if (at % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const results = await Promise.all(answers);
    const stored = await texts(topic, 250);
    for (const [at, offset, errorCode] of results) {
      expect([at, errorCode, stored[Number(offset)]]).toEqual([at, 0, `i ${at}`]);
    }
    expect(stored.filter((text) => text?.startsWith('i'))).toEqual(
      Array.from({ length: 200 }, (_, at) => `i ${at}`),
    );
    expect(stored.filter((text) => text?.startsWith('p'))).toHaveLength(50);
  });

  it('knows after a restart of the gateway what is stored, and finds its offset', async () => {
    const topic = await kafka.topic();
    const first = await KafkaFixture.start({ pulsar: kafka.pulsar });
    const idempotent = await producer(topic, first);
    for (let at = 0; at < 10; at++) await idempotent.send([`${at}`]);
    await first.stop();
    const second = await KafkaFixture.start({ pulsar: kafka.pulsar });
    const client = second.client();
    const again = await client.produce(topic, idempotent.batch(['8'], 8));
    expect(again).toMatchObject({ errorCode: 0, baseOffset: 8n });
    const partial = await client.produce(topic, idempotent.batch(['9', '10'], 9));
    expect(partial.errorCode).toBe(code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await client.produce(topic, idempotent.batch(['10'], 10))).toMatchObject({
      errorCode: 0,
      baseOffset: 10n,
    });
    const gap = await client.produce(topic, idempotent.batch(['12'], 12));
    expect(gap.errorCode).toBe(code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await texts(topic, 11)).toEqual(Array.from({ length: 11 }, (_, at) => `${at}`));
    await second.stop();
  });

  it('leaves a producer to the gateway that its client is connected to', async () => {
    const topic = await kafka.topic();
    const other = await KafkaFixture.start({ pulsar: kafka.pulsar });
    const idempotent = await producer(topic);
    await idempotent.send(['a']);
    const elsewhere = other.client();
    const refused = await elsewhere.produce(topic, idempotent.batch(['b'], 1));
    expect(refused.errorCode).toBe(code.NOT_LEADER_OR_FOLLOWER);
    idempotent.client.close();
    let answer = refused;
    for (let tries = 0; tries < 50 && answer.errorCode === code.NOT_LEADER_OR_FOLLOWER; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await elsewhere.produce(topic, idempotent.batch(['b'], 1));
    }
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 1n });
    await elsewhere.produce(topic, idempotent.batch(['c'], 2));
    elsewhere.close();
    const back = kafka.client();
    let home = await back.produce(topic, idempotent.batch(['d'], 3));
    for (let tries = 0; tries < 50 && home.errorCode === code.NOT_LEADER_OR_FOLLOWER; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      home = await back.produce(topic, idempotent.batch(['d'], 3));
    }
    expect(home).toMatchObject({ errorCode: 0, baseOffset: 3n });
    expect(await back.produce(topic, idempotent.batch(['c'], 2))).toMatchObject({
      errorCode: 0,
      baseOffset: 2n,
    });
    await other.stop();
  });

  it('goes on over the end of the sequence numbers', async () => {
    const topic = await kafka.topic();
    const idempotent = await producer(topic);
    // A producer that Pulsar has forgotten has to insist on where it is.
    const first = idempotent.batch(['a', 'b', 'c'], 2 ** 31 - 2);
    expect((await idempotent.client.produce(topic, first)).errorCode).toBe(code.NOT_LEADER_OR_FOLLOWER);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(await idempotent.client.produce(topic, first)).toMatchObject({ errorCode: 0, baseOffset: 0n });
    const answer = await idempotent.client.produce(topic, idempotent.batch(['d'], 1));
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 3n });
  });

  it('gives true offsets to duplicates among other writers', async () => {
    const topic = await kafka.topic();
    const native = await kafka.pulsar.client.createProducer({
      topic: kafka.partition(topic),
      tenantKey: 'native',
    });
    const idempotent = await producer(topic);
    await sent(native, batchOf(['n', 'n', 'n']));
    await idempotent.send(['a']);
    await sent(native, batchOf(['n']));
    await idempotent.send(['b']);
    const again = await idempotent.client.produce(topic, idempotent.batch(['b'], 1));
    expect(again).toMatchObject({ errorCode: 0, baseOffset: 5n });
    await native.close();
  });
});
