import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionTopicName } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { MqttError } from '../mqtt.errors.js';
import { FeedBed, until } from '../testing/feed-bed.js';
import { subscriptionTo, TestSubscriber } from '../testing/test-subscriber.js';
import { TailSubscriptions } from './tail-subscriptions.js';

const bed = new FeedBed();
let tails: TailSubscriptions;

beforeAll(async () => {
  await bed.start();
  tails = bed.add(new TailSubscriptions({ ...bed.gateway(), reading: bed.reading, log: silentLog }));
});
afterAll(() => bed.stop());

async function subscribe(client: TestSubscriber, filter: string): Promise<void> {
  const error = await new Promise<MqttError | undefined>((resolve) =>
    tails.subscribe(bed.tenant, client, subscriptionTo(filter), resolve),
  );
  expect(error).toBeUndefined();
}

describe('subscriptions before a real Pulsar', () => {
  it('get every message once and in order, over unloads, from all partitions that exist and appear', async () => {
    const [first, other] = [bed.fullName('plain'), bed.fullName('parts')];
    await bed.topic('plain');
    await bed.publish(first, { topic: 'plain', payload: 'before' });
    const client = new TestSubscriber('c');
    await subscribe(client, 'plain/+');
    await subscribe(client, 'parts/#');
    const expected: string[] = [];
    for (let at = 0; at < 20; at++) {
      expected.push(`${at}a`, `${at}b`);
      await bed.publish(
        first,
        { topic: 'plain/x', payload: `${at}a` },
        { topic: 'plain', payload: 'no match' },
        { topic: 'plain/y', payload: `${at}b` },
      );
      if (at % 10 === 4) await bed.pulsar.admin.unload(first);
    }
    await until(() => client.got.length >= expected.length, 'all messages');
    expect(client.payloads).toEqual(expected);
    client.got.length = 0;
    await bed.pulsar.admin.createPartitionedTopic(other, 2);
    // The first ones on a topic come too.
    for (const partition of [0, 1]) {
      await bed.publish(partitionTopicName(other, partition), { topic: 'parts', payload: `${partition}` });
    }
    await until(() => client.got.length >= 2, 'the messages of the new topic');
    expect(client.payloads.sort()).toEqual(['0', '1']);
  });

  it('get what is published when their topic was deleted and made again', async () => {
    const topic = await bed.topic('again');
    const client = new TestSubscriber('c');
    await subscribe(client, 'again');
    await bed.pulsar.admin.deleteTopic(topic, { force: true });
    await bed.topic('again');
    await bed.publish(topic, { topic: 'again', payload: '1' });
    await until(() => client.got.length > 0, 'the message');
    expect(client.payloads).toEqual(['1']);
  });
});
