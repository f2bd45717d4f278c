// Queues that clients of two gateways use at once: who may consume, who is counted, who hears what, and what is left of a gateway that is killed.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FieldTable } from '#libs/amqp091-codec';
import { basicConsume, type Rest } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const gateways: TestGateway[] = [];
const wires: Amqp091Wire[] = [];
let namespace: string;

const alice = { name: 'alice', password: 'secret-of-alice' };
const bob = { name: 'bob', password: 'secret-of-bob' };

beforeAll(async () => {
  namespace = await createPulsarNamespace('acme');
  const stateNamespace = `public/pulsegate-two091-${randomBytes(4).toString('hex')}`;
  const options = {
    tenants: [
      {
        ...{ name: 'acme', namespace, permissions: [allowAll] },
        users: [alice, bob],
      },
    ],
    amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' } },
    config: { cluster: { stateNamespace, memberTimeoutMs: 1_000 } },
    stateNamespace,
  };
  gateways.push(...(await Promise.all([startGateway(options), startGateway(options)])));
}, setUpTimeoutMs);

afterAll(async () => {
  for (const wire of wires) wire.cut();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
}, setUpTimeoutMs);

async function opened(at: number, settings: object = {}): Promise<Amqp091Wire> {
  const wire = await openAmqp091Wire(gateways[at]!.amqp.tcp);
  wires.push(wire);
  await wire.open(settings);
  await wire.openChannel();
  return wire;
}

const consume = (wire: Amqp091Wire, queue: string, rest: Rest<'basic.consume'> = {}) =>
  wire.consume(queue, { consumerTag: queue, ...rest });

const single: FieldTable = [['x-single-active-consumer', { tag: 't', value: true }]];
/** Each is kept by one of the gateways: of so many, not all by the same. */
const several = ['a', 'b', 'c', 'd', 'e', 'f'];
const passive = { passive: true };

/** Whether it can be declared passively, by a channel of its own. */
async function isThere(at: number, queue: string): Promise<boolean> {
  const wire = await opened(at);
  const answer = await wire.declare(queue, [], passive).then(
    () => true,
    (error: Error) => !/40[34]/.test(error.message),
  );
  wire.cut();
  return answer;
}

async function until(isSo: () => Promise<boolean>, everyMs = 50): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('it did not come about');
    await pause(everyMs);
  }
}

describe('clients of two gateways', () => {
  it('have a queue for themselves only where nobody at the other gateway consumes it', async () => {
    const [one, other] = await Promise.all([opened(0), opened(1)]);
    for (const each of several) {
      const queue = `alone-${each}`;
      await one.declare(queue);
      await consume(one, queue, { exclusive: true });
      await other.openChannel(2);
      other.send(basicConsume(queue), 2);
      expect(await other.first('channel.close')).toMatchObject({
        ...{ replyCode: 403, replyText: `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use` },
      });
      other.send({ name: 'channel.close-ok' }, 2);
      await one.call({ name: 'basic.cancel', consumerTag: queue, noWait: false }, 'basic.cancel-ok');
      await consume(other, queue, { exclusive: true });
    }
  }, 30_000);

  it('are one after the other the active one, and get what the one before had, in order', async () => {
    const [one, other] = await Promise.all([opened(0), opened(1)]);
    for (const wire of [one, other]) {
      await wire.call(
        { name: 'basic.qos', prefetchSize: 0, prefetchCount: 5, global: false },
        'basic.qos-ok',
      );
    }
    for (const each of several) {
      await one.declare(`next-${each}`, single);
      await consume(one, `next-${each}`);
      await consume(other, `next-${each}`);
      for (let at = 0; at < 10; at++) one.publish('', `next-${each}`, String(at));
    }
    const tags = new Set<string>();
    while (tags.size < several.length) tags.add((await one.first('basic.deliver')).consumerTag);
    expect(other.has('basic.deliver')).toBe(false);
    one.cut();
    const got = new Map<string, string[]>();
    for (let at = 0; at < 5 * several.length; at++) {
      const { consumerTag, body } = await other.first('basic.deliver');
      got.set(consumerTag, [...(got.get(consumerTag) ?? []), body.toString()]);
    }
    const inOrder = ['0', '1', '2', '3', '4'];
    expect([...got].sort()).toEqual(several.map((each) => [`next-${each}`, inOrder]));
  }, 30_000);

  it('are all counted, and keep a queue from being deleted that is in use', async () => {
    const [one, other] = await Promise.all([opened(0), opened(1)]);
    for (const each of several) {
      const queue = `counted-${each}`;
      await one.declare(queue, each < 'd' ? single : []);
      await consume(one, queue);
      await consume(other, queue);
      for (const wire of [one, other]) {
        expect(await wire.declare(queue, [], passive)).toMatchObject({ consumerCount: 2 });
      }
      await other.openChannel(2);
      other.send({ name: 'queue.delete', queue, ifUnused: true, ifEmpty: false, noWait: false }, 2);
      const replyText = `PRECONDITION_FAILED - queue '${queue}' in vhost '/' in use`;
      expect(await other.first('channel.close')).toMatchObject({ replyCode: 406, replyText });
      other.send({ name: 'channel.close-ok' }, 2);
    }
    await one.call(
      { name: 'queue.delete', queue: 'counted-a', ifUnused: false, ifEmpty: false, noWait: false },
      'queue.delete-ok',
    );
    for (const wire of [one, other]) {
      expect(await wire.first('basic.cancel')).toMatchObject({ consumerTag: 'counted-a' });
    }
    expect(await isThere(1, 'counted-a')).toBe(false);
  }, 30_000);

  it('take an auto-delete queue with them, and an exclusive one; one that expires goes when nobody uses it', async () => {
    const [one, other] = await Promise.all([opened(0), opened(1)]);
    const expires: FieldTable = [['x-expires', { tag: 'I', value: 600 }]];
    for (const each of several.slice(0, 2)) {
      await one.declare(`auto-${each}`, [], { autoDelete: true });
      await one.declare(`own-${each}`, [], { durable: false, exclusive: true });
      await one.declare(`expires-${each}`, expires);
      await one.declare(`used-${each}`, expires);
      await consume(one, `auto-${each}`);
      await consume(other, `auto-${each}`);
      await consume(other, `used-${each}`);
    }
    one.cut();
    for (const each of several.slice(0, 2)) {
      await until(async () => !(await isThere(1, `own-${each}`)));
      // To ask for it is to use it.
      await until(async () => !(await isThere(0, `expires-${each}`)), 1_500);
      expect([await isThere(0, `auto-${each}`), await isThere(0, `used-${each}`)]).toEqual([true, true]);
    }
    other.cut();
    for (const each of several.slice(0, 2)) {
      await until(async () => !(await isThere(0, `auto-${each}`)));
      await until(async () => !(await isThere(1, `used-${each}`)), 1_500);
    }
  }, 40_000);
});

