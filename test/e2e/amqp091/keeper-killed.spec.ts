// Heads of queues that one of two gateways keeps: publishers at the other, and retry queues whose keeper is killed while it moves what has ended.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Amqp091Method, encodeFieldTable } from '#libs/amqp091-codec';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';

const timeoutMs = 60_000;
/** So many that both gateways keep some. */
const queueCount = 8;
const messageCount = 2_000;
let gateways: TestGateway[] = [];
let wire: Amqp091Wire;

beforeAll(async () => {
  const stateNamespace = `public/pulsegate-heads-${randomBytes(4).toString('hex')}`;
  const options = {
    tenants: [{ name: 'acme', namespace: await createPulsarNamespace('acme'), permissions: [allowAll] }],
    stateNamespace,
    amqp: { listener: { anonymousTenant: 'acme' } },
    config: { cluster: { stateNamespace, memberTimeoutMs: 2_000 } },
  };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
  wire = await openAmqp091Wire(gateways[1]!.amqp.tcp);
  await wire.open();
  await wire.openChannel();
}, timeoutMs);

afterAll(async () => {
  wire?.cut();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
}, timeoutMs);

async function declare(queue: string, settings: Readonly<Record<string, string | number>>): Promise<void> {
  const fields = Object.entries(settings).map(
    ([name, value]) =>
      [
        name,
        typeof value === 'number'
          ? ({ tag: 'I', value } as const)
          : ({ tag: 'S', value: Buffer.from(value) } as const),
      ] as const,
  );
  const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: false };
  await wire.call(
    { name: 'queue.declare', queue, ...flags, arguments: encodeFieldTable(fields) },
    'queue.declare-ok',
  );
}

it(
  'refuses what a full queue has no room for, whoever keeps it',
  async () => {
    await wire.openChannel(2);
    await wire.call({ name: 'confirm.select', noWait: false }, 'confirm.select-ok', 2);
    for (let at = 0; at < 4; at++) {
      await declare(`full-${at}`, { 'x-max-length': 5, 'x-overflow': 'reject-publish' });
      const method = { exchange: '', routingKey: `full-${at}`, mandatory: false, immediate: false };
      let answer = '';
      for (let sent = 0; answer !== 'basic.nack'; sent++) {
        wire.sendContent({ name: 'basic.publish', ...method }, String(sent), {}, 2);
        answer = (await wire.firstOf('basic.ack', 'basic.nack')).name;
        if (answer === 'basic.nack') expect(sent).toBeGreaterThanOrEqual(5);
      }
    }
  },
  timeoutMs,
);

it(
  'moves all that has ended, whoever keeps the queue',
  async () => {
    await declare('done', {});
    const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'done' };
    for (let at = 0; at < queueCount; at++) await declare(`retry-${at}`, { 'x-message-ttl': 1_000, ...dead });
    const consume = { queue: 'done', consumerTag: 'c', noLocal: false, noAck: true, exclusive: false };
    await wire.call(
      { name: 'basic.consume', ...consume, noWait: false, arguments: Buffer.alloc(0) } as Amqp091Method,
      'basic.consume-ok',
    );
    await wire.call({ name: 'confirm.select', noWait: false }, 'confirm.select-ok');
    const moved = new Set<string>();
    const movedUntil = async (isSo: () => boolean) => {
      while (!isSo()) moved.add((await wire.first('basic.deliver')).body.toString());
    };
    for (let at = 0; at < messageCount; at++) {
      const method = { exchange: '', routingKey: `retry-${at % queueCount}`, mandatory: false };
      wire.sendContent({ name: 'basic.publish', ...method, immediate: false }, String(at));
      if (at % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await movedUntil(() => moved.size > messageCount / 5);
    await gateways[0]!.kill();
    expect(moved.size).toBeLessThan(messageCount);
    await movedUntil(() => moved.size === messageCount);
  },
  timeoutMs,
);
