// Clients that show tokens of Pulsar's, and what Pulsar has granted deciding what they may do.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KafkaConfig } from 'kafkajs';
import { FaultyLink } from '../../support/faulty-link.js';
import { startGateway, type TestGateway } from '../../support/gateway.js';
import { type PulsarWithAuth, pulsarRoles, startPulsarWithAuth } from '../../support/pulsar-with-auth.js';
import { KafkaClients, kafkaErrorOf, plain, pulsarStartMsMax, pulsegate, until } from './gateway-fixture.js';

const clients = new KafkaClients();
let pulsar: PulsarWithAuth;
let gateway: TestGateway;
let namespace: string;
/** Takes longer than all the other tests, which run meanwhile, at another gateway. */
let outage: Promise<Outage>;

const newName = (prefix: string) => `${prefix}-${randomBytes(4).toString('hex')}`;
/** Longer than a gateway takes to see what was granted or revoked. */
const seenMs = 30_000;

function start(adminUrl: string): Promise<TestGateway> {
  return startGateway({
    pulsar,
    tenants: [{ name: 'acme', authorization: 'pulsar' }, { name: 'other' }],
    listener: { defaultTenant: 'acme' },
    config: {
      pulsar: { ...pulsar.section(), adminUrl },
      authentication: {
        pulsarTokens: { tenants: ['acme'] },
        failureFloorMs: 0,
        failuresPerAddressBurst: 10_000,
        failuresPerAddressPerMinute: 10_000,
      },
    },
  });
}

beforeAll(async () => {
  pulsar = await startPulsarWithAuth();
  outage = withoutRest();
  outage.catch(() => {}); // its test tells
  gateway = await start(pulsar.adminUrl);
  namespace = gateway.namespaceOf('acme');
}, pulsarStartMsMax);

afterAll(async () => {
  await outage?.catch(() => {});
  await clients.disconnect();
  await gateway?.stop();
  await pulsar?.stop();
}, 120_000);

const bearer = (token: string): Partial<KafkaConfig> => ({
  sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token }) },
});
const asPassword = (token: string, name = 'token') => plain(name, token);

async function createTopic(at = gateway): Promise<string> {
  const topic = newName('t');
  await pulsar.admin('PUT', `/persistent/${at.namespaceOf('acme')}/${topic}/partitions`, 1);
  return topic;
}

async function produce(topic: string, as: Partial<KafkaConfig>, at = gateway): Promise<string> {
  const producer = clients.kafka(at.kafka, { ...as, requestTimeout: 3_000 }).producer();
  try {
    return await kafkaErrorOf(
      producer.connect().then(() => producer.send({ topic, messages: [{ value: 'v' }] })),
    );
  } finally {
    await producer.disconnect().catch(() => {});
  }
}

const untilAnswered = (answer: string, ask: () => Promise<string>) =>
  until(answer, async () => (await ask()) === answer, seenMs);

