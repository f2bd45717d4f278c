// Another configuration for a gateway that runs: what it changes acts at once, and on nobody else.
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openAmqp091Wire } from '../../support/amqp091-wire.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { GatewayReload } from '../../support/gateway-reload.js';
import { TestMqttClient } from '../../support/mqtt-client.js';
import { KafkaClients, kafkaErrorOf, plain, pulsegate, readiness, until } from './gateway-fixture.js';

const token = 'a-token-that-nobody-guesses';
/** That it is looked for within a second is `permission-watch`'s own spec; the rest is for a machine that others use. */
const heardMsMax = 10_000;
const clients = new KafkaClients();
let gateway: TestGateway;
let reload: GatewayReload;

const kafka = { autoCreateTopics: true };
const tenant = (name: string) => ({
  ...{ name, namespace: `public/reload-${process.pid}-${name}`, kafka, permissions: [allowAll] },
  users: [{ name: 'app', password: `secret-of-${name}` }],
});
const credentials = (name: string) => plain(`${name}/app`, `secret-of-${name}`);
const produces = (name: string) =>
  kafkaErrorOf(
    clients
      .producer(gateway.kafka, credentials(name))
      .then((producer) => producer.send({ topic: 'orders', messages: [{ value: 'v' }] })),
  );
const mqtt = (name: string) =>
  TestMqttClient.connect(gateway, { username: `${name}/app`, password: `secret-of-${name}` });

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme', kafka, permissions: [allowAll] }, tenant('stays')],
    listener: { anonymousTenant: 'acme' },
    mqtt: {},
    amqp: true,
    config: { admin: { token } },
  });
  reload = new GatewayReload(gateway, token);
}, 90_000);

afterAll(async () => {
  await clients.disconnect();
  await gateway?.stop();
});

