// Every way to say who one is, at both levels of MQTT, with a stock client: right and wrong, and what each user may then do
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IClientOptions } from 'mqtt';
import { formatScramVerifier, formatUsersFile, scramCredential } from '#libs/auth';
import { ScramClient } from '../../libs/kafka-gateway/src/testing/scram-client.js';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { LoginService } from '../support/login-token.js';
import { attemptMqtt, connectMqtt, type MqttAttempt, type MqttOutcome } from '../support/mqtt-identity.js';

const password = 'a pass word, with = and : in it';
const ownTopics = {
  principals: ['*'],
  actions: ['produce', 'consume'],
  resource: { type: 'mqtt-topic', match: 'filter', name: 'of/%u/%c/#' },
} as const;

type Level = 4 | 5;
type Credentials = Pick<MqttAttempt, 'options' | 'answer'>;

interface Way {
  readonly name: string;
  readonly user: string;
  readonly levels: readonly Level[];
  readonly right: () => Credentials;
  readonly wrong: () => Credentials;
  /** What CONNACK says to the wrong one, by level; absent: that the credentials are wrong. */
  readonly refusal?: Readonly<Record<Level, number>>;
}

const badCredentials: Readonly<Record<Level, number>> = { 4: 4, 5: 0x86 };
const notAuthorized: Readonly<Record<Level, number>> = { 4: 5, 5: 0x87 };

const login = new LoginService();
const certificates = hasOpenssl ? new Certificates() : undefined;
let gateway: TestGateway;

const byPassword = (username: string, secret: string): Credentials => ({
  options: { username, password: secret },
});

function byScram(user: string, secret: string): Credentials {
  const client = new ScramClient(user, secret);
  const properties = { authenticationMethod: 'SCRAM-SHA-256', authenticationData: client.first() };
  return { options: { properties }, answer: (data) => client.final(data) };
}

function byBearer(token: string): Credentials {
  const authenticationData = Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);
  return { options: { properties: { authenticationMethod: 'OAUTHBEARER', authenticationData } } };
}

function byCertificate(name: string): Credentials {
  const { certFile, keyFile } = certificates!.make(name, 'authority', { keyUsage: 'clientAuth' });
  return { options: { cert: readFileSync(certFile), key: readFileSync(keyFile) } };
}

const jwt = (user: string) => login.token({ sub: user, tenant: 'acme' });
const forged = (user: string) => login.forgedToken({ sub: user, tenant: 'acme' });

const ways: readonly Way[] = [
  {
    ...{ name: 'a password', user: 'paula', levels: [4, 5] },
    right: () => byPassword('acme/paula', password),
    wrong: () => byPassword('acme/paula', `${password}!`),
  },
  {
    ...{ name: 'a password of another tenant', user: 'paula', levels: [4, 5] },
    right: () => byPassword('paula@acme', password),
    wrong: () => byPassword('beta/paula', password),
  },
  {
    ...{ name: 'a JWT as password', user: 'jan', levels: [4, 5] },
    right: () => byPassword('jwt', jwt('jan')),
    wrong: () => byPassword('jwt', forged('jan')),
  },
  {
    ...{ name: 'SCRAM-SHA-256', user: 'sam', levels: [5] },
    right: () => byScram('acme/sam', password),
    wrong: () => byScram('acme/sam', `${password}!`),
  },
  {
    ...{ name: 'OAUTHBEARER', user: 'olga', levels: [5] },
    right: () => byBearer(jwt('olga')),
    wrong: () => byBearer(forged('olga')),
  },
  {
    ...{ name: 'a certificate', user: 'mia', levels: [4, 5] },
    right: () => byCertificate('mia'),
    // Nobody's: it is as if there were none.
    wrong: () => byCertificate('nobody'),
    refusal: notAuthorized,
  },
];

