// What users may publish and subscribe to, how they are told, and what becomes of it while they are connected.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import mqtt, { ErrorWithReasonCode, type IClientOptions, type MqttClient } from 'mqtt';
import { formatScramVerifier, formatUsersFile, scramCredential } from '#libs/auth';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { LoginService } from '../../support/login-token.js';
import { MqttInbox } from '../../support/mqtt-inbox.js';
import { ConfigFolder } from '../gateway/gateway-fixture.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } =
  kafkajs;
const password = 'secret';
const login = new LoginService();
const folder = new ConfigFolder();
const usersFile = join(folder.path, 'users.yaml');
let gateway: TestGateway;
const clients: MqttClient[] = [];

const rule = (name: string, rest: object = {}) => ({
  ...{ principals: ['user:dev', 'user:visitor'], actions: ['produce', 'consume'] },
  resource: { type: 'mqtt-topic', match: 'filter', name },
  ...rest,
});

async function writeUsers(...names: string[]): Promise<void> {
  const verifiers = [formatScramVerifier(await scramCredential(password, 'SCRAM-SHA-256'))];
  const users = names.map((name) => ({ tenant: 'acme', name, groups: [], verifiers }));
  writeFileSync(usersFile, formatUsersFile(users));
}

beforeAll(async () => {
  await writeUsers('visitor', 'other');
  const keysFile = join(folder.path, 'issuer.pem');
  writeFileSync(keysFile, login.publicKeyPem);
  const { issuer, audience } = login;
  const jwt = {
    name: 'login',
    issuer,
    audience: [audience],
    algorithms: ['ES256'],
    keysFile,
    tenant: 'acme',
  };
  gateway = await startGateway({
    tenants: [
      {
        name: 'acme',
        users: ['dev', 'app'].map((name) => ({ name, password })),
        permissions: [
          { ...allowAll, principals: ['user:app'] },
          rule('devices/%c/#'),
          rule('limited/#', { actions: ['produce'], qos: [0, 1], retain: false }),
          rule('once/#', { actions: ['consume'], qos: [0, 1] }),
          rule('news/#', { actions: ['consume'] }),
          rule('news/secret/#', { effect: 'deny' }),
        ],
      },
      {
        name: 'slow',
        users: [{ name: 'app', password }],
        permissions: [allowAll],
        limits: { messagesIn: '20/s burst 2' },
      },
    ],
    listener: { defaultTenant: 'acme' },
    mqtt: { listener: { defaultTenant: 'acme' } },
    config: { authentication: { usersFile, jwt: [jwt] } },
  });
}, 120_000);

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

afterAll(async () => {
  await gateway?.stop();
  folder.remove();
});

type Level = 4 | 5;

async function connect(
  username: string,
  level: Level = 5,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://${gateway.mqtt.tcp}`, {
    ...{ protocolVersion: level, reconnectPeriod: 0, clientId: `${username}-client`, username, password },
    ...options,
  });
  clients.push(client);
  await new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
  });
  return client;
}

/** What is told of a refusal. */
async function reasonOf(refused: Promise<unknown>): Promise<number | undefined> {
  try {
    await refused;
    return undefined;
  } catch (error) {
    if (error instanceof ErrorWithReasonCode) return error.code;
    throw error;
  }
}

const ended = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()));
const disconnected = (client: MqttClient) =>
  new Promise<number | undefined>((resolve) =>
    client.once('disconnect', ({ reasonCode }) => resolve(reasonCode)),
  );

describe('publishing', () => {
  it('without permission is refused with 0x87 in MQTT 5, and the connection goes on', async () => {
    const app = await connect('app');
    const inbox = new MqttInbox(app);
    await app.subscribeAsync(['others/#', 'devices/#'], { qos: 1 });
    const dev = await connect('dev');
    for (const qos of [1, 2] as const) {
      expect(await reasonOf(dev.publishAsync('others/x', 'no', { qos }))).toBe(0x87);
      expect(await reasonOf(dev.publishAsync('devices/other-client/x', 'no', { qos }))).toBe(0x87);
    }
    await dev.publishAsync('others/x', 'no', { qos: 0 });
    await dev.publishAsync('devices/dev-client/x', 'yes', { qos: 2 });
    await inbox.until('yes');
    expect(inbox.payloads).toEqual(['yes']);
  }, 20_000);

  it('without permission ends the connection before MQTT 5', async () => {
    const dev = await connect('dev', 4);
    const end = ended(dev);
    dev.publish('others/x', 'no', { qos: 1 }, () => {});
    await end;
  }, 20_000);

  it('is allowed by QoS and by RETAIN', async () => {
    const dev = await connect('dev');
    const publish = (qos: 0 | 1 | 2, retain: boolean) =>
      reasonOf(dev.publishAsync('limited/x', 'x', { qos, retain }));
    expect(await publish(1, false)).toBeUndefined();
    expect(await publish(2, false)).toBe(0x87);
    expect(await publish(1, true)).toBe(0x87);
  }, 20_000);

  it('a will without permission refuses CONNECT', async () => {
    const will = { topic: 'others/x', payload: Buffer.from('no'), qos: 0 as const, retain: false };
    expect(await reasonOf(connect('dev', 5, { will }))).toBe(0x87);
    expect(await reasonOf(connect('dev', 4, { will }))).toBe(5);
  }, 20_000);

  it('more than the tenant may is slowed', async () => {
    const client = await connect('slow/app');
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 22 }, () => client.publishAsync('x', 'x', { qos: 1 })));
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  }, 20_000);
});

