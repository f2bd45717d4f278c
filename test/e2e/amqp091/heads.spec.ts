// What becomes of messages that no consumer takes: dead letters, messages that expire, queues that are full.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type BasicProperties,
  decodeBasicProperties,
  decodeFieldTable,
  fieldOf,
  fieldText,
  type FieldTable,
} from '#libs/amqp091-codec';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { until } from '../../support/until.js';

const setUpTimeoutMs = 120_000;
let gateway: TestGateway;
let wire: Amqp091Wire;

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' } },
  });
  wire = await openAmqp091Wire(gateway.amqp.tcp);
  await wire.open();
  await wire.openChannel();
  await wire.confirms();
}, setUpTimeoutMs);

afterAll(async () => {
  await wire?.close();
  await gateway?.stop();
}, setUpTimeoutMs);

const declare = (...queue: Parameters<Amqp091Wire['declare']>) => wire.declare(...queue);

const ready = async (queue: string) => (await declare(queue, {}, { passive: true })).messageCount;

function publish(queue: string, body: string, properties: BasicProperties = {}): void {
  wire.publish('', queue, body, properties);
}

/** Each by itself, so that each has its answer. */
async function store(queue: string, bodies: readonly string[], properties: BasicProperties = {}) {
  const answers: string[] = [];
  for (const body of bodies) {
    publish(queue, body, properties);
    answers.push((await wire.firstOf('basic.ack', 'basic.nack')).name);
  }
  return answers;
}

async function get(queue: string, noAck = true) {
  wire.send({ name: 'basic.get', queue, noAck });
  const found = await wire.firstOf('basic.get-ok', 'basic.get-empty');
  return found.name === 'basic.get-ok' ? found : undefined;
}

/** The first message that comes to the queue. */
async function arrived(queue: string) {
  await until(async () => (await ready(queue)) > 0);
  const found = await get(queue);
  if (found === undefined) throw new Error('somebody else got it');
  const properties = decodeBasicProperties(found.properties);
  const headers = properties.headers === undefined ? [] : decodeFieldTable(properties.headers);
  return { ...found, text: found.body.toString(), basic: properties, headers };
}

/** The tables of `x-death`: queue, reason and count. */
function deathsOf(headers: FieldTable): string[] {
  const field = fieldOf(headers, 'x-death');
  if (field?.tag !== 'A') return [];
  return field.value.map((each) => {
    const table = each.tag === 'F' ? each.value : [];
    const count = fieldOf(table, 'count');
    const text = (name: string) => fieldText(fieldOf(table, name));
    return `${text('queue')} ${text('reason')} ${count?.tag === 'l' ? count.value : '?'}`;
  });
}

const deadTo = (queue: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });

describe('a dead letter', () => {
  it('is what a client rejected, with how often, and goes nowhere without an exchange', async () => {
    await declare('graves');
    await declare('work', { ...deadTo('graves') });
    await declare('nowhere', { 'x-dead-letter-exchange': 'absent' });
    await store('work', ['bad'], { messageId: 'm1', expiration: '60000' });
    const bad = await get('work', false);
    wire.send({ name: 'basic.reject', deliveryTag: bad!.deliveryTag, requeue: false });
    const letter = await arrived('graves');
    expect(letter).toMatchObject({ text: 'bad', exchange: '', routingKey: 'graves', redelivered: false });
    expect([letter.basic.messageId, letter.basic.expiration]).toEqual(['m1', undefined]);
    expect(deathsOf(letter.headers)).toEqual(['work rejected 1']);
    expect(await ready('work')).toBe(0);
    await store('nowhere', ['gone']);
    const gone = await get('nowhere', false);
    wire.send({ name: 'basic.reject', deliveryTag: gone!.deliveryTag, requeue: false });
    await until(async () => (await get('nowhere', false)) === undefined);
  });

  it('is what was delivered too often, whose deliveries a quorum queue counts', async () => {
    await declare('too-often');
    await declare('limited', { 'x-queue-type': 'quorum', 'x-delivery-limit': 2, ...deadTo('too-often') });
    await store('limited', ['poison']);
    const counts: unknown[] = [];
    for (let at = 0; at < 3; at++) {
      const given = await get('limited', false);
      const { headers } = decodeBasicProperties(given!.properties);
      counts.push(headers && fieldOf(decodeFieldTable(headers), 'x-delivery-count'));
      wire.send({ name: 'basic.nack', deliveryTag: given!.deliveryTag, multiple: false, requeue: true });
    }
    expect(counts).toEqual([undefined, { tag: 'l', value: 1n }, { tag: 'l', value: 2n }]);
    const letter = await arrived('too-often');
    expect(deathsOf(letter.headers)).toEqual(['limited delivery_limit 1']);
    expect(fieldOf(letter.headers, 'x-delivery-count')).toBeUndefined();
  });
});