describe('PUT /api/config', () => {
  it('is for those who have the token', async () => {
    for (const authorization of ['', 'Bearer', `Bearer ${token}x`, `Basic ${token}`, `Bearer ${token} x`]) {
      const { status, body } = await reload.put('{}', { authorization });
      expect([authorization, status, body]).toEqual([
        authorization,
        401,
        { status: 401, error: 'Unauthorized' },
      ]);
    }
    expect((await reload.put('{}', {})).status).toBe(401);
    expect(reload.events('config.refused')).toEqual([]);
  });

  it('adds a tenant, whose namespace is there when it answers', async () => {
    expect(await kafkaErrorOf(clients.admin(gateway.kafka, credentials('one')))).not.toBe('none');
    reload.config.tenants.push(tenant('one'));
    const { status, body } = await reload.put();
    expect([status, body]).toEqual([
      200,
      { added: ['one'], removed: [], changed: [], gateway: [], unserved: [] },
    ]);
    expect(await produces('one')).toBe('none');
    const { body: ready } = await readiness(gateway);
    expect(ready.namespaces.map(({ tenant: name, served }) => [name, served])).toEqual([
      ['acme', true],
      ['stays', true],
      ['one', true],
    ]);
  });

  it('ends all connections of a tenant that it removes, each with its protocol’s word, and no others', async () => {
    const [mine, others] = [await mqtt('one'), await mqtt('stays')];
    const producer = await clients.producer(gateway.kafka, credentials('one'));
    const amqp = await openAmqpWire(gateway.amqp.tcp);
    await amqp.open({ user: 'one/app', password: 'secret-of-one', containerId: 'c' });
    const amqp091 = await openAmqp091Wire(gateway.amqp.tcp);
    await amqp091.open({ user: 'one/app', password: 'secret-of-one' });
    reload.remove('one');
    expect((await reload.put()).body).toMatchObject({ added: [], removed: ['one'], changed: [] });
    expect(await amqp.closeCondition()).toBe('amqp:connection:forced');
    expect(await amqp091.next('connection.close')).toMatchObject({ replyCode: 320, replyText: /removed/ });
    await mine.closed();
    expect(mine.disconnectReason).toBe(0x98);
    expect(await kafkaErrorOf(producer.send({ topic: 'orders', messages: [{ value: 'v' }] }))).not.toBe(
      'none',
    );
    expect(await kafkaErrorOf(clients.admin(gateway.kafka, credentials('one')))).not.toBe('none');
    await others.publish('t/1', ['a']);
    await others.end();
  });

  it('lets a tenant that was removed come again', async () => {
    reload.config.tenants.push(tenant('one'));
    expect((await reload.put()).body.added).toEqual(['one']);
    expect(await produces('one')).toBe('none');
  });

  it('serves a tenant that has another name at once, in the namespace that was good', async () => {
    for (const [from, to] of [
      ['one', 'renamed'],
      ['renamed', 'one'],
    ] as const) {
      reload.remove(from);
      reload.config.tenants.push({ ...tenant(to), namespace: tenant('one').namespace });
      expect((await reload.put()).body).toMatchObject({ added: [to], removed: [from], unserved: [] });
      expect(await produces(to)).toBe('none');
    }
  });

  it('tells every fault with key and line, and changes nothing', async () => {
    const before = structuredClone(reload.config);
    reload.tenant('one').namespace = 'public/elsewhere';
    reload.tenant('stays').users = [{ name: 'app' }];
    reload.tenant('stays').permissions = [];
    reload.config['kafka'].listeners[0].port = 1;
    reload.config['pulsar'].serviceUrl = 'pulsar://elsewhere:6650';
    reload.config['namespaces'] = { retryMs: 'soon' };
    const [shape, text] = [await reload.put(), JSON.stringify(reload.config, undefined, 2).split('\n')];
    expect([shape.status, shape.body.faults.map(({ key }: { key: string }) => key)]).toEqual([
      400,
      ['namespaces.retryMs'],
    ]);
    delete reload.config['namespaces'];
    const { status, body } = await reload.put();
    expect([status, body.faults.map(({ key }: { key: string }) => key).sort()]).toEqual([
      400,
      ['kafka.listeners.0.port', 'pulsar.serviceUrl', 'tenants.2.namespace', 'tenants.1.users.0'].sort(),
    ]);
    const [, line] = body.faults
      .find(({ key }: { key: string }) => key === 'pulsar.serviceUrl')
      .where.split(':');
    expect(text[Number(line) - 1]).toContain('elsewhere:6650');
    expect(await produces('stays')).toBe('none');
    for (const text of ['', '[', 'tenants: 7', '*a', '"x"'])
      expect((await reload.put(text)).status).toBe(400);
    Object.assign(reload.config, before);
  });

  it('lets a user that lost its permission do nothing more, in each protocol, within a second', async () => {
    const producer = await clients.producer(gateway.kafka, credentials('stays'));
    const device = await mqtt('stays');
    await device.client.subscribeAsync('t/#', { qos: 1 });
    await device.publish('t/1', ['before']);
    await device.received(1);
    const amqp = await openAmqpWire(gateway.amqp.tcp);
    await amqp.open({ user: 'stays/app', password: 'secret-of-stays', containerId: 'c' });
    await amqp.begin();
    await amqp.attachSender('/topics/jobs', { name: 'jobs' });
    const amqp091 = await openAmqp091Wire(gateway.amqp.tcp);
    await amqp091.open({ user: 'stays/app', password: 'secret-of-stays' });
    await amqp091.openChannel();
    reload.tenant('stays').permissions = [];
    const sinceMs = performance.now();
    expect((await reload.put()).body).toMatchObject({
      changed: [{ tenant: 'stays', settings: ['permissions'] }],
    });
    const refused = await kafkaErrorOf(producer.send({ topic: 'orders', messages: [{ value: 'v' }] }));
    expect(refused).toBe('TOPIC_AUTHORIZATION_FAILED');
    expect((await amqp.next('detach')).error?.condition).toBe('amqp:unauthorized-access');
    amqp091.publish('amq.fanout', '', 'x');
    expect(await amqp091.next('channel.close')).toMatchObject({ replyCode: 403 });
    const { reasonCode } = (await device.client.publishAsync('t/1', 'after', { qos: 1 }).then(
      () => ({ reasonCode: 0 }),
      (error: { code?: number }) => ({ reasonCode: error.code }),
    )) as { reasonCode: number };
    expect(reasonCode).toBe(0x87);
    expect(performance.now() - sinceMs).toBeLessThan(heardMsMax);
    expect(device.payloads).toEqual(['before']);
    await device.end(true);
    reload.tenant('stays').permissions = [allowAll];
    expect((await reload.put()).status).toBe(200);
    expect(await produces('stays')).toBe('none');
  });

  it('gives a user that lost its permission nothing more, in each protocol, within a second', async () => {
    const users = ['app', 'writer'].map((name) => ({ name, password: 'secret-of-stays' }));
    reload.tenant('stays').users = users;
    await reload.put();
    const writing = plain('stays/writer', 'secret-of-stays');
    const producer = await clients.producer(gateway.kafka, writing);
    const write = (value: string) => producer.send({ topic: 'orders', messages: [{ value }] });
    const read: string[] = [];
    const consumer = clients
      .kafka(gateway.kafka, credentials('stays'))
      .consumer({ groupId: 'g', maxWaitTimeInMs: 20_000, retry: { retries: 5 } });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void read.push(message.value!.toString()) });
    const device = await mqtt('stays');
    await device.client.subscribeAsync('t/#', { qos: 1 });
    const [author, password] = ['stays/writer', 'secret-of-stays'];
    const other = await TestMqttClient.connect(gateway, { username: author, password });
    await other.client.subscribeAsync('t/#', { qos: 1 });
    await other.publish('t/1', ['before']);
    await device.received(1);
    const amqp = await openAmqpWire(gateway.amqp.tcp);
    await amqp.open({ user: 'stays/app', password, containerId: 'c' });
    await amqp.begin();
    await amqp.attachReceiver('/queues/read', { name: 'read' });
    const amqp091 = await openAmqp091Wire(gateway.amqp.tcp);
    await amqp091.open({ user: 'stays/app', password });
    await amqp091.openChannel();
    const none = Buffer.alloc(0);
    const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: false };
    await amqp091.call({ name: 'queue.declare', queue: 'q', ...flags, arguments: none }, 'queue.declare-ok');
    const consume = {
      name: 'basic.consume',
      queue: 'q',
      consumerTag: 'tag',
      noLocal: false,
      noAck: false,
    } as const;
    await amqp091.call({ ...consume, exclusive: false, noWait: false, arguments: none }, 'basic.consume-ok');
    await write('before');
    await until('it is read', async () => read.includes('before'));
    // From here on: it may have begun anew while the group was loaded, where others take the machine.
    const crashed = new Promise<string>((resolve) =>
      consumer.on('consumer.crash', ({ payload }) => resolve(payload.error.message)),
    );
    reload.tenant('stays').permissions = [{ ...allowAll, principals: ['user:writer'] }];
    expect((await reload.put()).status).toBe(200);
    const sinceMs = performance.now();
    expect((await amqp.next('detach')).error?.condition).toBe('amqp:unauthorized-access');
    expect(await amqp091.next('basic.cancel')).toMatchObject({ consumerTag: 'tag' });
    expect(performance.now() - sinceMs).toBeLessThan(heardMsMax);
    await write('after');
    await other.publish('t/1', ['after']);
    expect(await crashed).toMatch(/authoriz/i);
    // What is read for all is judged for each when it comes: not before the permission is back.
    await other.received(2);
    reload.tenant('stays').permissions = [allowAll];
    await reload.put();
    await other.publish('t/1', ['again']);
    expect(await device.received(2)).toEqual(['before', 'again']);
    expect(read).not.toContain('after');
    await Promise.all([device.end(true), other.end(true), consumer.disconnect()]);
  });

  it('ends the connections of a user that it takes away or gives another password', async () => {
    const device = await mqtt('stays');
    reload.tenant('stays').users = [{ name: 'app', password: 'another-password' }];
    expect((await reload.put()).body.changed).toEqual([{ tenant: 'stays', settings: ['users'] }]);
    await device.closed();
    expect(device.disconnectReason).toBe(0x98);
    expect(await produces('stays')).not.toBe('none');
    reload.tenant('stays').users = tenant('stays').users;
    await reload.put();
    expect(await produces('stays')).toBe('none');
  });
});

