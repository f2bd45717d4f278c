import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BrokerEntry, type ReaderOptions, singleEntry, type TopicReader } from '#libs/pulsar';
import { batchOf, PulsarFixture, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

describe('topic reader on a real broker', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  const text = (entry: BrokerEntry) => entry.payload.toString();

  async function collect(topic: string, options: Partial<ReaderOptions>) {
    const entries: BrokerEntry[] = [];
    const reader: TopicReader = await fixture.client.createReader({
      topic,
      tenantKey: 't',
      start: 'earliest',
      onEntry: (entry) => entries.push(entry),
      ...options,
    });
    return { reader, entries };
  }

  async function filled(count: number) {
    const topic = await fixture.topic();
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    const receipts = [];
    for (let i = 0; i < count; i++)
      receipts.push(await sent(producer, singleEntry({ value: Buffer.from(`m${i}`) })));
    return { topic, producer, receipts };
  }

  it('starts at earliest, latest, an entry inclusive, or past the end', async () => {
    const { topic, producer, receipts } = await filled(4);
    const third = receipts[2] as { ledgerId: number; entryId: number };
    const earliest = await collect(topic, { start: 'earliest' });
    const latest = await collect(topic, { start: 'latest' });
    const fromThird = await collect(topic, { start: third });
    const beyond = await collect(topic, { start: { ledgerId: third.ledgerId, entryId: 1_000 } });
    await sent(producer, singleEntry({ value: Buffer.from('new') }));
    await until(() => earliest.entries.length === 5 && fromThird.entries.length === 3, 'entries');
    await until(() => latest.entries.length === 1 && beyond.entries.length === 1, 'the new entry');
    expect(earliest.entries.map(text)).toEqual(['m0', 'm1', 'm2', 'm3', 'new']);
    expect(fromThird.entries.map(text)).toEqual(['m2', 'm3', 'new']);
    expect(latest.entries.map(text)).toEqual(['new']);
    expect(beyond.entries.map(text)).toEqual(['new']);
    expect(await latest.reader.lastMessageId()).toMatchObject({ ledgerId: third.ledgerId, entryId: 4 });
  });

  it('starts at a time: the first entry of then or later', async () => {
    const { topic, producer } = await filled(3);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const publishTimeMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await sent(producer, singleEntry({ value: Buffer.from('later') }));
    const { entries } = await collect(topic, { start: { publishTimeMs } });
    const all = await collect(topic, { start: { publishTimeMs: publishTimeMs - 60_000 } });
    const none = await collect(topic, { start: { publishTimeMs: Date.now() + 60_000 } });
    await until(() => entries.length === 1 && all.entries.length === 4, 'entries');
    expect(entries.map(text)).toEqual(['later']);
    expect(none.entries).toEqual([]);
  });

  it('an empty topic has no last message, and latest of it misses nothing over a disconnect', async () => {
    const topic = await fixture.topic('empty');
    const { reader, entries } = await collect(topic, { start: 'latest' });
    expect(await reader.lastMessageId()).toMatchObject({ ledgerId: -1, entryId: -1 });
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    const unloaded = fixture.client.admin.unload(topic);
    for (let i = 0; i < 50; i++) await sent(producer, singleEntry({ value: Buffer.from(`m${i}`) }));
    await unloaded;
    await until(() => entries.length >= 50, 'entries');
    expect(entries.map(text)).toEqual(Array.from({ length: 50 }, (_, i) => `m${i}`));
  });

  it('goes on after the last entry over unloads, without gap or repetition', async () => {
    const topic = await fixture.topic('unload');
    const producer = await fixture.client.createProducer({
      topic,
      tenantKey: 't',
      pendingEntriesMax: 20_000,
    });
    const { entries } = await collect(topic, { permits: 200 });
    const total = 6_000;
    const unloads: Promise<void>[] = [];
    for (let i = 0; i < total; i++) {
      producer.send(batchOf([String(2 * i), String(2 * i + 1)]), (error) => {
        if (error) throw error;
      });
      if (i % 2_000 === 1_000) {
        await until(() => entries.length > i / 2, 'half of them', 15_000);
        unloads.push(fixture.client.admin.unload(topic));
      }
    }
    await until(() => entries.length >= total, 'all entries', 20_000);
    await Promise.all(unloads);
    expect(entries.map((entry) => entry.index)).toEqual(Array.from({ length: total }, (_, i) => 2 * i + 1));
  });

  it('takes no more than its window while paused', async () => {
    const { topic } = await filled(60);
    const { reader, entries } = await collect(topic, { permits: 10 });
    reader.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(entries.length).toBeLessThanOrEqual(20);
    reader.resume();
    await until(() => entries.length === 60, 'the rest');
  });

  it('reads the compacted view of a topic', async () => {
    const topic = await fixture.topic('compacted');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    for (let i = 0; i < 30; i++) {
      await sent(producer, singleEntry({ key: `k${i % 3}`, value: Buffer.from(String(i)) }));
    }
    await sent(producer, singleEntry({ key: 'k0', value: null }));
    await fixture.client.admin.triggerCompaction(topic);
    await until(() => true, 'compaction');
    let compacted: BrokerEntry[] = [];
    for (let attempt = 0; attempt < 50 && compacted.length !== 2; attempt++) {
      const { reader, entries } = await collect(topic, { readCompacted: true });
      const last = await reader.lastMessageId();
      await until(() => entries.some((entry) => entry.entryId >= last.entryId - 2), 'the end');
      await new Promise((resolve) => setTimeout(resolve, 100));
      await reader.close();
      compacted = entries;
    }
    expect(compacted.map((entry) => [entry.metadata.partitionKey, text(entry), entry.index])).toEqual([
      ['k1', '28', 28],
      ['k2', '29', 29],
    ]);
  });

  it('refuses an absent topic and does not create it; ends when its topic is deleted', async () => {
    const { admin } = fixture.client;
    const absent = `persistent://${fixture.namespace}/absent`;
    await expect(collect(absent, {})).rejects.toMatchObject({ code: 'TopicNotFound' });
    expect(await admin.topics(fixture.namespace)).not.toContain(absent);
    const topic = await fixture.topic('deleted');
    let closed = '';
    await collect(topic, { onClosed: (error) => (closed = error.code) });
    await admin.deleteTopic(topic, { force: true });
    await until(() => closed !== '', 'the end');
    expect(closed).toBe('TopicNotFound');
    expect(await admin.topics(fixture.namespace)).not.toContain(topic);
  });
});