describe('dead letters of a client that rejects and is gone', () => {
  it('are there once', async () => {
    await declare('once');
    await declare('hasty', { ...deadTo('once') });
    const bodies = Array.from({ length: 50 }, (_, at) => String(at));
    await store('hasty', bodies);
    const client = await openAmqp091Wire(gateway.amqp.tcp);
    await client.open();
    await client.openChannel();
    const consume = { queue: 'hasty', consumerTag: 'c', noLocal: false, noAck: false, exclusive: false };
    await client.call(
      { name: 'basic.consume', ...consume, noWait: false, arguments: Buffer.alloc(0) },
      'basic.consume-ok',
    );
    await client.take('basic.deliver', 50);
    client.send({ name: 'basic.nack', deliveryTag: 50, multiple: true, requeue: false });
    await client.close();
    await until(async () => (await ready('once')) >= 50);
    await until(async () => (await declare('hasty', {}, { passive: true })).consumerCount === 0);
    expect([await ready('once'), await ready('hasty')]).toEqual([50, 0]);
  });
});

describe('a message that ends', () => {
  it('is a dead letter in time and in order where nobody consumes, and what is behind it keeps its place', async () => {
    await declare('ended');
    await declare('retry', { 'x-message-ttl': 400, ...deadTo('ended') });
    const bodies = Array.from({ length: 20 }, (_, at) => String(at));
    await store('retry', bodies);
    const storedAt = Date.now();
    await until(async () => (await ready('ended')) === 20);
    expect(Date.now() - storedAt).toBeLessThan(5_000);
    const given: string[] = [];
    for (let at = 0; at < 20; at++) given.push((await arrived('ended')).text);
    expect(given).toEqual(bodies);
    await store('retry', ['fresh']);
    expect(await arrived('retry')).toMatchObject({ text: 'fresh', redelivered: false });
  });

  it('may say so itself: the shorter time counts, and only at the head', async () => {
    await declare('own-end');
    await declare('own', { ...deadTo('own-end') });
    await store('own', ['later'], { expiration: '1500' });
    await store('own', ['sooner'], { expiration: '100' });
    await store('own', ['never']);
    const letters = [await arrived('own-end'), await arrived('own-end')];
    expect(letters.map(({ text }) => text)).toEqual(['later', 'sooner']);
    expect(deathsOf(letters[1]!.headers)).toEqual(['own expired 1']);
    expect((await arrived('own')).text).toBe('never');
  });
});

describe('a full queue', () => {
  it('loses its oldest messages, by number or by bytes', async () => {
    await declare('overflown');
    await declare('short', { 'x-max-length': 3, ...deadTo('overflown') });
    await store('short', ['a', 'b', 'c', 'd', 'e']);
    await until(async () => (await ready('short')) === 3);
    expect(deathsOf((await arrived('overflown')).headers)).toEqual(['short maxlen 1']);
    expect((await arrived('short')).text).toBe('c');
    await declare('small', { 'x-max-length-bytes': 3_000 });
    await store(
      'small',
      Array.from({ length: 10 }, () => 'x'.repeat(1_000)),
    );
    await until(async () => (await ready('small')) <= 3);
    expect(await ready('small')).toBe(3);
  });

  it.each(['reject-publish', 'reject-publish-dlx'])('takes no more with %s', async (overflow) => {
    await declare(`refused-by-${overflow}`);
    await declare(overflow, {
      'x-max-length': 2,
      'x-overflow': overflow,
      ...deadTo(`refused-by-${overflow}`),
    });
    const answers = await store(overflow, ['a', 'b', 'c']);
    expect(answers).toEqual(['basic.ack', 'basic.ack', 'basic.nack']);
    expect(await ready(`refused-by-${overflow}`)).toBe(overflow === 'reject-publish' ? 0 : 1);
    expect((await arrived(overflow)).text).toBe('a');
    await until(async () => (await store(overflow, ['d']))[0] === 'basic.ack');
  });
});

describe('a purge', () => {
  it('leaves what consumers have', async () => {
    await declare('purged-ready');
    await store('purged-ready', ['held', 'a', 'b', 'c']);
    const held = await get('purged-ready', false);
    const purge = { name: 'queue.purge', queue: 'purged-ready', noWait: false } as const;
    expect(await wire.call(purge, 'queue.purge-ok')).toMatchObject({ messageCount: 3 });
    expect(await ready('purged-ready')).toBe(0);
    wire.send({ name: 'basic.nack', deliveryTag: held!.deliveryTag, multiple: false, requeue: true });
    expect(await arrived('purged-ready')).toMatchObject({ text: 'held', redelivered: true });
    expect(await get('purged-ready')).toBeUndefined();
  });
});