describe('the file of a running gateway', () => {
  it('is taken up when it has changed', async () => {
    reload.config.tenants.push(tenant('two'));
    reload.write();
    await until('the tenant is there', async () => (await produces('two')) === 'none');
    expect(reload.events('config.reloaded').at(-1)).toMatchObject({ trigger: 'file', added: ['two'] });
  });

  it('is told once what is wrong with it, and all stays', async () => {
    reload.write('tenants: [');
    await until('it is told', async () =>
      reload.events('config.refused').some(({ trigger }) => trigger === 'file'),
    );
    expect(await produces('two')).toBe('none');
    const told = reload.events('config.refused').length;
    reload.write();
    await until(
      'it is right again',
      async () => reload.events('config.reloaded').at(-1)?.added !== undefined,
    );
    expect(reload.events('config.refused')).toHaveLength(told);
  });

  it('is read again at SIGHUP, though it is the same', async () => {
    const before = reload.events('config.reloaded').length;
    process.kill(gateway.pid, 'SIGHUP');
    await until('it is read', async () => reload.events('config.reloaded').length > before);
    expect(reload.events('config.reloaded').at(-1)).toMatchObject({
      trigger: 'signal',
      added: [],
      changed: [],
    });
  });

  it('is taken from another by the command, which tells what it has changed', async () => {
    // Another file: that of the gateway is taken up by itself.
    const file = `${gateway.configFile}.wanted`;
    const reloading = (args: readonly string[] = []) =>
      pulsegate(['reload', '--config', file, ...args], { PULSEGATE_ADMIN_TOKEN: token });
    reload.tenant('two').kafka = { autoCreateTopics: false };
    writeFileSync(file, JSON.stringify(reload.config));
    const { status, stdout } = await reloading(['--json']);
    const changed = [{ tenant: 'two', settings: ['kafka.autoCreateTopics'] }];
    expect([status, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ changed })]);
    reload.tenant('two').namespace = 'public/elsewhere';
    writeFileSync(file, JSON.stringify(reload.config));
    const refused = await reloading();
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('tenants.3.namespace')]);
  });

  it('leaves no secret in the log, and counts what became of it', async () => {
    expect(gateway.log()).not.toMatch(/secret-of-|another-password|a-token-that/);
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const value = (name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    expect(value('pulsegate_config_reloads_total{result="applied"}')).toBeGreaterThan(7);
    expect(value('pulsegate_config_reloads_total{result="refused"}')).toBeGreaterThan(5);
    expect(value('pulsegate_config_last_success_seconds')).toBeGreaterThan(Date.now() / 1_000 - 300);
    expect(readFileSync(gateway.configFile, 'utf8')).toContain('"two"');
  });
});