describe('subscribing', () => {
  it.each<[Level, number]>([
    [5, 0x87],
    [4, 0x80],
  ])(
    'at level %i is refused where no rule covers the filter, with code %i',
    async (level, code) => {
      const dev = await connect('dev', level);
      const granted = new Promise<readonly (number | object)[]>((resolve) => {
        dev.on('packetreceive', (packet) => {
          if (packet.cmd === 'suback') resolve(packet.granted);
        });
      });
      await dev
        .subscribeAsync(['#', 'devices/#', 'devices/+/x', 'devices/dev-client/+', 'once/#', '$share/g/#'], {
          qos: 2,
        })
        .catch(() => {});
      expect(await granted).toEqual([code, code, code, 2, 1, code]);
    },
    20_000,
  );

  it('is told where to read answers only where that is allowed', async () => {
    const toldTo = async (user: string) => {
      const client = mqtt.connect(`mqtt://${gateway.mqtt.tcp}`, {
        ...{ protocolVersion: 5, reconnectPeriod: 0, clientId: 'asker', username: user, password },
        properties: { requestResponseInformation: true },
      });
      clients.push(client);
      return new Promise((resolve) => {
        client.once('connect', ({ properties }) => resolve(properties?.responseInformation));
      });
    };
    expect(await toldTo('app')).toBe('responses/asker/');
    expect(await toldTo('dev')).toBeUndefined();
  }, 20_000);

  it('leaves out what is denied, retained messages too', async () => {
    const app = await connect('app');
    await app.publishAsync('news/open', 'retained open', { qos: 1, retain: true });
    await app.publishAsync('news/secret/x', 'retained secret', { qos: 1, retain: true });
    const dev = await connect('dev');
    const inbox = new MqttInbox(dev);
    await dev.subscribeAsync('news/#', { qos: 1 });
    await inbox.until('retained open');
    await app.publishAsync('news/secret/x', 'secret', { qos: 1 });
    await app.publishAsync('news/open', 'open', { qos: 1 });
    await inbox.until('open');
    expect(inbox.payloads).toEqual(['retained open', 'open']);
    for (const topic of ['news/open', 'news/secret/x'])
      await app.publishAsync(topic, '', { qos: 1, retain: true });
  }, 20_000);
});

describe('while a client is connected', () => {
  it('a rule that is made counts for what it has subscribed to, and so does taking it back', async () => {
    const [host, port] = gateway.kafka.split(':');
    const kafka = new Kafka({
      ...{ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING },
      sasl: { mechanism: 'plain', username: 'app', password },
    });
    const admin = kafka.admin();
    await admin.connect();
    const acl = {
      ...{ resourceType: AclResourceTypes.TOPIC, resourceName: 'news', host: '*' },
      ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:dev' },
      ...{ operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.DENY },
    };
    const app = await connect('app');
    const dev = await connect('dev');
    const inbox = new MqttInbox(dev);
    await dev.subscribeAsync(['news/x', 'devices/dev-client/#'], { qos: 1 });
    const say = async (payload: string) => {
      await app.publishAsync('news/x', payload, { qos: 1 });
      // On the gateway that answered a rule holds at once; what comes after it is heard.
      await app.publishAsync('devices/dev-client/x', `after ${payload}`, { qos: 1 });
      await inbox.until(`after ${payload}`);
    };
    await say('before');
    await inbox.until('before');
    await admin.createAcls({ acl: [acl] });
    await say('denied');
    await admin.deleteAcls({ filters: [acl] });
    await say('again');
    await inbox.until('again');
    expect(inbox.payloads).not.toContain('denied');
    await admin.disconnect();
  }, 30_000);

  it('it is disconnected when its user is removed: 0x98', async () => {
    const visitor = await connect('visitor');
    const told = disconnected(visitor);
    await writeUsers('other');
    expect(await told).toBe(0x98);
  }, 20_000);

  it('it is disconnected when its token expires', async () => {
    const token = login.token({ sub: 'dev' }, 2);
    const holder = await connect('jwt', 5, { password: token, clientId: 'holder' });
    expect(await disconnected(holder)).toBe(0x87);
  }, 20_000);
});
