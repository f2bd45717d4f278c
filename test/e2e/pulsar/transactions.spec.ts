import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Delivery,
  type OutgoingEntry,
  singleEntry,
  type TopicConsumer,
  type Transaction,
} from '#libs/pulsar';
import { batchOf, PulsarFixture, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

const timeoutMs = 10_000;

describe('transactions', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start({ deduplication: false });
  });
  afterAll(() => fixture.stop());

  const begin = (): Promise<Transaction> => fixture.client.transactions.begin(60_000);
  const one = (value: string): OutgoingEntry => singleEntry({ value: Buffer.from(value) });
  const inside = ({ id }: Transaction, entry: OutgoingEntry): OutgoingEntry => ({
    ...entry,
    metadata: { ...entry.metadata, ...id },
  });
  const producerOf = (topic: string) =>
    fixture.client.createProducer({ topic, tenantKey: 't', transactional: true });

  async function subscribed(
    topic: string,
    subscription = 's',
  ): Promise<{ consumer: TopicConsumer; came: Delivery[]; values: () => string[] }> {
    const came: Delivery[] = [];
    const consumer = await fixture.client.subscribe({
      topic,
      tenantKey: 't',
      subscription,
      type: 'shared',
      initialPosition: 'earliest',
      onEntry: (delivery) => came.push(delivery),
    });
    return { consumer, came, values: () => came.map(({ entry }) => String(entry.payload)) };
  }

  it('what was sent to several topics is read when it is committed, and not before', async () => {
    const topics = [await fixture.topic('a'), await fixture.topic('b')] as const;
    const producers = await Promise.all(topics.map(producerOf));
    const readers = await Promise.all(topics.map((topic) => subscribed(topic)));
    const transaction = await begin();
    await transaction.addPartitions(topics, timeoutMs);
    for (const [at, producer] of producers.entries())
      await sent(producer, inside(transaction, one(`in ${at}`)));
    await sent(producers[0]!, one('behind'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readers.map(({ values }) => values())).toEqual([[], []]);
    await transaction.commit(timeoutMs);
    await until(() => readers[0]!.came.length === 2 && readers[1]!.came.length === 1, 'what was committed');
    expect(readers.map(({ values }) => values())).toEqual([['in 0', 'behind'], ['in 1']]);
    expect(transaction.state).toBe('ended');
  });

  it('what was aborted is never read, and holds up nobody', async () => {
    const topic = await fixture.topic('aborted');
    const producer = await producerOf(topic);
    const { came, values } = await subscribed(topic);
    const transaction = await begin();
    await transaction.addPartitions([topic], timeoutMs);
    await sent(producer, inside(transaction, one('in')));
    await transaction.abort(timeoutMs);
    await sent(producer, one('behind'));
    await until(() => came.length > 0, 'what follows');
    expect(values()).toEqual(['behind']);
  });

  it('an acknowledgement counts with the commit; after an abort the message comes again', async () => {
    const topic = await fixture.topic('acked');
    const producer = await producerOf(topic);
    await sent(producer, one('m'));
    const first = await subscribed(topic);
    await until(() => first.came.length === 1, 'the message');
    const [delivery] = first.came as [Delivery];
    const acks = [{ delivery, batchIndex: undefined }];
    const aborted = await begin();
    await aborted.addSubscriptions([{ topic, subscription: 's' }], timeoutMs);
    await first.consumer.ackInTransaction(acks, aborted.id);
    await aborted.abort(timeoutMs);
    await until(() => first.came.length === 2, 'it again');
    const committed = await begin();
    await committed.addSubscriptions([{ topic, subscription: 's' }], timeoutMs);
    await first.consumer.ackInTransaction(
      [{ delivery: first.came[1]!, batchIndex: undefined }],
      committed.id,
    );
    await committed.commit(timeoutMs);
    first.consumer.ackedInTransaction({ delivery: first.came[1]!, batchIndex: undefined });
    await first.consumer.close();
    const second = await subscribed(topic);
    await sent(producer, one('later'));
    await until(() => second.came.length > 0, 'what follows');
    expect(second.values()).toEqual(['later']);
  });

  it('of a batch, each message may be of another transaction, and two may not have the same one', async () => {
    const topic = await fixture.topic('batch');
    await sent(await producerOf(topic), batchOf(['0', '1', '2']));
    const { consumer, came } = await subscribed(topic);
    await until(() => came.length === 1, 'the batch');
    const [delivery] = came as [Delivery];
    const subscriptions = [{ topic, subscription: 's' }];
    const [one, other] = [await begin(), await begin()];
    for (const each of [one, other]) await each.addSubscriptions(subscriptions, timeoutMs);
    await consumer.ackInTransaction(
      [
        { delivery, batchIndex: 0 },
        { delivery, batchIndex: 2 },
      ],
      one.id,
    );
    await expect(consumer.ackInTransaction([{ delivery, batchIndex: 2 }], other.id)).rejects.toMatchObject({
      code: 'TransactionConflict',
    });
    await other.abort(timeoutMs);
    await one.commit(timeoutMs);
    await consumer.close();
    const again = await subscribed(topic);
    await until(() => again.came.length === 1, 'what is left');
    expect([0, 1, 2].filter((index) => again.came[0]!.isUnacked(index))).toEqual([1]);
  });

  it('of a batch, what others acknowledge leaves what a transaction may give back', async () => {
    const topic = await fixture.topic('rest');
    await sent(await producerOf(topic), batchOf(['0', '1', '2']));
    const first = await subscribed(topic);
    await until(() => first.came.length === 1, 'the batch');
    const transaction = await begin();
    await transaction.addSubscriptions([{ topic, subscription: 's' }], timeoutMs);
    await first.consumer.ackInTransaction([{ delivery: first.came[0]!, batchIndex: 0 }], transaction.id);
    await first.consumer.close();
    const second = await subscribed(topic);
    await until(() => second.came.length === 1, 'the rest');
    const [rest] = second.came as [Delivery];
    await new Promise((resolve) => second.consumer.ack(rest, resolve));
    await second.consumer.close();
    await transaction.abort(timeoutMs);
    const third = await subscribed(topic);
    await until(() => third.came.length === 1, 'what was given back');
    expect([0, 1, 2].filter((index) => third.came[0]!.isUnacked(index))).toEqual([0]);
  });

  it('what the coordinator has given up cannot be committed', async () => {
    const topic = await fixture.topic('late');
    const producer = await producerOf(topic);
    const reader = await subscribed(topic);
    const transaction = await fixture.client.transactions.begin(500);
    await transaction.addPartitions([topic], timeoutMs);
    await sent(producer, inside(transaction, one('in')));
    await sent(producer, one('behind'));
    await until(() => reader.came.length > 0, 'the coordinator to abort it');
    expect(reader.values()).toEqual(['behind']);
    await expect(transaction.commit(timeoutMs)).rejects.toMatchObject({
      code: expect.stringMatching(/^(InvalidTxnStatus|TransactionNotFound)$/),
    });
  });
});
