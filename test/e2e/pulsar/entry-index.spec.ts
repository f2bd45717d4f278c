import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { singleEntry } from '#libs/pulsar';
import { batchOf, PulsarFixture, readEntries, sent } from './pulsar-fixture.js';

describe('the broker’s entry index', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  it('receipts carry no index; an entry’s index is that of its last message', async () => {
    const topic = await fixture.topic();
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    const receipts = [
      await sent(producer, batchOf(['0', '1', '2', '3', '4'])),
      await sent(producer, batchOf(['5', '6', '7'])),
      await sent(producer, singleEntry({ value: Buffer.from('8') })),
    ];
    expect(receipts.map((receipt) => Object.keys(receipt))).toEqual(
      receipts.map(() => ['ledgerId', 'entryId']),
    );
    const entries = await readEntries(fixture.client, topic, 3);
    expect(entries.map((entry) => [entry.entryId, entry.firstIndex, entry.index])).toEqual([
      [0, 0, 4],
      [1, 5, 7],
      [2, 8, 8],
    ]);
    for (const entry of entries)
      expect(Math.abs((entry.brokerTimestamp as number) - Date.now())).toBeLessThan(60_000);
  });

  it('the index follows what SEND claims, so a lie overlaps', async () => {
    const topic = await fixture.topic('lie');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    await sent(producer, { ...batchOf(['a', 'b', 'c']), numMessages: 1 });
    await sent(producer, batchOf(['d', 'e']));
    const entries = await readEntries(fixture.client, topic, 2);
    expect(entries.map((entry) => [entry.numMessages, entry.index])).toEqual([
      [3, 0],
      [2, 2],
    ]);
  });

  it('continues over an unload', async () => {
    const topic = await fixture.topic('unload');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    await sent(producer, batchOf(['a', 'b']));
    await fixture.client.admin.unload(topic);
    await sent(producer, batchOf(['c']));
    const entries = await readEntries(fixture.client, topic, 2);
    expect(entries.map((entry) => entry.index)).toEqual([1, 2]);
    expect(entries[1]?.ledgerId).toBeGreaterThan(entries[0]?.ledgerId as number);
  });

  it('an index is turned into a position by the admin REST of 4.1 and later (PIP-415)', async () => {
    const { admin } = fixture.client;
    const topic = await fixture.topic('position');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    await sent(producer, batchOf(['0', '1', '2']));
    const second = await sent(producer, batchOf(['3', '4']));
    for (const index of [3, 4]) expect(await admin.messageIdByIndex(topic, index)).toMatchObject(second);
    expect(await admin.entry(topic, second.ledgerId, second.entryId)).toMatchObject({
      index: 4,
      numMessages: 2,
    });
  });
});
