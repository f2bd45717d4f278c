import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaErrorCode as code, type ProduceResponsePartitionProduceResponse } from '#libs/kafka-codec';
import { FaultyLink } from '../../support/faulty-link.js';
import { batch, KafkaFixture, type RawKafkaClient } from './produce-fixture.js';

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const retriable: readonly number[] = [
  code.NOT_LEADER_OR_FOLLOWER,
  code.REQUEST_TIMED_OUT,
  code.KAFKA_STORAGE_ERROR,
  code.OUT_OF_ORDER_SEQUENCE_NUMBER,
];

/** Sends numbered batches with several in flight and repeats, in order, what is not known to be stored. */
async function produceAll(
  client: RawKafkaClient,
  topic: string,
  id: bigint,
  batches: number,
  onSent: (at: number) => void = () => {},
): Promise<Map<number, ProduceResponsePartitionProduceResponse>> {
  const answers = new Map<number, ProduceResponsePartitionProduceResponse>();
  const inFlightMax = 5;
  for (let first = 0; first < batches; ) {
    const flight: Promise<[number, ProduceResponsePartitionProduceResponse]>[] = [];
    for (let at = first; at < Math.min(first + inFlightMax, batches); at++) {
      const records = batch([`${at} a`, `${at} b`], {
        producerId: id,
        producerEpoch: 0,
        baseSequence: at * 2,
      });
      flight.push(client.produce(topic, records, { timeoutMs: 3_000 }).then((answer) => [at, answer]));
      onSent(at);
    }
    for (const [at, answer] of await Promise.all(flight)) {
      const stored = answer.errorCode === 0 || answer.errorCode === code.DUPLICATE_SEQUENCE_NUMBER;
      if (!stored && !retriable.includes(answer.errorCode)) throw new Error(`error ${answer.errorCode}`);
      if (!stored || at !== first) continue;
      answers.set(at, answer);
      first++;
    }
  }
  return answers;
}

describe('Produce while the way to the broker fails', () => {
  let link: FaultyLink;
  let kafka: KafkaFixture;

  beforeAll(async () => {
    link = await FaultyLink.start();
    kafka = await KafkaFixture.start({
      pulsarServiceUrl: `pulsar://127.0.0.1:${link.port}`,
      options: { produceTimeoutMsMax: 4_000 },
    });
  });
  afterEach(() => link.heal());
  afterAll(async () => {
    await kafka.stop();
    await link.stop();
  });

  async function texts(topic: string, entries: number) {
    return (await kafka.messages(topic, entries)).map(({ value }) => value?.toString());
  }

  it('stores plain batches once and in order when receipts are lost, and finds their offsets', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    const produce = async (at: number): Promise<[number, number, bigint]> => {
      const { errorCode, baseOffset } = await client.produce(topic, batch([`${at} a`, `${at} b`]));
      return [at, errorCode, baseOffset];
    };
    const count = 300;
    // The first alone: afterwards topic and producer are there, and batches go straight out.
    const answers = [Promise.resolve(await produce(0))];
    for (let at = 1; at < count; at++) {
      answers.push(produce(at));
      if (at % 20 === 0) await soon(5);
      if (at % 70 === 30) link.loseAnswers(20);
    }
    const results = await Promise.all(answers);
    const stored = await texts(topic, count);
    expect(stored).toEqual(Array.from({ length: count }, (_, at) => [`${at} a`, `${at} b`]).flat());
    for (const [at, errorCode, offset] of results)
      expect([at, errorCode, Number(offset)]).toEqual([at, 0, at * 2]);
  });

  it('stores idempotent batches once and in order over cuts, silences and timeouts', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    const id = await client.producerId();
    const faults = [
      () => link.loseAnswers(30),
      () => link.cut(),
      () => link.stall(4_500),
      () => link.loseAnswers(4_500),
      () => link.cut(),
    ];
    const answers = await produceAll(client, topic, id, 250, (at) => {
      if (at % 50 === 24 && faults.length > 0) faults.shift()?.();
    });
    const stored = await texts(topic, 250);
    expect(stored).toEqual(Array.from({ length: 250 }, (_, at) => [`${at} a`, `${at} b`]).flat());
    for (const [at, { errorCode, baseOffset }] of answers) {
      if (errorCode === 0) expect([at, Number(baseOffset)]).toEqual([at, at * 2]);
    }
    expect([...answers.values()].filter(({ errorCode }) => errorCode === 0).length).toBeGreaterThan(200);
  }, 120_000);

  it('answers within the time that the client gives, and takes the batch again afterwards', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    const id = await client.producerId();
    const records = (at: number) => batch([`${at}`], { producerId: id, producerEpoch: 0, baseSequence: at });
    expect(await client.produce(topic, records(0))).toMatchObject({ errorCode: 0 });
    link.stall(60_000);
    const before = Date.now();
    const late = await client.produce(topic, records(1), { timeoutMs: 300 });
    expect(late.errorCode).toBe(code.REQUEST_TIMED_OUT);
    expect(Date.now() - before).toBeLessThan(10_000);
    link.heal();
    expect(await client.produce(topic, records(1))).toMatchObject({ errorCode: 0, baseOffset: 1n });
    expect(await client.produce(topic, records(2))).toMatchObject({ errorCode: 0, baseOffset: 2n });
    expect(await texts(topic, 3)).toEqual(['0', '1', '2']);
  });

  it('does not send what its client was told is late, before there is a producer', async () => {
    const topic = await kafka.topic();
    const client = kafka.client();
    await client.produce(topic, batch(['first']));
    const other = await kafka.topic(2);
    await client.produce(other, batch(['first']));
    link.stall(1_500);
    const late = await client.produce(other, batch(['late']), { timeoutMs: 300, partition: 1 });
    expect(late.errorCode).toBe(code.REQUEST_TIMED_OUT);
    await soon(1_500);
    const answer = await client.produce(other, batch(['then']), { partition: 1 });
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0n });
  });
});
