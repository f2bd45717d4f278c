import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PulsarError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { FakePulsar, FakeReading, fullName, settled, testTenant } from '../testing/fake-topics.js';
import { type FollowedFilter, MatchedTopics } from './matched-topics.js';
import { until } from '../testing/feed-bed.js';

let pulsar: FakePulsar;
let reading: FakeReading;
let topics: MatchedTopics;

beforeEach(() => {
  pulsar = new FakePulsar();
  reading = new FakeReading();
  topics = new MatchedTopics({ pulsar, reading, log: silentLog, pollMs: 10, lingerMs: 10 });
});

afterEach(() => topics.close());

async function follow(filter: string): Promise<{ told: string[]; followed: FollowedFilter }> {
  const told: string[] = [];
  const followed = await topics.follow(testTenant, filter, {
    onAdded: (partition, isNew) => told.push(`${isNew ? 'new' : 'there'} ${partition.split('/').at(-1)}`),
    onRemoved: (partition) => told.push(`gone ${partition.split('/').at(-1)}`),
  });
  return { told, followed };
}

describe('the topics that a filter can match', () => {
  it('are all partitions of its topic, as they come and go', async () => {
    pulsar.make('a-partition-0');
    pulsar.make('b');
    const { told, followed } = await follow('a/#');
    const late = await follow('c');
    pulsar.make('a-partition-1');
    pulsar.make('c');
    pulsar.make('a/b');
    pulsar.delete('a-partition-0');
    pulsar.make('a-partition-0');
    expect(told).toEqual([
      'there a-partition-0',
      'new a-partition-1',
      'gone a-partition-0',
      'new a-partition-0',
    ]);
    expect([...followed.partitions].length).toBe(2);
    expect(late.told).toEqual(['new c']);
    followed.close();
    pulsar.delete('a-partition-0');
    expect(told.length).toBe(4);
  });

  it("are, for one that begins with a wildcard, those that are MQTT's", async () => {
    for (const name of ['a', 'b', 'orders', '__change_events']) pulsar.make(name);
    reading.ofMqtt.add('a').add('b').add('later');
    const literal = await follow('orders/1');
    expect(reading.asked).toBe(0);
    const { told } = await follow('+/x');
    expect(told).toEqual(['there a', 'there b']);
    expect(reading.asked).toBe(3);
    await follow('#');
    expect(reading.asked).toBe(3);
    pulsar.make('kafka');
    pulsar.make('later');
    await settled();
    expect(told.slice(2)).toEqual(['new later']);
    reading.becomes('orders');
    reading.becomes('orders');
    expect(told.slice(3)).toEqual(['there orders']);
    expect(literal.told).toEqual(['there orders']);
  });

  it('are new ones however it is heard whose they are, and asked about until that is known', async () => {
    const { told } = await follow('#');
    const answer = Promise.withResolvers<void>();
    reading.answers = answer.promise;
    pulsar.make('announced');
    reading.becomes('announced');
    expect(told).toEqual(['new announced']);
    answer.resolve();
    reading.absent.add('late');
    reading.ofMqtt.add('late');
    pulsar.make('late');
    await settled();
    expect(told.slice(1)).toEqual([]);
    const other = await follow('+/x');
    expect(other.told).toEqual(['there announced']);
    reading.absent.clear();
    await until(() => told.length > 1 && other.told.length > 1);
    expect([told.slice(1), other.told.slice(1)]).toEqual([['new late'], ['new late']]);
  });

  it('are found by looking again where brokers do not tell', async () => {
    pulsar.watchers = false;
    pulsar.make('a');
    const { told } = await follow('a');
    const other = await follow('b');
    pulsar.make('b');
    pulsar.delete('a');
    await until(() => told.length === 2 && other.told.length === 1);
    expect([told, other.told]).toEqual([['there a', 'gone a'], ['new b']]);
  });

  it('are asked for again after a fault, and after nobody wanted to know for a while', async () => {
    pulsar.refuses = new PulsarError('Disconnected', 'away');
    await expect(follow('a')).rejects.toMatchObject({ code: 'Disconnected' });
    pulsar.refuses = undefined;
    const first = await follow('a');
    first.followed.close();
    await until(() => pulsar.watched === undefined);
    expect(pulsar.watched).toBeUndefined();
    pulsar.topics.set(fullName('a'), pulsar.make('other'));
    expect((await follow('a')).told).toEqual(['there a']);
  });
});