describe('a consumer whose permission is taken away', () => {
  it('hears that it is cancelled, or its channel is closed, within a second', async () => {
    const admin = await opened(0, { user: alice.name, password: alice.password });
    await admin.declare('secrets');
    const user = { user: bob.name, password: bob.password };
    const [knowing, other] = await Promise.all([
      opened(0, user),
      opened(0, { ...user, capabilities: ['basic.nack'] }),
    ]);
    await consume(knowing, 'secrets');
    await consume(other, 'secrets');
    const { configFile, pid } = gateways[0]!;
    const before = readFileSync(configFile, 'utf8');
    const config = JSON.parse(before);
    config.tenants[0].permissions = [{ ...allowAll, principals: ['user:alice'] }];
    writeFileSync(configFile, JSON.stringify(config));
    process.kill(pid, 'SIGHUP');
    expect(await knowing.first('basic.cancel')).toMatchObject({ consumerTag: 'secrets' });
    const replyText = "ACCESS_REFUSED - read access to queue 'secrets' in vhost '/' refused for user 'bob'";
    expect(await other.first('channel.close')).toMatchObject({ replyCode: 403, replyText });
    expect(await admin.declare('secrets', [], passive)).toMatchObject({ consumerCount: 0 });
    writeFileSync(configFile, before);
    process.kill(pid, 'SIGHUP');
    await until(async () => isThere(0, 'secrets'));
  }, 30_000);
});

describe('when a gateway is killed', () => {
  it('the consumers that wait at the other one are active, of queues that either had kept', async () => {
    const [one, other] = await Promise.all([opened(0), opened(1)]);
    for (const each of several) {
      await one.declare(`left-${each}`, single);
      await consume(one, `left-${each}`);
      await consume(other, `left-${each}`);
      other.publish('', `left-${each}`, each);
    }
    const tags = new Set<string>();
    while (tags.size < several.length) tags.add((await one.first('basic.deliver')).consumerTag);
    await gateways[0]!.kill();
    const left = new Map<string, boolean>();
    while (left.size < several.length) {
      const { consumerTag, redelivered } = await other.first('basic.deliver');
      left.set(consumerTag, redelivered);
    }
    expect([...left.values()]).toEqual(several.map(() => true));
    const more = await opened(1);
    for (const each of several) {
      await consume(more, `left-${each}`);
      expect(await more.declare(`left-${each}`, [], passive)).toMatchObject({ consumerCount: 2 });
    }
  }, 40_000);
});
