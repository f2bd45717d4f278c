import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { silentLog } from '#libs/telemetry';
import type { MqttError } from '../mqtt.errors.js';
import { ReadingCounters } from '../reading/reading-counters.js';
import { FeedBed, until } from '../testing/feed-bed.js';
import { subscriptionTo, TestSubscriber } from '../testing/test-subscriber.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import { sharedSubscriptionName } from './share-name.js';
import { SharedSubscriptions } from './share-subscriptions.js';

const bed = new FeedBed();
const counters = new ReadingCounters();

beforeAll(() => bed.start());
afterAll(() => bed.stop());

/** One gateway's shared subscriptions. */
function gateway(idleMs = 60_000, groupsMax = 10): SharedSubscriptions {
  const { topics } = bed.gateway();
  const { pulsar, reading } = bed;
  return bed.add(
    new SharedSubscriptions({ pulsar, reading, topics, counters, log: silentLog, idleMs, groupsMax }),
  );
}

async function join(
  groups: SharedSubscriptions,
  client: TestSubscriber,
  filter: string,
  options: Partial<MqttSubscription> = {},
): Promise<void> {
  const error = await new Promise<MqttError | undefined>((resolve) =>
    groups.join(bed.tenant, client, subscriptionTo(filter, options), resolve),
  );
  expect(error).toBeUndefined();
}

const messages = (topic: string, from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ topic, payload: String(from + at) }));

const sorted = (...clients: TestSubscriber[]) =>
  clients.flatMap(({ payloads }) => payloads).sort((a, b) => Number(a) - Number(b));

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));

async function backlog(topic: string, subscription: string): Promise<number | undefined> {
  const stats = await bed.pulsar.admin.stats(topic);
  return stats.subscriptions[subscription]?.msgBacklog;
}