beforeAll(async () => {
  certificates?.make('authority');
  const tls = certificates && {
    ...certificates.make('gateway', 'authority'),
    ...{ caFile: certificates.file('authority.crt'), clientAuth: 'request' },
  };
  const folder = (certificates ?? new Certificates()).directory;
  const keysFile = `${folder}/issuer.pem`;
  const usersFile = `${folder}/users.yaml`;
  writeFileSync(keysFile, login.publicKeyPem);
  const verifiers = [formatScramVerifier(await scramCredential(password, 'SCRAM-SHA-256'))];
  writeFileSync(usersFile, formatUsersFile([{ tenant: 'acme', name: 'sam', groups: [], verifiers }]));
  const { issuer, audience } = login;
  const issuers = [
    {
      ...{ name: 'login', issuer, audience: [audience], algorithms: ['ES256'], keysFile },
      claims: { tenant: 'tenant' },
    },
  ];
  const certificateRules = [{ from: 'subject.CN', match: 'm*a', user: '$0', tenant: 'acme' }];
  gateway = await startGateway({
    tenants: [
      { name: 'acme', users: [{ name: 'paula', password }], permissions: [ownTopics] },
      { name: 'beta', users: [{ name: 'paula', password: 'other' }], permissions: [ownTopics] },
    ],
    mqtt: { ...(tls && { tls }) },
    config: {
      // Every client fails from the same address here.
      authentication: {
        failuresPerAddressBurst: 1_000,
        usersFile,
        jwt: issuers,
        certificates: certificateRules,
      },
    },
  });
}, 60_000);

afterAll(async () => {
  await gateway?.stop();
  certificates?.remove();
});

function attempt({ options, answer }: Credentials, protocolVersion: Level, topics: readonly string[]) {
  const byTls = options.cert !== undefined;
  const all: IClientOptions = {
    ...options,
    protocolVersion,
    clientId: 'device 1',
    rejectUnauthorized: false,
  };
  const url = byTls ? `mqtts://${gateway.mqtt.tls}` : `mqtt://${gateway.mqtt.tcp}`;
  return attemptMqtt({ url, options: all, topics, ...(answer && { answer }) });
}

for (const way of ways) {
  const canRun = hasOpenssl || way.name !== 'a certificate';
  const title = canRun ? way.name : `${way.name} (skipped: there is no openssl command)`;
  (canRun ? describe : describe.skip)(title, () => {
    it.each(way.levels)(
      'is who it says at level %i, and nobody else',
      async (level) => {
        const { user, refusal = badCredentials } = way;
        // What a client proves in a conversation it proves once.
        const topics = [`of/${user}/device 1/x`, `of/${user}/device 2/x`, 'of/nobody/device 1/x'];
        const right: MqttOutcome[] = [];
        for (const topic of topics) right.push(...(await attempt(way.right(), level, [topic])));
        expect(right).toEqual(['published', 'forbidden', 'forbidden']);
        const wrong = await attempt(way.wrong(), level, topics.slice(0, 1));
        expect(wrong).toEqual([`refused ${refusal[level]}`]);
      },
      30_000,
    );
  });
}

describe('a client that has connected by SCRAM-SHA-256', () => {
  it('proves again who it is, on the connection that it has, and only as itself', async () => {
    const first = byScram('acme/sam', password);
    let answer = first.answer!;
    const client = connectMqtt({
      url: `mqtt://${gateway.mqtt.tcp}`,
      options: { ...first.options, protocolVersion: 5, clientId: 'again' },
      answer: (data) => answer(data),
    });
    await new Promise((resolve) => client.once('connect', resolve));
    const reauthenticate = (credentials: Credentials) => {
      answer = credentials.answer!;
      const { authenticationMethod, authenticationData } = credentials.options.properties!;
      const properties = {
        authenticationMethod: authenticationMethod!,
        authenticationData: authenticationData!,
      };
      client.stream.write(
        authPacket(properties.authenticationMethod, properties.authenticationData as Buffer),
      );
    };
    const done = new Promise<number | undefined>((resolve) => {
      client.on('packetreceive', (packet) => {
        if (packet.cmd === 'auth' && packet.reasonCode === 0) resolve(packet.reasonCode);
      });
    });
    reauthenticate(byScram('acme/sam', password));
    expect(await done).toBe(0);
    await client.publishAsync('of/sam/again/x', 'x', { qos: 1 });
    const told = new Promise<number | undefined>((resolve) => {
      client.once('disconnect', (packet) => resolve(packet.reasonCode));
    });
    reauthenticate(byScram('acme/sam', 'wrong'));
    expect(await told).toBe(0x87);
    await client.endAsync(true);
  }, 30_000);
});

/** AUTH 0x19: mqtt.js has no way to begin. */
function authPacket(method: string, data: Buffer): Buffer {
  const field = (id: number, bytes: Buffer) => {
    const head = Buffer.from([id, bytes.length >> 8, bytes.length & 0xff]);
    return Buffer.concat([head, bytes]);
  };
  const properties = Buffer.concat([field(0x15, Buffer.from(method)), field(0x16, data)]);
  return Buffer.concat([Buffer.from([0xf0, properties.length + 2, 0x19, properties.length]), properties]);
}

it('keeps secrets out of the log', () => {
  expect(gateway.log()).not.toContain(password);
});
