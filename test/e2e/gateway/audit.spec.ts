// Who came, what was denied and what was changed, over every protocol: in the log, and in a Pulsar topic.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scryptVerifier } from '#libs/auth';
import { openAmqp091Wire } from '../../support/amqp091-wire.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { GatewayReload } from '../../support/gateway-reload.js';
import { TestMqttClient } from '../../support/mqtt-client.js';
import { createPulsarNamespace, testPulsar } from '../../support/pulsar.js';
import { oracleRead } from '../../support/pulsar-oracle.js';
import { changes } from './audited-changes.js';
import { ConfigFolder, KafkaClients, kafkaErrorOf, plain, until } from './gateway-fixture.js';

const token = 'a-token-that-nobody-guesses';
const password = 'secret-of-acme';
const user = { username: 'acme/app', password };
const users = ['app', ...Object.keys(changes).map((protocol) => `by-${protocol}`)].map((name) => ({
  ...{ name, password },
}));
const folder = new ConfigFolder();
const usersFile = join(folder.path, 'users.yaml');
let verifier: string;
const clients = new KafkaClients();
let gateway: TestGateway;
let reload: GatewayReload;
let topic: string;

const rule = (effect: string, actions: readonly string[], type: string, match: string, name: string) => ({
  ...{ effect, principals: ['user:app'], actions, resource: { type, match, name } },
});

beforeAll(async () => {
  verifier = await scryptVerifier('never asked for');
  writeUsers('filed');
  const namespace = await createPulsarNamespace('audit');
  topic = `persistent://${namespace}/trail-${randomBytes(3).toString('hex')}`;
  gateway = await startGateway({
    tenants: [
      {
        ...{ name: 'acme', users, kafka: { autoCreateTopics: true } },
        permissions: [
          allowAll,
          rule('deny', ['produce', 'consume'], 'topic', 'prefix', 'secret'),
          rule('deny', ['produce', 'consume'], 'queue', 'prefix', 'secret'),
          rule('deny', ['produce', 'consume'], 'mqtt-topic', 'filter', 'secret/#'),
        ],
      },
    ],
    ...{ mqtt: {}, amqp: true },
    config: { admin: { token }, audit: { topic } as never, authentication: { failureFloorMs: 1, usersFile } },
  });
  reload = new GatewayReload(gateway, token);
}, 90_000);

afterAll(async () => {
  await clients.disconnect();
  await gateway?.stop();
  folder.remove();
});

type Line = Record<string, unknown>;

const audited = (isMeant: (line: Line) => boolean) => reload.events('audit').filter(isMeant);
const acted = ({ action, resource }: Line) => `${action} ${(resource as Line)['name']}`;

function writeUsers(...names: readonly string[]): void {
  writeFileSync(
    usersFile,
    JSON.stringify({
      users: names.map((name) => ({ tenant: 'acme', name, groups: [], verifiers: [verifier] })),
    }),
  );
}

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

  it.each(Object.keys(changes) as (keyof typeof changes)[])(
    'has who came by %s, what was changed for all, and nothing of what else was done',
    async (protocol) => {
      const { make, recorded: wanted } = changes[protocol];
      await make(gateway, { username: `acme/by-${protocol}`, password });
      const of = (kind: string) => audited((line) => line.kind === kind && line.user === `by-${protocol}`);
      await until(`the last is there`, async () => of('change').length >= wanted.length);
      const who = { outcome: 'allowed', tenant: 'acme' };
      const listener = { kafka: 'kafka', mqtt: 'mqtt-tcp', amqp: 'amqp-tcp', amqp091: 'amqp-tcp' }[protocol];
      const from = { listener, remoteAddress: '127.0.0.1' };
      expect(of('login')[0]).toMatchObject({ ...who, ...from, action: 'password' });
      expect(of('change').map(acted)).toEqual(wanted);
      // Whoever left a will is gone by then.
      const where = (line: Line) => (line['reason'] === 'will' ? {} : from);
      for (const line of of('change')) expect(line).toMatchObject({ ...who, protocol, ...where(line) });
      expect(of('access')).toEqual([]);
    },
  );

  it('has what operators changed, and what they were refused', async () => {
    const reloaded = { kind: 'change', listener: 'admin', remoteAddress: '127.0.0.1', reason: 'http' };
    expect((await reload.put('{}', { authorization: 'Bearer wrong' })).status).toBe(401);
    await recorded({ kind: 'access', outcome: 'denied', action: 'config.reload', listener: 'admin' });
    const setting = (name: string) => ({ resource: { type: 'setting', name } });
    (reload.tenant('acme').permissions as unknown[]).pop();
    reload.tenant('acme').users = users.slice(1);
    reload.config.tenants.push({ name: 'beta', namespace: `public/audit-${process.pid}` });
    reload.config['limits'] = { connections: 900 };
    expect((await reload.put()).status).toBe(200);
    await recorded({ ...reloaded, outcome: 'allowed', action: 'config.reload' });
    await recorded({ ...reloaded, action: 'tenant.change', tenant: 'acme', ...setting('permissions') });
    await recorded({ ...reloaded, action: 'tenant.add', tenant: 'beta' });
    await recorded({ ...reloaded, action: 'gateway.change', ...setting('limits.connections') });
    const gone = { tenant: 'acme', resource: { type: 'user', name: 'app' } };
    await recorded({ kind: 'change', action: 'user.remove', reason: 'configuration', ...gone });
    reload.remove('beta');
    expect((await reload.put()).status).toBe(200);
    await recorded({ ...reloaded, action: 'tenant.remove', tenant: 'beta' });
    expect((await reload.put('tenants: 7')).status).toBe(400);
    await recorded({ ...reloaded, outcome: 'failed', action: 'config.reload' });
  });

  it('has what the users file changed', async () => {
    const user = (action: string, name: string) =>
      recorded({
        kind: 'change',
        action,
        reason: 'users-file',
        tenant: 'acme',
        resource: { type: 'user', name },
      });
    writeUsers('filed', 'new');
    await user('user.add', 'new');
    await recorded({ kind: 'change', outcome: 'allowed', action: 'users-file.reload' });
    writeUsers('new');
    await user('user.remove', 'filed');
    writeUsers('new', 'new');
    await recorded({ kind: 'change', outcome: 'failed', action: 'users-file.reload' });
    const ofUsers = audited(({ action }) => String(action).startsWith('user.'));
    expect(ofUsers.map(acted)).toEqual([
      ...['user.change-scram scram', 'user.remove app', 'user.add new', 'user.remove filed'],
    ]);
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