describe('shared subscriptions before a real Pulsar', () => {
  it('divide messages among members on two gateways, and acknowledge what is not theirs', async () => {
    const topic = await bed.topic('divided');
    const clients = [new TestSubscriber('a'), new TestSubscriber('b'), new TestSubscriber('c')];
    const [first, second] = [gateway(), gateway()];
    await join(first, clients[0]!, '$share/g/divided/+');
    await join(first, clients[1]!, '$share/g/divided/+', { qos: 0, identifier: 5 });
    await join(second, clients[2]!, '$share/g/divided/+', { qos: 2 });
    const alone = new TestSubscriber('alone');
    await join(second, alone, '$share/other/divided/+');
    for (let at = 0; at < 300; at += 10) {
      await bed.publish(topic, ...messages('divided/x', at, 10), { topic: 'divided', payload: 'no match' });
      if (at === 150) await bed.pulsar.admin.unload(topic);
    }
    const all = () => new Set(sorted(...clients)).size;
    await until(() => all() >= 300 && alone.got.length >= 300, 'all messages');
    // Acknowledgements that an unload overtook are given to the other gateway again, never to the same.
    expect([...new Set(sorted(...clients))]).toEqual(numbers(300));
    expect(sorted(alone)).toEqual(numbers(300));
    // One after the other on a gateway; Pulsar divides between gateways by entries.
    const [one = 0, other = 0] = clients.map(({ got }) => got.length);
    expect(Math.abs(one - other)).toBeLessThanOrEqual(30);
    expect(clients[2]!.got.length).toBeGreaterThan(0);
    expect(clients[1]!.got[0]).toMatchObject({ qos: 0, subscriptionIdentifiers: [5] });
    expect(clients[2]!.got[0]).toMatchObject({ qos: 1, subscriptionIdentifiers: [] });
    const name = sharedSubscriptionName('g', 'divided/+');
    let left: number | undefined = -1;
    for (let tries = 0; left !== 0 && tries < 100; tries++) {
      left = await backlog(topic, name);
      if (left !== 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(left).toBe(0);
    expect(await bed.pulsar.admin.subscriptionProperties(topic, name)).toEqual({
      'pulsegate.kind': 'mqtt-share',
      'pulsegate.mqtt.group': 'g',
      'pulsegate.mqtt.filter': 'divided/+',
    });
  });

  it('give what a member left unacknowledged to another, here or elsewhere, and nothing twice', async () => {
    const topic = await bed.topic('left');
    const [first, second] = [gateway(), gateway()];
    const leaving = new TestSubscriber('leaving');
    leaving.acknowledges = false;
    await join(first, leaving, '$share/g/left');
    await bed.publish(topic, ...messages('left', 0, 20));
    await until(() => leaving.got.length === 20, 'the first messages');
    for (const delivery of leaving.got.slice(0, 5)) delivery.onDone?.('completed');
    const here = new TestSubscriber('here');
    here.acknowledges = false;
    await join(first, here, '$share/g/left');
    first.drop(bed.tenant, leaving);
    await until(() => here.got.length === 15, 'what was not acknowledged');
    // A late acknowledgement means nothing any more.
    leaving.finish('completed');
    for (const delivery of here.got.slice(0, 5)) delivery.onDone?.('completed');
    const elsewhere = new TestSubscriber('elsewhere');
    await join(second, elsewhere, '$share/g/left');
    first.drop(bed.tenant, here);
    await until(() => elsewhere.got.length >= 10, 'what was not acknowledged');
    await bed.publish(topic, { topic: 'left', payload: '20' });
    await until(() => elsewhere.payloads.includes('20'), 'the next message');
    expect(sorted(elsewhere)).toEqual([...numbers(21).slice(10)]);
  });

  it('wait for room, give each message to who has it, and outlive a cut without duplicates', async () => {
    const topic = await bed.topic('room');
    const groups = gateway();
    const small = new TestSubscriber('small');
    const denied = new TestSubscriber('denied');
    small.room = 3;
    small.acknowledges = false;
    denied.denied = 'room';
    await join(groups, small, '$share/g/room', { qos: 2 });
    await join(groups, denied, '$share/g/room', { checked: true });
    await bed.publish(topic, ...messages('room', 0, 10));
    await until(() => small.got.length === 3, 'what has room');
    await bed.pulsar.admin.unload(topic);
    await bed.publish(topic, ...messages('room', 10, 2));
    small.makeRoom(4);
    await until(() => small.got.length === 7, 'what has room');
    small.finish('completed');
    small.makeRoom(1_000);
    small.acknowledges = true;
    await until(() => small.got.length >= 12, 'all');
    expect(sorted(small)).toEqual(numbers(12));
    groups.drop(bed.tenant, small);
    await bed.publish(topic, ...messages('room', 12, 1));
    await until(() => counters.sharedDenied === 1, 'the message that nobody may have');
    expect(denied.got).toEqual([]);
  });

  it('keep messages for a group whose members are away, and are deleted when nobody is one any more', async () => {
    const topic = await bed.topic('kept');
    const groups = gateway(50);
    const filter = '$share/kept group/kept/#';
    const name = sharedSubscriptionName('kept group', 'kept/#');
    const client = new TestSubscriber('c');
    await join(groups, client, filter);
    const release = groups.keep(bed.tenant, filter);
    groups.drop(bed.tenant, client);
    await bed.publish(topic, ...messages('kept', 0, 5));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await bed.pulsar.admin.subscriptions(topic)).toEqual([name]);
    await join(groups, client, filter);
    await until(() => client.got.length === 5, 'what waited');
    expect(client.payloads).toEqual(numbers(5));
    release();
    expect(groups.leave(bed.tenant, client, filter)).toBe(true);
    expect(groups.leave(bed.tenant, client, filter)).toBe(false);
    let left: string[] = [name];
    for (let tries = 0; left.length > 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      left = await bed.pulsar.admin.subscriptions(topic);
    }
    expect(left).toEqual([]);
    expect(groups.count).toBe(0);
  });

  it('of a session that was there before this gateway begin at the start of topics that came meanwhile', async () => {
    const topic = await bed.topic('meanwhile');
    await bed.publish(topic, ...messages('meanwhile', 0, 3));
    const groups = gateway();
    const filter = '$share/g/meanwhile/#';
    bed.add({ close: groups.keep(bed.tenant, filter) });
    const client = new TestSubscriber('c');
    await join(groups, client, filter);
    await until(() => client.got.length === 3, 'what was published before');
    expect(client.payloads).toEqual(numbers(3));
  });

  it('are as many as a tenant may have, and no more while those are idle', async () => {
    const groups = gateway(50, 2);
    const client = new TestSubscriber('c');
    await join(groups, client, '$share/one/a');
    await join(groups, client, '$share/two/a');
    const refused = await new Promise<MqttError | undefined>((resolve) =>
      groups.join(bed.tenant, client, subscriptionTo('$share/three/a'), resolve),
    );
    expect(refused?.reasonCode).toBe(MqttReasonCode.QUOTA_EXCEEDED);
    await join(groups, new TestSubscriber('d'), '$share/two/a');
    groups.leave(bed.tenant, client, '$share/one/a');
    await until(() => groups.count === 1, 'the end of the idle group');
    await join(groups, client, '$share/three/a');
  });
});
