// Heads of queues that one of two gateways keeps: publishers at the other, and retry queues whose keeper is killed while it moves what has ended.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { basicPublish } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
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

it(
  'refuses what a full queue has no room for, whoever keeps it',
  async () => {
    await wire.openChannel(2);
    await wire.confirms(2);
    for (let at = 0; at < 4; at++) {
      await wire.declare(`full-${at}`, { 'x-max-length': 5, 'x-overflow': 'reject-publish' });
      let answer = '';
      for (let sent = 0; answer !== 'basic.nack'; sent++) {
        wire.sendContent(basicPublish('', `full-${at}`), String(sent), {}, 2);
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
    await wire.declare('done', {});
    const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'done' };
    for (let at = 0; at < queueCount; at++)
      await wire.declare(`retry-${at}`, { 'x-message-ttl': 1_000, ...dead });
    await wire.consume('done', { noAck: true });
    await wire.confirms();
    const moved = new Set<string>();
    const movedUntil = async (isSo: () => boolean) => {
      while (!isSo()) moved.add((await wire.first('basic.deliver')).body.toString());
    };
    for (let at = 0; at < messageCount; at++) {
      wire.publish('', `retry-${at % queueCount}`, String(at));
      if (at % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await movedUntil(() => moved.size > messageCount / 5);
    await gateways[0]!.kill();
    expect(moved.size).toBeLessThan(messageCount);
    await movedUntil(() => moved.size === messageCount);
  },
  timeoutMs,
);
