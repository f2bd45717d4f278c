import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { PulsarError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { MqttError } from '../mqtt.errors.js';
import { MatchedTopics } from '../reading/matched-topics.js';
import { PartitionFeeds } from '../reading/partition-feeds.js';
import { ReadingCounters } from '../reading/reading-counters.js';
import { FakePulsar, FakeReading, fullName, settled, testTenant } from '../testing/fake-topics.js';
import { subscriptionTo, TestSubscriber } from '../testing/test-subscriber.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import type { TailSubscriber } from './tail-subscriber.js';
import { TailSubscriptions } from './tail-subscriptions.js';

let pulsar: FakePulsar;
let reading: FakeReading;
let feeds: PartitionFeeds;
let topics: MatchedTopics;
let tails: TailSubscriptions;

beforeEach(() => {
  pulsar = new FakePulsar();
  reading = new FakeReading();
  feeds = new PartitionFeeds({
    pulsar,
    reading,
    counters: new ReadingCounters(),
    log: silentLog,
    partitionsMax: 3,
  });
  topics = new MatchedTopics({ pulsar, reading, log: silentLog });
  tails = new TailSubscriptions({ feeds, topics, reading, log: silentLog });
});

afterEach(() => {
  tails.close();
  topics.close();
  feeds.close();
});

function subscribe(
  client: TailSubscriber,
  filter: string,
  options: Partial<MqttSubscription> = {},
): Promise<MqttError | undefined> {
  return new Promise((resolve) =>
    tails.subscribe(testTenant, client, subscriptionTo(filter, options), resolve),
  );
}

const message = (topic: string, payload = topic) => ({ topic, payload });

describe('subscriptions of sessions that end with their connection', () => {
  it('get what is published after they were acknowledged, on topics that are there and topics that come', async () => {
    const there = pulsar.make('a');
    there.add(message('a', 'before'));
    const client = new TestSubscriber('c');
    expect(await subscribe(client, 'a/#')).toBeUndefined();
    expect(await subscribe(client, 'b/+')).toBeUndefined();
    there.add(message('a', '1'), message('a/x', '2'));
    const made = pulsar.make('b');
    made.add(message('b/x', '3'), message('b', 'no match'));
    await settled();
    expect(client.payloads).toEqual(['1', '2', '3']);
    expect(tails.unsubscribe(testTenant, client, 'a/#')).toBe(true);
    expect(tails.unsubscribe(testTenant, client, 'a/#')).toBe(false);
    there.add(message('a', 'after'));
    made.add(message('b/y', '4'));
    expect(client.payloads.at(-1)).toBe('4');
    tails.drop(testTenant, client);
    made.add(message('b/y', 'after'));
    expect(client.payloads.at(-1)).toBe('4');
    expect(tails.subscriptions(testTenant.name)).toBe(0);
  });

  it('of one client that overlap bring a message once, at the highest QoS, with all identifiers', async () => {
    const topic = pulsar.make('a');
    reading.ofMqtt.add('a');
    const client = new TestSubscriber('c');
    const other = new TestSubscriber('other');
    await subscribe(client, 'a/+', { qos: 0, identifier: 7 });
    await subscribe(client, 'a/kept', { qos: 2, identifier: 9 });
    await subscribe(client, '#', { qos: 1, retainAsPublished: true });
    await subscribe(other, 'a/+', { qos: 0, identifier: 7 });
    topic.add(message('a/kept'));
    expect(client.got).toEqual([
      expect.objectContaining({
        qos: 1,
        retain: true,
        subscriptionIdentifiers: expect.arrayContaining([7, 9]),
      }),
    ]);
    expect(client.got[0]!.subscriptionIdentifiers.length).toBe(2);
    expect(other.got).toEqual([
      expect.objectContaining({ qos: 0, retain: false, subscriptionIdentifiers: [7] }),
    ]);
    await subscribe(client, 'a/+', { qos: 1 });
    topic.add(message('a/x'));
    expect(client.got.length).toBe(2);
    expect(client.got[1]!.subscriptionIdentifiers).toEqual([]);
  });

  it('share one copy of the message, and one delivery where it is the same for them', async () => {
    const topic = pulsar.make('a');
    const clients = Array.from({ length: 50 }, (_, at) => new TestSubscriber(`c${at}`));
    for (const client of clients) await subscribe(client, 'a', { qos: 0 });
    const identified = [new TestSubscriber('i1'), new TestSubscriber('i2')];
    for (const client of identified) await subscribe(client, 'a', { qos: 0, identifier: 3 });
    topic.add(message('a'), message('nobody'));
    expect(new Set(clients.map(({ got }) => got[0])).size).toBe(1);
    expect(new Set(identified.map(({ got }) => got[0])).size).toBe(1);
    expect(new Set([...clients, ...identified].map(({ got }) => got[0]!.message)).size).toBe(1);
    // One reader, however many subscriptions.
    expect(topic.opened).toBe(1);
  });

  it('heed No Local, and ask for each message where a rule denies a part', async () => {
    const topic = pulsar.make('a');
    const own = new TestSubscriber('own');
    const checked = new TestSubscriber('checked');
    checked.denied = 'a/secret';
    await subscribe(own, 'a/#', { noLocal: true });
    await subscribe(checked, 'a/#', { checked: true });
    topic.add(message('a/own'), message('a/secret'), message('a/open'));
    expect(own.payloads).toEqual(['a/secret', 'a/open']);
    expect(checked.payloads).toEqual(['a/own', 'a/open']);
  });

  it('do not get what this gateway stored before they began', async () => {
    const topic = pulsar.make('a');
    const first = new TestSubscriber('first');
    await subscribe(first, 'a/#');
    topic.slow = true;
    tails.noteStored(testTenant, fullName('a'), topic.add(message('a/1'), message('a/2')));
    const second = new TestSubscriber('second');
    await subscribe(second, 'a/#');
    topic.add(message('a/3'));
    // A topic that was just made, and is listed a moment later.
    const position = { ledgerId: 1, entryId: 0 };
    tails.noteStored(testTenant, fullName('b'), position);
    await subscribe(second, 'b');
    topic.slow = false;
    topic.dispatch();
    pulsar.make('b').add(message('b', 'old'));
    pulsar.topics.get(fullName('b'))!.add(message('b', 'new'));
    await settled();
    expect(first.payloads).toEqual(['a/1', 'a/2', 'a/3']);
    expect(second.payloads).toEqual(['a/3', 'new']);
  });

  it('are refused when Pulsar cannot be read, and not kept then', async () => {
    pulsar.make('a');
    const client = new TestSubscriber('c');
    pulsar.refuses = new PulsarError('AuthorizationError', 'no');
    expect((await subscribe(client, 'a'))?.reasonCode).toBe(MqttReasonCode.NOT_AUTHORIZED);
    expect(tails.subscriptions(testTenant.name)).toBe(0);
    pulsar.refuses = undefined;
    expect(await subscribe(client, 'a')).toBeUndefined();
    pulsar.topics.get(fullName('a'))!.add(message('a', '1'));
    expect(client.payloads).toEqual(['1']);
  });

  it('are refused where more partitions had to be read than may be', async () => {
    for (const name of ['a', 'b', 'c', 'd']) pulsar.make(name);
    const client = new TestSubscriber('c');
    for (const name of ['a', 'b', 'c']) expect(await subscribe(client, name)).toBeUndefined();
    expect((await subscribe(client, 'd'))?.reasonCode).toBe(MqttReasonCode.QUOTA_EXCEEDED);
    expect(await subscribe(client, 'c/x')).toBeUndefined();
  });

  it('go on after their topic was deleted and made again', async () => {
    pulsar.make('a');
    const client = new TestSubscriber('c');
    await subscribe(client, 'a');
    pulsar.delete('a');
    const again = pulsar.make('a');
    again.newLedger();
    again.add(message('a', '1'));
    await settled();
    expect(client.payloads).toEqual(['1']);
  });

  it('get nothing again of a topic that was not listed for a moment', async () => {
    const topic = pulsar.make('a');
    const client = new TestSubscriber('c');
    await subscribe(client, 'a');
    topic.add(message('a', '1'), message('a', '2'));
    pulsar.watched!.onTopics([]);
    topic.add(message('a', '3'));
    pulsar.watched!.onTopics([fullName('a')]);
    await settled();
    expect(client.payloads).toEqual(['1', '2', '3']);
  });

  it('get all of a giant entry over several turns, and in order; who fails harms nobody', async () => {
    const topic = pulsar.make('a');
    const clients = Array.from({ length: 600 }, (_, at) => new TestSubscriber(`c${at}`));
    clients[0]!.throws = true;
    for (const client of clients) await subscribe(client, 'a', { qos: 0 });
    const payloads = Array.from({ length: 50 }, (_, at) => String(at));
    topic.add(...payloads.map((payload) => message('a', payload)));
    topic.add(message('a', 'last'));
    expect(clients[1]!.got.length).toBeLessThan(50);
    await settled();
    await settled();
    for (const client of clients.slice(1)) expect(client.payloads).toEqual([...payloads, 'last']);
  });

  it('take 10,000 filters of one client', async () => {
    const topic = pulsar.make('a');
    const client = new TestSubscriber('c');
    const waiting = Array.from({ length: 10_000 }, (_, at) => subscribe(client, `a/${at}/+`));
    await Promise.all(waiting);
    topic.add(message('a/9999/x'), message('a/10000/x'));
    expect(client.payloads).toEqual(['a/9999/x']);
    expect(topic.opened).toBe(1);
    tails.drop(testTenant, client);
    expect(tails.subscriptions(testTenant.name)).toBe(0);
  });
});
