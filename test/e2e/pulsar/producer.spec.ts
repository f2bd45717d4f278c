import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { singleEntry } from '#libs/pulsar';
import { pulsarAdmin } from '../../support/pulsar.js';
import { batchOf, PulsarFixture, readEntries, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

describe('producer on a real broker', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  it('stores 20 000 pipelined entries once and in order while the topic is unloaded twice', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('unload');
    const producer = await client.createProducer({
      topic,
      tenantKey: 't',
      name: 'unloaded',
      pendingEntriesMax: 30_000,
    });
    const total = 20_000;
    const answers: number[] = [];
    let unloads: Promise<void>[] = [];
    for (let i = 0; i < total; i++) {
      producer.send(singleEntry({ value: Buffer.from(String(i)) }), (error, receipt) => {
        if (error) throw error;
        answers.push(receipt.sequenceId);
      });
      if (i % 5_000 === 2_500) {
        unloads = [...unloads, client.admin.unload(topic)];
        await until(() => producer.pendingEntries < 2_000, 'receipts', 20_000);
      }
    }
    await until(() => answers.length === total, 'all receipts', 20_000);
    await Promise.all(unloads);
    expect(answers).toEqual(Array.from({ length: total }, (_, i) => i));
    const entries = await readEntries(client, topic, total);
    expect(entries.map((entry) => entry.payload.toString())).toEqual(answers.map(String));
    await producer.close();
  });

  it('duplicates are answered with -1:-1, an overlapping batch is dropped whole, gaps are taken', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('dedup');
    const producer = await client.createProducer({ topic, tenantKey: 't', name: 'numbered' });
    const first = await sent(producer, batchOf(['a0', 'a1', 'a2'], 10));
    expect(first.ledgerId).toBeGreaterThanOrEqual(0);
    expect(await sent(producer, batchOf(['b0', 'b1', 'b2'], 10))).toEqual({ ledgerId: -1, entryId: -1 });
    expect(await sent(producer, batchOf(['c0', 'c1', 'c2'], 12))).toEqual({ ledgerId: -1, entryId: -1 });
    const afterGap = await sent(producer, batchOf(['d0'], 100));
    expect(afterGap.entryId).toBe(first.entryId + 1);
    expect(await readEntries(client, topic, 2)).toHaveLength(2);
    await producer.close();

    const again = await client.createProducer({ topic, tenantKey: 't', name: 'numbered' });
    expect(again.lastSequenceId).toBe(100);
    expect(await sent(again, batchOf(['e0'], 100))).toEqual({ ledgerId: -1, entryId: -1 });
    expect((await sent(again, batchOf(['f0']))).entryId).toBe(afterGap.entryId + 1);
    await again.close();
  });

  it('a fenced producer learns it with its next send, and only its own connection is closed', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('fenced');
    const exclusive = { topic, tenantKey: 't', accessMode: 'exclusive-with-fencing' } as const;
    const bystanderTopic = await fixture.topic('bystander');
    const bystander = await client.createProducer({ topic: bystanderTopic, tenantKey: 't' });
    const old = await client.createProducer(exclusive);
    await sent(old, batchOf(['old']));
    const closed = new Promise<string>((resolve) => old.onClosed((error) => resolve(error.code)));
    const other = fixture.newClient();
    const owner = await other.createProducer(exclusive);
    expect(owner.topicEpoch).toBeGreaterThan(old.topicEpoch as number);
    expect(old.attached).toBe(true);
    await expect(sent(old, batchOf(['too late']))).rejects.toMatchObject({ code: 'ProducerFenced' });
    expect(await closed).toBe('ProducerFenced');
    expect(bystander.attached).toBe(true);
    await sent(bystander, batchOf(['still here']));
    await sent(owner, batchOf(['new']));
    expect((await readEntries(client, topic, 2)).map((entry) => entry.producerName)).toEqual([
      old.name,
      owner.name,
    ]);
    await expect(client.createProducer({ topic, tenantKey: 't' })).rejects.toMatchObject({
      code: 'ProducerBusy',
    });
  });

  it('a producer that waits for its turn gets it when the owner leaves', async () => {
    const topic = await fixture.topic('turn');
    const waiting = { topic, tenantKey: 't', accessMode: 'wait-for-exclusive' } as const;
    const owner = await fixture.client.createProducer(waiting);
    let queued = false;
    let promoted = false;
    const next = fixture.newClient().createProducer({ ...waiting, onQueued: () => (queued = true) });
    void next.then(() => (promoted = true));
    await until(() => queued, 'the queue');
    expect(promoted).toBe(false);
    await owner.close();
    const producer = await next;
    expect(producer.topicEpoch).toBe((owner.topicEpoch as number) + 1);
    await sent(producer, batchOf(['mine']));
  });

  it('an entry that the bookie could not take never leaves, one just below is stored', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('large');
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    const limit = 5 * 1024 * 1024 - 1024;
    const value = (bytes: number) => singleEntry({ value: Buffer.alloc(bytes, 7) });
    await expect(sent(producer, value(limit))).rejects.toMatchObject({ code: 'EntryTooLarge' });
    // 10 bytes of checksum and size, then metadata: name, ids and time.
    const metadataBytes = 10 + Buffer.byteLength(producer.name) + 13;
    const largest = await sent(producer, value(limit - metadataBytes));
    expect(largest.ledgerId).toBeGreaterThanOrEqual(0);
    const next = await sent(producer, value(10));
    expect(next.ledgerId).toBe(largest.ledgerId);
  });

  it('the topic’s own size limit fails that entry only', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('policy');
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    await client.admin.setTopicMaxMessageSize(topic, 1_000);
    const large = () => singleEntry({ value: Buffer.alloc(2_000) });
    let refused: unknown;
    for (let attempt = 0; attempt < 100 && refused === undefined; attempt++) {
      await sent(producer, large()).catch((error) => (refused = error));
    }
    expect(refused).toMatchObject({ code: 'NotAllowedError' });
    const both = await Promise.allSettled([sent(producer, large()), sent(producer, batchOf(['small']))]);
    expect(both.map((each) => each.status)).toEqual(['rejected', 'fulfilled']);
  });

  it('ends when its topic is deleted, and does not create it again', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('deleted');
    const producer = await client.createProducer({ topic, tenantKey: 't', sendTimeoutMs: 5_000 });
    await sent(producer, batchOf(['x']));
    const closed = new Promise<string>((resolve) => producer.onClosed((error) => resolve(error.code)));
    await client.admin.deleteTopic(topic, { force: true });
    expect(await closed).toBe('TopicNotFound');
    expect(await client.admin.topics(fixture.namespace)).not.toContain(topic);
    await expect(sent(producer, batchOf(['y']))).rejects.toMatchObject({ code: 'TopicNotFound' });
  });

  it('ends when its topic is terminated', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('terminated');
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    await sent(producer, batchOf(['last']));
    await pulsarAdmin('POST', `/${topic.replace('://', '/')}/terminate`);
    await expect(sent(producer, batchOf(['too late']))).rejects.toMatchObject({
      code: 'TopicTerminatedError',
    });
    await expect(client.createProducer({ topic, tenantKey: 't' })).rejects.toMatchObject({
      code: 'TopicTerminatedError',
    });
  });

  it('finds partitions, and ends when they are deleted', async () => {
    const { client } = fixture;
    const topic = `persistent://${fixture.namespace}/partitioned`;
    await client.admin.createPartitionedTopic(topic, 2);
    const producer = await client.createProducer({ topic: `${topic}-partition-1`, tenantKey: 't' });
    await sent(producer, batchOf(['x']));
    const closed = new Promise<string>((resolve) => producer.onClosed((error) => resolve(error.code)));
    await client.admin.deletePartitionedTopic(topic, { force: true });
    expect(await closed).toBe('TopicNotFound');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await client.admin.topics(fixture.namespace)).filter((each) => each.startsWith(topic))).toEqual(
      [],
    );
    const absent = { topic: `${topic}-partition-7`, tenantKey: 't' };
    await expect(client.createProducer(absent)).rejects.toMatchObject({ code: 'TopicNotFound' });
  });
});
