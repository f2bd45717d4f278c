import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deleteGroupsApi, offsetCommitApi, offsetDeleteApi } from '#libs/kafka-codec';
import { BatchBuilder, type SubscriptionStats } from '#libs/pulsar';
import { type Front, GatewayBed } from '../../testing/gateway-bed.js';
import type { KafkaClient } from '../../testing/kafka-client.js';

const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

let bed: GatewayBed;
let front: Front;
let kafka: KafkaClient;

/** Entries of so many messages each, by a native producer. */
async function produce(topic: string, entries: number, messagesPerEntry = 1, bytes = 10): Promise<void> {
  const producer = await bed.pulsar.createProducer({ topic: `${topic}-partition-0`, tenantKey: 'native' });
  const sends = Array.from({ length: entries }, () => {
    const batch = new BatchBuilder({ capacityBytes: bytes, payloadBytesMax: 5_000_000 });
    for (let message = 0; message < messagesPerEntry; message++) batch.append({ value: Buffer.alloc(bytes) });
    return new Promise<void>((resolve, reject) => {
      producer.send(batch.finish('none'), (error) => (error ? reject(error) : resolve()));
    });
  });
  await Promise.all(sends);
  await producer.close();
}

async function commit(groupId: string, name: string, committedOffset: number): Promise<void> {
  const partitions = [{ partitionIndex: 0, committedOffset: BigInt(committedOffset) }];
  const { topics } = await kafka.call(offsetCommitApi, 8, { groupId, topics: [{ name, partitions }] });
  expect(topics[0]!.partitions[0]!.errorCode).toBe(0);
}

async function subscription(topic: string, group: string): Promise<SubscriptionStats | undefined> {
  return (await bed.pulsar.admin.stats(`${topic}-partition-0`)).subscriptions[group];
}

/** What the subscription's backlog comes to, in entries. */
async function backlogBecomes(topic: string, group: string, wanted: number | undefined): Promise<void> {
  const deadline = performance.now() + 10_000;
  let found: number | undefined;
  do {
    found = (await subscription(topic, group))?.msgBacklog;
    if (found === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() < deadline);
  expect(found).toBe(wanted);
}

beforeAll(async () => {
  bed = await GatewayBed.start({ options: { mirrorCheckMs: 500 } });
  const retention = { retentionTimeInMinutes: 60, retentionSizeInMB: -1 };
  await bed.pulsar.admin.setRetention(bed.tenant.pulsarNamespace, retention);
  front = bed.front(1);
  kafka = front.client();
  await front.protocol.services.groups.all(bed.tenant);
});
afterAll(() => bed.stop());

describe("a group's subscription", () => {
  it('has the backlog that is the lag in messages, and none when all is read', async () => {
    const topic = await bed.createTopic('single');
    await produce(topic, 30);
    await commit('readers', 'single', 0);
    await backlogBecomes(topic, 'readers', 30);
    expect((await subscription(topic, 'readers'))?.subscriptionProperties).toEqual({
      'pulsegate.kind': 'kafka-group',
    });
    for (let offset = 1; offset <= 12; offset++) await commit('readers', 'single', offset);
    await backlogBecomes(topic, 'readers', 18);
    await commit('readers', 'single', 30);
    await backlogBecomes(topic, 'readers', 0);
    await produce(topic, 5);
    await backlogBecomes(topic, 'readers', 5);
    await commit('readers', 'single', 10);
    await backlogBecomes(topic, 'readers', 25);
  });

  it('counts entries where they hold several messages; their messages are the lag', async () => {
    const topic = await bed.createTopic('batched');
    await produce(topic, 10, 7);
    await commit('readers', 'batched', 21);
    await backlogBecomes(topic, 'readers', 7);
    const path = topic.replace('://', '/');
    const answer = await fetch(
      `${adminUrl}/admin/v2/${path}-partition-0/subscription/readers/analyzeBacklog`,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
    );
    expect(await answer.json()).toMatchObject({ entries: 7, messages: 49 });
    await commit('readers', 'batched', 24);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await backlogBecomes(topic, 'readers', 7);
    await commit('readers', 'batched', 70);
    await backlogBecomes(topic, 'readers', 0);
  });

  it("is left alone when it is somebody else's", async () => {
    const topic = await bed.createTopic('shared');
    await produce(topic, 10);
    const { admin } = bed.pulsar;
    await admin.createSubscription(
      `${topic}-partition-0`,
      'native',
      { ledgerId: -1, entryId: -1 },
      { of: 'us' },
    );
    await commit('native', 'shared', 10);
    await commit('other', 'shared', 10);
    await backlogBecomes(topic, 'other', 0);
    expect((await subscription(topic, 'native'))?.msgBacklog).toBe(10);
    await kafka.call(deleteGroupsApi, 2, { groupsNames: ['native', 'other'] });
    await backlogBecomes(topic, 'other', undefined);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await subscription(topic, 'native'))?.msgBacklog).toBe(10);
  });

  it('ends with its offset, is made anew when it was deleted, and is ended when its offset is not there', async () => {
    const topic = await bed.createTopic('ending');
    await produce(topic, 4);
    await commit('g', 'ending', 1);
    await backlogBecomes(topic, 'g', 3);
    await bed.pulsar.admin.deleteSubscription(`${topic}-partition-0`, 'g');
    await commit('g', 'ending', 2);
    await backlogBecomes(topic, 'g', 2);
    const topics = [{ name: 'ending', partitions: [{ partitionIndex: 0 }] }];
    await kafka.call(offsetDeleteApi, 0, { groupId: 'g', topics });
    await backlogBecomes(topic, 'g', undefined);
    const orphan = { 'pulsegate.kind': 'kafka-group' };
    await bed.pulsar.admin.createSubscription(
      `${topic}-partition-0`,
      'left',
      { ledgerId: -1, entryId: -1 },
      orphan,
    );
    await backlogBecomes(topic, 'left', undefined);
  });

  it('does not hold back what the retention of the topic no longer promises', async () => {
    const topic = await bed.createTopic('retained');
    const { admin } = bed.pulsar;
    await produce(topic, 1);
    await commit('slow', 'retained', 1);
    await backlogBecomes(topic, 'slow', 0);
    for (let ledger = 0; ledger < 4; ledger++) {
      await produce(topic, 6, 1, 100_000);
      await admin.unload(`${topic}-partition-0`);
    }
    await produce(topic, 2);
    const all = (await subscription(topic, 'slow'))?.msgBacklog;
    expect(all).toBe(26);
    await admin.setTopicRetention(topic, { retentionTimeInMinutes: 60, retentionSizeInMB: 1 });
    // The two full ledgers of 600 kB that one megabyte needs, and what follows.
    await backlogBecomes(topic, 'slow', 14);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // By time: what the sweep asks for with the minutes of the retention.
    await admin.expireMessages(`${topic}-partition-0`, 'slow', 1);
    await backlogBecomes(topic, 'slow', 0);
  });
});
