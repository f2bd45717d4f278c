import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BrokerEntry, type OutgoingEntry, singleEntry, type Transaction } from '#libs/pulsar';
import { batchOf, PulsarFixture, readEntries, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

const timeoutMs = 10_000;

describe('topics that others write to in transactions', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  const begin = async (topic: string): Promise<Transaction> => {
    const transaction = await fixture.client.transactions.begin(60_000);
    await transaction.addPartitions([topic], timeoutMs);
    return transaction;
  };
  const inside = ({ id }: Transaction, entry: OutgoingEntry): OutgoingEntry => ({
    ...entry,
    metadata: { ...entry.metadata, ...id },
  });

  it('a transaction’s entry advances the index by one, whatever its size; so does the marker', async () => {
    const topic = await fixture.topic('index');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    await sent(producer, batchOf(['a', 'b']));
    const transaction = await begin(topic);
    await sent(producer, inside(transaction, batchOf(['c', 'd', 'e'])));
    await sent(producer, inside(transaction, singleEntry({ value: Buffer.from('f') })));
    await transaction.commit(timeoutMs);
    await sent(producer, batchOf(['g']));
    const entries = await readEntries(fixture.client, topic, 4);
    expect(entries.map((entry) => [entry.numMessages, entry.isTransactional, entry.index])).toEqual([
      [2, false, 1],
      [3, true, 2],
      [1, true, 3],
      [1, false, 5],
    ]);
    expect(entries.map((entry) => entry.firstIndex)).toEqual([0, undefined, 3, 5]);
  });

  it('an open transaction hides all that follows it; an aborted one leaves gaps', async () => {
    const topic = await fixture.topic('open');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    const entries: BrokerEntry[] = [];
    const reader = await fixture.client.createReader({
      topic,
      tenantKey: 't',
      start: 'earliest',
      onEntry: (entry) => entries.push(entry),
    });
    const first = await sent(producer, batchOf(['before']));
    const transaction = await begin(topic);
    await sent(producer, inside(transaction, singleEntry({ value: Buffer.from('aborted') })));
    await sent(producer, batchOf(['after']));
    await until(() => entries.length === 1, 'the first');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(entries).toHaveLength(1);
    expect(await reader.lastMessageId()).toMatchObject(first);
    await transaction.abort(timeoutMs);
    await until(() => entries.length === 2, 'what was hidden');
    expect(entries.map((entry) => entry.index)).toEqual([0, 2]);
    await reader.close();
  });
});
