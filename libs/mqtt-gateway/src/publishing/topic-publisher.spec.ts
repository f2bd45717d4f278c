import { PublishBudget, TurnEnd, FakeProducer } from '#libs/pulsar';
import { describe, expect, it } from '@jest/globals';
import type { Tenant } from '#libs/tenancy';
import { clientFields, topicFields } from '../mapping/message.mapping.js';
import { MqttError } from '../mqtt.errors.js';
import type { MqttTopic } from './mqtt-topic.js';
import { TopicPublisher } from './topic-publisher.js';

const tenant = { name: 'acme' } as Tenant;
const fields = { ofTopic: topicFields('a/1', { topic: 'a', key: 'a/1' }), ofClient: clientFields('c') };
const turn = () => new Promise((resolve) => setImmediate(resolve));

function topicOf(partitions: number, compacted = false): MqttTopic {
  const names = Array.from({ length: partitions }, (_, at) => `a-partition-${at}`);
  return { name: 'a', pulsarTopic: 'a', partitions: names, marked: true, ofMqtt: true, compacted };
}

class Bed {
  readonly producers = new Map<string, FakeProducer>();
  readonly outcomes: string[] = [];
  readonly budget = new PublishBudget(1 << 20);
  asked = 0;
  forgotten = 0;
  topic: MqttTopic | MqttError = topicOf(1);
  readonly publisher = new TopicPublisher(tenant, 'a', this.budget, {
    partitionBytesMax: 1 << 20,
    publishTimeoutMs: 1_000,
    schedule: new TurnEnd().schedule,
    topic: async () => {
      this.asked++;
      if (this.topic instanceof MqttError) throw this.topic;
      return this.topic;
    },
    open: async (_tenant, partition) => {
      const producer = new FakeProducer();
      this.producers.set(partition, producer);
      return producer.producer;
    },
    onStored() {},
    forget: () => void this.forgotten++,
    onThrown() {},
  });

  publish(payload: string, hash = 0): void {
    const bytes = Buffer.from(payload);
    const request = { tenant, topic: 'a/1', payload: bytes, qos: 1, retain: false, clientId: 'c' } as const;
    const whole = { ...request, properties: {}, messageExpiryIntervalSeconds: undefined };
    this.publisher.publish(whole, fields, hash, 1, 100 + bytes.length, (error) => {
      this.outcomes.push(`${payload} ${error?.reasonName ?? 'stored'}`);
    });
    // The socket's memory is used again at once.
    bytes.fill('!');
  }

  payloadsOf(partition: number): string[] {
    return this.producers.get(`a-partition-${partition}`)?.payloads.flat() ?? [];
  }
}

const settled = async () => {
  for (let turns = 0; turns < 4; turns++) await turn();
};

describe('a Pulsar topic that MQTT clients publish to', () => {
  it('is looked up once for the first messages, which keep their order', async () => {
    const bed = new Bed();
    for (const payload of ['a', 'b', 'c']) bed.publish(payload);
    await settled();
    bed.publish('d');
    bed.producers.get('a-partition-0')!.settle();
    await settled();
    expect(bed.payloadsOf(0)).toEqual(['a', 'b', 'c', 'd']);
    expect(bed.asked).toBe(1);
  });

  it('that cannot be had refuses what waits, and for a moment what comes without asking again', async () => {
    const bed = new Bed();
    bed.topic = new MqttError(0x97, 'too many');
    bed.publish('a');
    await settled();
    bed.publish('b');
    await settled();
    expect(bed.outcomes).toEqual(['a quota-exceeded', 'b quota-exceeded']);
    expect([bed.asked, bed.budget.bytes, bed.publisher.idle]).toEqual([1, 0, true]);
  });

  it('has each key on one partition, and more of them when it has grown', async () => {
    const bed = new Bed();
    bed.topic = topicOf(2);
    for (const [payload, hash] of [
      ['a', 2],
      ['b', 3],
      ['c', 7],
    ] as const)
      bed.publish(payload, hash);
    await settled();
    expect([bed.payloadsOf(0), bed.payloadsOf(1)]).toEqual([['a'], ['b', 'c']]);
    bed.topic = topicOf(4);
    await bed.publisher.refresh();
    bed.publish('d', 7);
    await settled();
    expect(bed.payloadsOf(3)).toEqual(['d']);
  });

  it('refuses empty payloads where it is compacted', async () => {
    const bed = new Bed();
    bed.topic = topicOf(1, true);
    bed.publish('');
    bed.publish('a');
    await settled();
    expect(bed.outcomes).toEqual([' payload-format-invalid']);
    expect(bed.payloadsOf(0)).toEqual(['a']);
  });

  it('is looked up again when its producer has ended by itself', async () => {
    const bed = new Bed();
    bed.publish('a');
    await settled();
    bed.producers.get('a-partition-0')!.endByItself();
    expect(bed.outcomes).toEqual(['a implementation-specific-error']);
    bed.publish('b');
    await settled();
    expect([bed.asked, bed.forgotten]).toEqual([2, 1]);
    expect(bed.payloadsOf(0)).toEqual(['b']);
  });

  it('ends with what it has: later messages are refused', async () => {
    const bed = new Bed();
    bed.publish('a');
    const ended = bed.publisher.end();
    bed.publish('b');
    await ended;
    expect(bed.outcomes).toEqual(['a server-shutting-down', 'b server-shutting-down']);
    expect([bed.publisher.hasEnded, bed.budget.bytes]).toEqual([true, 0]);
  });
});
