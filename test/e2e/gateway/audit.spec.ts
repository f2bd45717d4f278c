// Who came, what was denied and what was changed, over every protocol: in the log, and in a Pulsar topic.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openAmqp091Wire } from '../../support/amqp091-wire.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { startGateway, type TestGateway } from '../../support/gateway.js';
import { GatewayReload } from '../../support/gateway-reload.js';
import { TestMqttClient } from '../../support/mqtt-client.js';
import { createPulsarNamespace, testPulsar } from '../../support/pulsar.js';
import { oracleRead } from '../../support/pulsar-oracle.js';
import { KafkaClients, kafkaErrorOf, plain, until } from './gateway-fixture.js';

const token = 'a-token-that-nobody-guesses';
const password = 'secret-of-acme';
const user = { username: 'acme/app', password };
const clients = new KafkaClients();
let gateway: TestGateway;
let reload: GatewayReload;
let topic: string;

const rule = (effect: string, actions: readonly string[], type: string, match: string, name: string) => ({
  ...{ effect, principals: ['user:app'], actions, resource: { type, match, name } },
});

beforeAll(async () => {
  const namespace = await createPulsarNamespace('audit');
  topic = `persistent://${namespace}/trail-${randomBytes(3).toString('hex')}`;
  gateway = await startGateway({
    tenants: [
      {
        ...{ name: 'acme', users: [{ name: 'app', password }] },
        permissions: [
          rule('allow', ['*'], '*', 'pattern', '*'),
          rule('deny', ['produce', 'consume'], 'topic', 'prefix', 'secret'),
          rule('deny', ['produce', 'consume'], 'queue', 'prefix', 'secret'),
          rule('deny', ['produce', 'consume'], 'mqtt-topic', 'filter', 'secret/#'),
        ],
      },
    ],
    ...{ mqtt: {}, amqp: true },
    config: { admin: { token }, audit: { topic } as never, authentication: { failureFloorMs: 1 } },
  });
  reload = new GatewayReload(gateway, token);
}, 90_000);

afterAll(async () => {
  await clients.disconnect();
  await gateway?.stop();
});

type Line = Record<string, unknown>;

async function recorded(what: Line): Promise<Line> {
  let found: Line | undefined;
  await until(`there is ${JSON.stringify(what)}`, async () => {
    found = reload.events('audit').find((line) => expect.objectContaining(what).asymmetricMatch(line));
    return found !== undefined;
  });
  return found!;
}

describe('the audit', () => {
  it('has who came, and who was sent away', async () => {
    const admin = await clients.admin(gateway.kafka, plain('acme/app', password));
    await admin.createTopics({ topics: [{ topic: 'orders' }, { topic: 'secret' }] });
    const came = {
      kind: 'login',
      outcome: 'allowed',
      tenant: 'acme',
      user: 'app',
      remoteAddress: '127.0.0.1',
    };
    expect(await recorded({ ...came, listener: 'kafka' })).toMatchObject({ action: 'password' });
    for (let count = 0; count < 3; count++) {
      await kafkaErrorOf(clients.admin(gateway.kafka, plain('acme/app', `wrong-${password}`)));
    }
    const sentAway = { kind: 'login', outcome: 'denied', user: 'acme/app', reason: 'bad-credentials' };
    await recorded({ ...sentAway, listener: 'kafka' });
    expect(await recorded({ ...sentAway, count: expect.any(Number) })).toBeDefined();
  });

  it.each([
    ['kafka', 'topic', 'secret', 'produce'],
    ['mqtt', 'mqtt-topic', 'secret/1', 'produce'],
    ['amqp', 'topic', 'secret', 'produce'],
    ['amqp091', 'queue', 'secret', 'produce'],
  ])('has what %s clients were denied, and by which permission', async (protocol, type, name, action) => {
    if (protocol === 'kafka') {
      const producer = await clients.producer(gateway.kafka, plain('acme/app', password));
      await kafkaErrorOf(producer.send({ topic: 'secret', messages: [{ value: 'v' }] }));
    } else if (protocol === 'mqtt') {
      const device = await TestMqttClient.connect(gateway, { ...user, clientId: 'device' });
      await expect(device.client.publishAsync('secret/1', 'v', { qos: 1 })).rejects.toThrow();
      await device.end(true);
    } else if (protocol === 'amqp') {
      const wire = await openAmqpWire(gateway.amqp.tcp);
      await wire.open({ user: user.username, password, containerId: 'c' });
      await wire.begin();
      await wire.attachSender('/topics/secret', { name: 'link' });
      wire.cut();
    } else {
      const wire = await openAmqp091Wire(gateway.amqp.tcp);
      await wire.open({ user: user.username, password });
      await wire.openChannel();
      wire.publish('', 'secret', 'v');
      await wire.next('channel.close');
      wire.cut();
    }
    const what = {
      kind: 'access',
      outcome: 'denied',
      tenant: 'acme',
      user: 'app',
      action,
      resource: { type, name },
    };
    const line = await recorded({ ...what, rule: expect.stringMatching(/^deny user:app produce, consume /) });
    expect(line).toMatchObject({ remoteAddress: '127.0.0.1', listener: expect.any(String) });
  });

  it('has what was changed for all, and by whom', async () => {
    const changed = {
      kind: 'change',
      outcome: 'allowed',
      tenant: 'acme',
      user: 'app',
      remoteAddress: '127.0.0.1',
    };
    await recorded({ ...changed, action: 'topic.create', resource: { type: 'topic', name: 'orders' } });
    const wire = await openAmqp091Wire(gateway.amqp.tcp);
    await wire.open({ user: user.username, password });
    await wire.openChannel();
    const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: false };
    const none = Buffer.alloc(0);
    await wire.call({ name: 'queue.declare', queue: 'jobs', ...flags, arguments: none }, 'queue.declare-ok');
    await recorded({ ...changed, action: 'queue.create', resource: { type: 'queue', name: 'jobs' } });
    wire.cut();
    expect((await reload.put('{}', { authorization: 'Bearer wrong' })).status).toBe(401);
    await recorded({ kind: 'access', outcome: 'denied', action: 'config.reload', listener: 'admin' });
    (reload.tenant('acme').permissions as unknown[]).pop();
    expect((await reload.put()).status).toBe(200);
    await recorded({ kind: 'change', outcome: 'allowed', action: 'config.reload', reason: 'http' });
    await recorded({ kind: 'change', action: 'tenant.change permissions', tenant: 'acme' });
    expect((await reload.put('tenants: 7')).status).toBe(400);
    await recorded({ kind: 'change', outcome: 'failed', action: 'config.reload' });
  });

  it('is in the topic as it is in the log, without any secret', async () => {
    const logged = reload.events('audit');
    const stored = await oracleRead(testPulsar.serviceUrl, topic, logged.length);
    const entries = stored.map(
      ({ valueBase64 }) => JSON.parse(Buffer.from(valueBase64!, 'base64').toString()) as Line,
    );
    expect(entries.map(({ kind, action }) => `${kind} ${action}`).sort()).toEqual(
      logged.map(({ kind, action }) => `${kind} ${action}`).sort(),
    );
    expect(entries[0]).toMatchObject({ time: expect.stringMatching(/^20.*Z$/), gateway: {} });
    expect(JSON.stringify(entries) + gateway.log()).not.toMatch(/secret-of-acme|a-token-that/);
  });
});