describe('a client that shows a token of Pulsar', () => {
  it('is the role of the token, whose grants decide, by OAUTHBEARER and in the place of a password', async () => {
    const [topic, role] = [await createTopic(), newName('device')];
    for (const as of [bearer(pulsar.token(role)), asPassword(pulsar.token(role))]) {
      expect(await produce(topic, as)).toBe('TOPIC_AUTHORIZATION_FAILED');
    }
    await pulsar.grant(namespace, role, ['produce']);
    await untilAnswered('none', () => produce(topic, bearer(pulsar.token(role))));
    expect(await produce(topic, asPassword(pulsar.token(role), role))).toBe('none');
    expect(await produce(topic, asPassword(pulsar.token(role, 600), `acme/${role}`))).toBe('none');
    await pulsar.revoke(namespace, role);
    await untilAnswered('TOPIC_AUTHORIZATION_FAILED', () => produce(topic, bearer(pulsar.token(role))));
  }, 60_000);

  it('may do to a topic what is granted on it, and reads in groups where it may consume', async () => {
    const [granted, other, role] = [await createTopic(), await createTopic(), newName('device')];
    const path = `/persistent/${namespace}/${granted}/permissions/${role}`;
    await pulsar.admin('POST', path, ['produce']);
    const as = bearer(pulsar.token(role));
    await untilAnswered('none', () => produce(granted, as));
    expect(await produce(other, as)).toBe('TOPIC_AUTHORIZATION_FAILED');
    const join = async () => {
      const consumer = clients.kafka(gateway.kafka, as).consumer({ groupId: newName('g') });
      try {
        await consumer.connect();
        await consumer.subscribe({ topic: granted, fromBeginning: true });
        const read = Promise.withResolvers<string>();
        consumer.on(consumer.events.CRASH, ({ payload }) =>
          read.resolve(kafkaErrorOf(Promise.reject(payload.error))),
        );
        await consumer.run({ eachMessage: async ({ message }) => read.resolve(String(message.value)) });
        return await read.promise;
      } catch (error) {
        return kafkaErrorOf(Promise.reject(error));
      } finally {
        await consumer.disconnect();
      }
    };
    // kafkajs's words when FindCoordinator answers GROUP_AUTHORIZATION_FAILED.
    expect(await join()).toBe('Failed to find group coordinator');
    await pulsar.admin('POST', path, ['produce', 'consume']);
    await untilAnswered('v', join);
  }, 60_000);

  it('and pulsegate acl test say the same, and by which grants', async () => {
    const [topic, role] = [await createTopic(), newName('device')];
    await pulsar.admin('POST', `/persistent/${namespace}/${topic}/permissions/${role}`, ['produce']);
    const ask = async (...question: string[]) => {
      const options = ['--tenant', 'acme', '--config', gateway.configFile];
      const { status, stdout } = await pulsegate(['acl', 'test', ...question, ...options]);
      return { status, stdout };
    };
    const by = `role ${role} in ${namespace} may produce by persistent://${namespace}/${topic}; consume by nothing`;
    expect(await ask(role, 'produce', `topic:${topic}`)).toEqual({
      status: 0,
      stdout: `allowed ${role} of acme: produce topic ${topic}\n  ${by}\n`,
    });
    expect(await ask(role, 'consume', `topic:${topic}`)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^denied /),
    });
    expect(await ask(pulsarRoles.superuser, 'delete', `topic:${topic}`)).toMatchObject({ status: 0 });
  }, 60_000);

  it('creates and deletes topics as an administrator of the tenant only', async () => {
    const [role, topic] = [newName('chief'), newName('t')];
    await pulsar.grant(namespace, role, ['produce', 'consume']);
    const admin = await clients.admin(gateway.kafka, bearer(pulsar.token(role)));
    const topics = [{ topic, numPartitions: 1 }];
    const create = () => kafkaErrorOf(admin.createTopics({ topics, waitForLeaders: false }));
    expect(await create()).not.toBe('none');
    const tenant = namespace.split('/')[0];
    const adminRoles = [role];
    await pulsar.admin('POST', `/tenants/${tenant}`, { adminRoles, allowedClusters: ['standalone'] });
    await untilAnswered('none', create);
    expect(await kafkaErrorOf(admin.deleteTopics({ topics: [topic] }))).toBe('none');
  }, 60_000);

  it('that no broker would take is refused, whoever it says to be', async () => {
    const topic = await createTopic();
    const [header, claims, signature] = pulsar.token(pulsarRoles.superuser).split('.') as [
      string,
      string,
      string,
    ];
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const other = part({ sub: 'somebody' });
    const hostile = {
      'signed by another key': `${header}.${claims}.${randomBytes(32).toString('base64url')}`,
      'with the claims of another': `${header}.${other}.${signature}`,
      unsigned: `${part({ alg: 'none' })}.${claims}.x`,
      expired: pulsar.token(pulsarRoles.superuser, -1),
      'of a role that acts for others': pulsar.token(pulsarRoles.proxy),
      'with an empty signature': `${header}.${claims}.`,
      'not a token': 'secret',
      empty: '',
    };
    for (const [what, token] of Object.entries(hostile)) {
      for (const as of [bearer(token), asPassword(token)]) {
        expect([what, await produce(topic, as)]).toEqual([what, expect.stringMatching(/^SASL/)]);
      }
    }
    const wrongName = asPassword(pulsar.token('device'), 'admin');
    expect(await produce(topic, wrongName)).toMatch(/^SASL/);
    const wrongTenant = asPassword(pulsar.token('device'), 'other/device');
    expect(await produce(topic, wrongTenant)).toMatch(/^SASL/);
    expect(gateway.log()).not.toContain(signature);
  }, 60_000);
});

/** As the metrics say it, in seconds. */
async function grantsAge({ adminUrl }: TestGateway): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/^pulsegate_pulsar_grants_age_seconds\{tenant="acme"\} (.+)$/m.exec(metrics)?.[1]);
}

interface Outage {
  /** What a producer was told, and how long after the REST fell silent. */
  readonly answers: readonly { readonly atMs: number; readonly answer: string }[];
  /** In seconds, at its end and after it. */
  readonly ages: readonly [number, number];
}

/** The admin REST does not answer a gateway for 34 s. */
async function withoutRest(): Promise<Outage> {
  const rest = await FaultyLink.start(pulsar.adminUrl);
  const own = await start(`http://127.0.0.1:${rest.port}`);
  try {
    const [topic, role] = [await createTopic(own), newName('device')];
    const ask = () => produce(topic, bearer(pulsar.token(role)), own);
    await pulsar.grant(own.namespaceOf('acme'), role, ['produce']);
    await untilAnswered('none', ask);
    rest.stall(120_000);
    const sinceMs = performance.now();
    const answers: { atMs: number; answer: string }[] = [];
    while (performance.now() - sinceMs < 34_000) {
      const atMs = performance.now() - sinceMs;
      answers.push({ atMs, answer: await ask() });
      await delay(500);
    }
    const age = await grantsAge(own);
    rest.heal();
    await untilAnswered('none', ask);
    return { answers, ages: [age, await grantsAge(own)] };
  } finally {
    await own.stop();
    await rest.stop();
  }
}

describe('while the admin REST of Pulsar does not answer', () => {
  it('what was read last decides for 30 s, and then nothing is allowed until it answers again', async () => {
    const { answers, ages } = await outage;
    // What was read last was up to one look old.
    const denied = answers.find(({ answer }) => answer === 'TOPIC_AUTHORIZATION_FAILED');
    expect(denied?.atMs).toBeGreaterThan(25_000);
    expect(answers.filter(({ atMs, answer }) => atMs < 20_000 && answer === 'none').length).toBeGreaterThan(
      5,
    );
    expect(answers.at(-1)?.answer).toBe('TOPIC_AUTHORIZATION_FAILED');
    expect(ages[0]).toBeGreaterThan(30);
    expect(ages[1]).toBeLessThan(30);
  }, 120_000);
});
