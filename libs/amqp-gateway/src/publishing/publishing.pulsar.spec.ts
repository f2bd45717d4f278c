import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AmqpScalar,
  encodeDataHead,
  encodeMessageAnnotations,
  encodeProperties,
} from '#libs/amqp-codec';
import { keyHash } from '#libs/pulsar';
import { PublishBed, publish } from '../testing/publish-bed.js';

const bed = new PublishBed('amqp-publish');

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

function data(text: string | Buffer): Buffer {
  const payload = Buffer.from(text as string);
  return Buffer.concat([encodeDataHead(payload.length), payload]);
}

function annotated(name: string, value: AmqpScalar, text: string): Buffer {
  return Buffer.concat([encodeMessageAnnotations(new Map([[name, value]])), data(text)]);
}

describe('a topic', () => {
  it('has in order what a link sent, several messages to an entry, on one partition where they have no key', async () => {
    const target = await bed.target('orders', 3);
    const numbers = Array.from({ length: 500 }, (_, at) => String(at));
    const outcomes = await Promise.all(numbers.map((each) => publish(target, data(each))));
    expect(new Set(outcomes)).toEqual(new Set(['stored']));
    const stats = await Promise.all(
      [0, 1, 2].map((at) => bed.pulsar.admin.stats(bed.pulsarTopic(`orders-partition-${at}`))),
    );
    const at = stats.findIndex(({ msgInCounter }) => msgInCounter > 0);
    const read = await bed.read(bed.pulsarTopic(`orders-partition-${at}`), numbers.length);
    expect(read.map(({ pulsar }) => String(pulsar.value))).toEqual(numbers);
    expect(read.at(-1)?.entry).toBeLessThan(10);
    expect(Buffer.concat([...(read[7]?.amqp?.bare ?? [])])).toEqual(data('7'));
    expect(read[7]?.amqp?.containerId).toBe('c1');
  }, 30_000);

  it("puts keys and groups on the partition that Kafka's default partitioner chooses", async () => {
    const target = await bed.target('rooms', 4);
    const keyed = annotated('x-opt-partition-key', { type: 'string', value: 'foobar' }, 'keyed');
    const grouped = Buffer.concat([
      encodeProperties({ type: 'properties', groupId: 'abc' }),
      data('grouped'),
    ]);
    expect([await publish(target, keyed), await publish(target, grouped)]).toEqual(['stored', 'stored']);
    // kafka-clients: toPositive(murmur2("foobar")) % 4 is 2, of "abc" 3.
    expect([keyHash('foobar') % 4, keyHash('abc') % 4]).toEqual([2, 3]);
    const [ofKey] = await bed.read(bed.pulsarTopic('rooms-partition-2'), 1);
    expect([ofKey?.pulsar.key, String(ofKey?.pulsar.value)]).toEqual(['foobar', 'keyed']);
    const [ofGroup] = await bed.read(bed.pulsarTopic('rooms-partition-3'), 1);
    expect([ofGroup?.pulsar.orderingKey?.toString(), String(ofGroup?.pulsar.value)]).toEqual([
      'abc',
      'grouped',
    ]);
  }, 30_000);
});

describe('a queue', () => {
  it('has each message in an entry of its own, in order, with what brokers choose consumers by', async () => {
    const target = await bed.target('work', 1, { entries: 'single' });
    const numbers = Array.from({ length: 1_500 }, (_, at) => String(at));
    const outcomes = await Promise.all(
      numbers.map((each) =>
        publish(target, annotated('x-opt-partition-key', { type: 'string', value: each }, each)),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['stored']));
    const read = await bed.read(bed.pulsarTopic('work-partition-0'), numbers.length);
    expect(read.map(({ pulsar }) => String(pulsar.value))).toEqual(numbers);
    expect(read.map(({ entry }) => entry)).toEqual(numbers.map(Number));
    expect(read[9]?.pulsar).toMatchObject({ key: '9', batchSize: 1 });
  }, 30_000);

  it('gives out what has a delivery time when it has come, and the rest before', async () => {
    const topic = bed.pulsarTopic('later-partition-0');
    const target = await bed.target('later', 1, { entries: 'batched' });
    const got: { text: string; atMs: number }[] = [];
    let finished = () => {};
    const both = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const consumer = await bed.pulsar.subscribe({
      ...{ topic, tenantKey: 'acme', subscription: 's', type: 'shared', initialPosition: 'earliest' },
      onEntry: (delivery) => {
        got.push({ text: delivery.entry.payload.toString('latin1'), atMs: Date.now() });
        if (got.length === 2) finished();
      },
    });
    const sentMs = Date.now();
    const delayed = annotated('x-opt-delivery-delay', { type: 'uint', value: 1_500 }, 'delayed');
    expect(await Promise.all([publish(target, delayed), publish(target, data('at once'))])).toEqual([
      'stored',
      'stored',
    ]);
    await both;
    await consumer.close();
    expect(got.map(({ text }) => /at once|delayed/.exec(text)?.[0])).toEqual(['at once', 'delayed']);
    // Pulsar's tick gives it up to a second early; sources wait for the rest.
    expect((got[1]?.atMs ?? 0) - sentMs).toBeGreaterThanOrEqual(500);
  }, 30_000);
});

describe('what is refused', () => {
  it('is what is too large, what compaction could not keep, and all of a topic that is not there', async () => {
    const target = await bed.target('refusing', 1);
    expect(await publish(target, data(Buffer.alloc(6_000_000)))).toBe('amqp:link:message-size-exceeded');
    expect(await publish(target, Buffer.from('no message'))).toBe('amqp:decode-error');
    expect(await publish(target, data(Buffer.alloc(900_000)))).toBe('stored');

    const plan = bed.plan('refusing', 1);
    const compacted = await bed.publishers.openTarget({ ...plan, topic: { ...plan.topic, compacted: true } });
    const key = { type: 'string', value: 'k' } as const;
    expect(await publish(compacted, data('v'))).toBe('amqp:not-allowed');
    expect(await publish(compacted, annotated('x-opt-partition-key', key, ''))).toBe('amqp:not-allowed');
    expect(await publish(compacted, annotated('x-opt-partition-key', key, 'v'))).toBe('stored');

    const gone = await bed.publishers.openTarget(bed.plan('gone', 1));
    expect(await publish(gone, data('v'))).toBe('amqp:not-found');
  }, 30_000);
});
