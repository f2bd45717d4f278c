import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarAdminError } from '#libs/pulsar';
import { batchOf, PulsarFixture, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

describe('admin REST of a real broker', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  it('creates topics with properties, and deletes them', async () => {
    const { admin } = fixture.client;
    const topic = `persistent://${fixture.namespace}/kept ä%`;
    await admin.createPartitionedTopic(topic, 2, { 'pulsegate.kafka.topic-id': 'abc', odd: 'ä b&c=d' });
    expect(await admin.partitionedMetadata(topic)).toMatchObject({
      partitions: 2,
      properties: { 'pulsegate.kafka.topic-id': 'abc', odd: 'ä b&c=d' },
    });
    await admin.setProperties(topic, { more: '1' });
    await admin.removeProperty(topic, 'odd');
    expect(await admin.properties(topic)).toEqual({ 'pulsegate.kafka.topic-id': 'abc', more: '1' });
    expect(await admin.partitionedTopics(fixture.namespace)).toContain(topic);
    expect(await admin.topics(fixture.namespace)).toContain(`${topic}-partition-1`);
    await expect(admin.createPartitionedTopic(topic, 2)).rejects.toMatchObject({ status: 409 });
    await admin.deletePartitionedTopic(topic, { force: true });
    const gone = await admin.partitionedMetadata(topic).catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(PulsarAdminError);
    expect(gone).toMatchObject({ status: 404, retriable: false });
  });

  it('makes a subscription that several make at the same moment', async () => {
    const { admin } = fixture.client;
    const topic = `persistent://${fixture.namespace}/made-by-many`;
    await admin.createPartitionedTopic(topic, 1);
    const from = { ledgerId: -1, entryId: -1 };
    const made = await Promise.allSettled(
      Array.from({ length: 8 }, () => admin.createSubscription(topic, 'one', from)),
    );
    const faults = made.flatMap((each) => (each.status === 'rejected' ? [each.reason.status] : []));
    expect(faults).toEqual(faults.map(() => 409));
    expect(await admin.subscriptions(topic)).toEqual(['one']);
  });

  it('sets and removes policies of namespaces and topics', async () => {
    const { admin } = fixture.client;
    await admin.setInactiveTopicPolicies(fixture.namespace, {
      deleteWhileInactive: false,
      inactiveTopicDeleteMode: 'delete_when_no_subscriptions',
      maxInactiveDurationSeconds: 3_600,
    });
    await admin.setMessageTtl(fixture.namespace, 60);
    await admin.setAutoTopicCreation(fixture.namespace, { allowAutoTopicCreation: false });
    await admin.setCompactionThreshold(fixture.namespace, 1_000_000);
    expect(await admin.namespacePolicies(fixture.namespace)).toMatchObject({
      deduplicationEnabled: true,
      retention_policies: { retentionTimeInMinutes: 60, retentionSizeInMB: -1 },
      inactive_topic_policies: { deleteWhileInactive: false },
      message_ttl_in_seconds: 60,
      autoTopicCreationOverride: { allowAutoTopicCreation: false },
      compaction_threshold: 1_000_000,
    });
    const topic = await fixture.topic('policies');
    expect(await admin.topicMaxMessageSize(topic)).toBeUndefined();
    await admin.setTopicMaxMessageSize(topic, 2_000);
    await admin.setTopicRetention(topic, { retentionTimeInMinutes: 5, retentionSizeInMB: 7 });
    await admin.setTopicDeduplication(topic, true);
    await admin.setTopicCompactionThreshold(topic, 12);
    const policies = async () => [
      await admin.topicMaxMessageSize(topic),
      await admin.topicRetention(topic),
      await admin.topicDeduplication(topic),
      await admin.topicCompactionThreshold(topic),
    ];
    let found = await policies();
    for (let turn = 0; turn < 50 && found.includes(undefined); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      found = await policies();
    }
    expect(found).toEqual([2_000, { retentionTimeInMinutes: 5, retentionSizeInMB: 7 }, true, 12]);
    await admin.setTopicMaxMessageSize(topic, undefined);
    let size: number | undefined = 2_000;
    for (let turn = 0; turn < 50 && size !== undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      size = await admin.topicMaxMessageSize(topic);
    }
    expect(size).toBeUndefined();
  });

  it('finds positions by index and by time, and reads one entry with its index', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('positions');
    expect((await client.admin.lastMessageId(topic)).entryId).toBe(-1);
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    const first = await sent(producer, batchOf(['a', 'b', 'c']));
    const between = Date.now() + 20;
    await until(() => Date.now() > between + 20, 'the clock');
    const second = await sent(producer, batchOf(['d', 'e']));
    await producer.close();
    const { admin } = client;
    expect(await admin.entry(topic, first.ledgerId, first.entryId)).toMatchObject({
      index: 2,
      numMessages: 3,
    });
    const entry = await admin.entry(topic, second.ledgerId, second.entryId);
    expect(entry).toMatchObject({ index: 4, numMessages: 2 });
    expect(Math.abs((entry.brokerTimestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await admin.messageIdByIndex(topic, 3)).toMatchObject(second);
    expect(await admin.messageIdByIndex(topic, 4)).toMatchObject(second);
    await expect(admin.messageIdByIndex(topic, 5)).rejects.toMatchObject({ status: 404 });
    expect(await admin.messageIdByTimestamp(topic, between)).toMatchObject(second);
    expect(await admin.lastMessageId(topic)).toMatchObject(second);
    await expect(admin.entry(topic, first.ledgerId, 99)).rejects.toBeInstanceOf(PulsarAdminError);
    expect((await admin.internalStats(topic)).entriesAddedCounter).toBe(2);
    expect((await admin.stats(topic)).msgInCounter).toBe(5);
    await admin.unload(topic);
    await admin.triggerCompaction(topic);
  });

  it('lists and deletes subscriptions', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('subscribed');
    const consumer = await client.subscribe({
      topic,
      tenantKey: 't',
      subscription: 's',
      type: 'shared',
      onEntry: () => {},
    });
    expect(await client.admin.subscriptions(topic)).toContain('s');
    await expect(client.admin.deleteSubscription(topic, 's')).rejects.toMatchObject({ status: 412 });
    await consumer.close();
    await client.admin.deleteSubscription(topic, 's');
    expect(await client.admin.subscriptions(topic)).not.toContain('s');
  });

  it('asks the broker about itself', async () => {
    const { admin } = fixture.client;
    await admin.health();
    expect((await admin.runtimeConfiguration()).exposingBrokerEntryMetadataToClientEnabled).toBe('true');
    const [cluster] = await admin.clusters();
    expect(cluster).toBeDefined();
    const [tenant = ''] = fixture.namespace.split('/');
    expect((await admin.tenant(tenant)).allowedClusters).toContain(cluster);
    expect(await admin.namespaces(tenant)).toContain(fixture.namespace);
  });
});
