import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantAmqpDefaults } from '#libs/tenancy';
import { accepted, failed, numbers, queueReading, SourceBed } from '../testing/source-bed.js';
import { until } from '../testing/until.js';

const bed = new SourceBed('amqp-dead-letters');

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

async function deadLetters(name: string, count: number) {
  const topic = bed.pulsarTopic(`${name}-pulsegate.queue-DLQ`);
  const isMade = () =>
    bed.pulsar.partitions(topic).then(
      () => true,
      () => false,
    );
  await until(isMade, 'the dead-letter topic');
  const read = await bed.read(`${topic}-partition-0`, count);
  return read.map(({ pulsar }) => ({
    ...pulsar,
    properties: Object.fromEntries(pulsar.properties.map(({ key, value }) => [key, value])),
  }));
}

describe('what nobody takes', () => {
  it('is stored with its origin and the reason before it is acknowledged, and waits in a queue of its own', async () => {
    const partition = await bed.topic('rejected');
    const expiresAt = { key: 'pulsegate.expires-at', value: String(Date.now() + 600_000) };
    await bed.send(partition, {
      value: Buffer.from('bad'),
      key: 'k',
      eventTime: 77,
      properties: [{ key: 'p', value: 'v' }, expiresAt],
    });
    await bed.sendBatch(partition, 'good', 'bad too');
    const receiver = await bed.receive('rejected', queueReading());
    receiver.setCredit(10);
    await until(() => receiver.given.length === 3, 'all messages');
    const error = { type: 'error', condition: 'app:bad', description: 'it hurts', info: undefined } as const;
    expect(await receiver.settle(0, { type: 'rejected', error })).toBeUndefined();
    expect(await receiver.settle(1, accepted)).toBeUndefined();
    expect(await receiver.settle(2, { type: 'rejected' })).toBeUndefined();
    const [first, second] = await deadLetters('rejected', 2);
    expect(first).toMatchObject({ key: 'k', eventTime: 77, value: Buffer.from('bad') });
    expect(first?.properties).toEqual({
      p: 'v',
      REAL_TOPIC: partition,
      REAL_SUBSCRIPTION: 'pulsegate.queue',
      ORIGIN_MESSAGE_ID: expect.stringMatching(/^\d+:0$/),
      'pulsegate.dead-letter.reason': 'rejected',
      'pulsegate.dead-letter.condition': 'app:bad',
      'pulsegate.dead-letter.description': 'it hurts',
      'pulsegate.dead-letter.deliveries': '1',
    });
    expect(second?.value?.toString()).toBe('bad too');
    expect(second?.properties.ORIGIN_MESSAGE_ID).toMatch(/^\d+:1:1$/);
    const { subscriptions } = await bed.pulsar.admin.stats(partition);
    expect(subscriptions['pulsegate.queue']?.msgBacklog).toBe(0);
    const mourner = await bed.receive('rejected-pulsegate.queue-DLQ', queueReading());
    mourner.setCredit(10);
    await until(() => mourner.given.length === 2, 'the dead letters');
    // From there, nothing goes any further.
    expect(await mourner.settle(0, { type: 'rejected' })).toBeUndefined();
    expect([bed.counters.deadLettered, bed.counters.dropped]).toEqual([2, 1]);
  });

  it('is what failed too often, whether a client said so or was lost with it', async () => {
    const partition = await bed.topic('limit');
    await bed.send(partition, 'failing');
    const receiver = await bed.receive('limit', queueReading(), { deliveriesMax: 3 });
    receiver.outcome = failed;
    receiver.setCredit(10);
    const [first] = await deadLetters('limit', 1);
    expect(
      receiver.given.map(({ delivery }) => (delivery as { redeliveries?: number }).redeliveries),
    ).toEqual([0, 1, 2]);
    expect(first?.properties['pulsegate.dead-letter.reason']).toBe('delivery-limit');
    expect(first?.properties['pulsegate.dead-letter.deliveries']).toBe('3');
    await receiver.source.close(false);
    await bed.send(partition, 'deadly');
    for (let lost = 0; lost < 3; lost++) {
      const victim = await bed.receive('limit', queueReading(), { deliveriesMax: 3 });
      victim.setCredit(1);
      await until(() => victim.given.length === 1, 'the deadly message');
      await victim.source.close(false);
    }
    const last = await bed.receive('limit', queueReading(), { deliveriesMax: 3 });
    last.setCredit(1);
    const letters = await deadLetters('limit', 2);
    expect(letters[1]?.value?.toString()).toBe('deadly');
    expect(last.given).toEqual([]);
  });

  it('is an entry that no message can be made of', async () => {
    const partition = await bed.topic('unreadable');
    await bed.sendUnreadable(partition, Buffer.from('no batch'));
    await bed.send(partition, 'readable');
    const receiver = await bed.receive('unreadable', queueReading());
    receiver.setCredit(10);
    const [letter] = await deadLetters('unreadable', 1);
    expect(letter?.value?.toString()).toBe('no batch');
    expect(letter?.properties['pulsegate.dead-letter.reason']).toBe('unreadable');
    await until(() => receiver.given.length === 1, 'the readable one');
    expect(receiver.texts).toEqual(['readable']);
    expect(bed.counters.unreadable).toBe(1);
  });

  it('may be many at once: they are read together', async () => {
    const partition = await bed.topic('many');
    await bed.send(partition, ...numbers(300));
    const receiver = await bed.receive('many', queueReading());
    receiver.outcome = { type: 'rejected' };
    receiver.setCredit(1_000);
    const letters = await deadLetters('many', 300);
    expect(
      letters
        .map(({ value }) => Number(value))
        .sort((a, b) => a - b)
        .map(String),
    ).toEqual(numbers(300));
    const acknowledged = async () => {
      const { subscriptions } = await bed.pulsar.admin.stats(partition);
      return subscriptions['pulsegate.queue']?.msgBacklog === 0;
    };
    await until(acknowledged, 'all to be acknowledged');
  });

  it('is dropped and counted where the tenant has no dead letters', async () => {
    const partition = await bed.topic('dropped');
    await bed.send(partition, 'unwanted');
    const amqp = { ...tenantAmqpDefaults, deadLetters: false };
    const plan = bed.plan('dropped', 1);
    const receiver = await bed.receive('dropped', queueReading(), {
      topic: { ...plan.topic, tenant: { ...bed.tenant, amqp } },
    });
    const before = bed.counters.dropped;
    receiver.setCredit(1);
    await until(() => receiver.given.length === 1, 'the message');
    expect(await receiver.settle(0, { type: 'rejected' })).toBeUndefined();
    expect(bed.counters.dropped - before).toBe(1);
    expect((await bed.pulsar.topicsOfNamespace(bed.tenant.pulsarNamespace)).join()).not.toContain(
      'dropped-pulsegate',
    );
  });
});
