import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testPulsar } from '../../support/pulsar.js';
import { batchOf, PulsarFixture, readEntries, sent, until } from './pulsar-fixture.js';
import { RawTransaction } from './raw-transaction.js';

describe('Pulsar transactions, as the gateway meets them', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  it('finding 3: a batch in a transaction advances the index by one, whatever its size', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('transaction');
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    const plain = await sent(producer, batchOf(['a', 'b']));
    const transaction = await RawTransaction.begin(testPulsar.serviceUrl, topic);
    const inside = await transaction.send(['c', 'd', 'e']);
    await transaction.commit();
    expect((await client.admin.entry(topic, plain.ledgerId, plain.entryId)).index).toBe(1);
    // Three messages, index 2: as if they were 0 to 2, over those of the plain batch.
    const entry = await client.admin.entry(topic, inside.ledgerId, inside.entryId);
    expect(entry).toMatchObject({ index: 2, numMessages: 3 });
    const [, read] = await readEntries(client, topic, 2);
    expect(read).toMatchObject({ index: 2, numMessages: 3 });
    await producer.close();
  });

  it('finding 4: nothing after the first message of an open transaction reaches anybody', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('open');
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    const before = await sent(producer, batchOf(['before']));
    const seen: number[] = [];
    const reader = await client.createReader({
      topic,
      tenantKey: 't',
      start: 'earliest',
      onEntry: (entry) => seen.push(entry.entryId),
    });
    const transaction = await RawTransaction.begin(testPulsar.serviceUrl, topic);
    await transaction.send(['inside']);
    const after = await sent(producer, batchOf(['after']));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(seen).toEqual([before.entryId]);
    expect((await reader.lastMessageId())?.entryId).toBe(before.entryId);
    // The REST still tells the index of what nobody may read.
    expect((await client.admin.entry(topic, after.ledgerId, after.entryId)).index).toBe(2);
    await transaction.commit();
    await until(() => seen.includes(after.entryId), 'what came after');
    await reader.close();
    await producer.close();
  });
});
