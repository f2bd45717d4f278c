// Every way to say who one is, with stock clients, before a Pulsar that asks too: the right identity and tenant, or the right refusal
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScramVerifier, formatUsersFile, scramCredential, type ScramMechanism } from '#libs/auth';
import { checkForm, inForm } from '../support/check-form.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import type { IdentityAnswer, IdentityJob, IdentityOutcome } from '../support/identity-job.js';
import {
  kafkaIdentityClients,
  type KafkaIdentityClient,
  runIdentities,
} from '../support/kafka-identities.js';
import { LoginService } from '../support/login-token.js';
import { type PulsarWithAuth, pulsarRoles, startPulsarWithAuth } from '../support/pulsar-with-auth.js';

const clientTimeoutMs = inForm({ short: 150_000, full: 300_000 });
/** Of every session here, which some clients outlive by proving again who they are. */
const sessionMs = 4_000;
const password = 'a pass word, with = and : in it';

/** Who may write into which topic: `of-<user>` is the user's own, and nobody has `of-nobody`. */
const ownTopics = {
  principals: ['*'],
  actions: ['produce'],
  resource: { type: 'topic', match: 'literal', name: 'of-%u' },
} as const;

/** What a client does, and what becomes of it. */
interface Attempt extends Omit<IdentityJob, 'ownTopic' | 'foreignTopic'> {
  /** Whose topic it writes into first. */
  readonly user: string;
  readonly tenant: string;
  readonly own: IdentityOutcome;
  readonly foreign: IdentityOutcome;
}

type Credentials = Pick<
  IdentityJob,
  'mechanism' | 'username' | 'password' | 'token' | 'certFile' | 'keyFile'
>;

/** The same user with what is right and with what is wrong. */
function rightAndWrong(
  id: string,
  [tenant, user]: readonly [string, string],
  right: Credentials,
  wrong: Credentials,
  refusal: IdentityOutcome = 'unauthenticated',
): Attempt[] {
  const whose = { user, tenant };
  return [
    { id, ...whose, ...right, own: 'written', foreign: 'forbidden' },
    {
      id: `wrong-${id}`,
      ...whose,
      ...wrong,
      own: refusal,
      foreign: refusal,
      ...(refusal === 'refused' && { tryMs: 2_000 }),
    },
  ];
}

function attemptsOf(pulsar: PulsarWithAuth, login: LoginService): Attempt[] {
  const byPassword = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', username: string) =>
    [
      { mechanism, username, password },
      { mechanism, username, password: `${password}!` },
    ] as const;
  const jwt = (user: string) => login.token({ sub: user, tenant: 'acme' });
  const forged = (user: string) => login.forgedToken({ sub: user, tenant: 'acme' });
  const passed = pulsar.token('rita', 600);
  const bearer = 'OAUTHBEARER' as const;
  const plain = 'PLAIN' as const;
  return [
    ...rightAndWrong('plain', ['acme', 'paula'], ...byPassword('PLAIN', 'acme/paula')),
    ...rightAndWrong('scram-256', ['acme', 'sam'], ...byPassword('SCRAM-SHA-256', 'sam@acme')),
    ...rightAndWrong('scram-512', ['acme', 'sue'], ...byPassword('SCRAM-SHA-512', 'acme/sue')),
    ...rightAndWrong(
      'oauthbearer',
      ['acme', 'olga'],
      { mechanism: bearer, token: jwt('olga') },
      { mechanism: bearer, token: forged('olga') },
    ),
    ...rightAndWrong(
      'jwt-as-password',
      ['acme', 'jan'],
      { mechanism: plain, username: 'jwt', password: jwt('jan') },
      { mechanism: plain, username: 'jwt', password: forged('jan') },
    ),
    // Without a rule for it a certificate is none, and without SASL nothing is served.
    ...rightAndWrong(
      'mtls',
      ['acme', 'mia'],
      pulsar.certificate('mia'),
      pulsar.certificate('mallory'),
      'refused',
    ),
    ...rightAndWrong(
      'token-pass-through',
      ['delegated', 'rita'],
      { mechanism: bearer, token: passed },
      { mechanism: bearer, token: `${passed.slice(0, passed.lastIndexOf('.'))}.${'A'.repeat(43)}` },
    ),
    ...rightAndWrong('proxy-role', ['proxied', 'pia'], ...byPassword('PLAIN', 'proxied/pia')),
    {
      id: 'token-without-grant',
      user: 'rita',
      tenant: 'delegated',
      mechanism: bearer,
      token: pulsar.token('rob', 600),
      own: 'forbidden',
      foreign: 'forbidden',
    },
    {
      id: 'proxy-role-without-grant',
      user: 'una',
      tenant: 'ungranted',
      ...byPassword('PLAIN', 'ungranted/una')[0],
      own: 'forbidden',
      foreign: 'forbidden',
    },
    {
      id: 'other-tenant',
      user: 'paula',
      tenant: 'acme',
      ...byPassword('PLAIN', 'proxied/paula')[0],
      own: 'unauthenticated',
      foreign: 'unauthenticated',
    },
  ];
}

const renewingUser = (mark: string) => `rena-${mark}`;

/** Goes on for longer than its session, as a user of the client's own. */
function renewalOf(mark: string): Attempt {
  const user = renewingUser(mark);
  return {
    id: 'renewal',
    user,
    tenant: 'acme',
    mechanism: 'SCRAM-SHA-256',
    username: `acme/${user}`,
    password,
    writeMs: 2 * sessionMs + 1_000,
    own: 'written',
    foreign: 'forbidden',
  };
}

async function scramUser(name: string, mechanism: ScramMechanism) {
  const verifier = formatScramVerifier(await scramCredential(password, mechanism));
  return { tenant: 'acme', name, groups: [], verifiers: [verifier] };
}

async function startAll(pulsar: PulsarWithAuth, login: LoginService): Promise<TestGateway> {
  const keysFile = join(pulsar.folder, 'issuer.pem');
  writeFileSync(keysFile, login.publicKeyPem);
  const { issuer, audience } = login;
  const usersFile = join(pulsar.folder, 'users.yaml');
  writeFileSync(
    usersFile,
    formatUsersFile(
      await Promise.all([
        scramUser('sam', 'SCRAM-SHA-256'),
        scramUser('sue', 'SCRAM-SHA-512'),
        ...kafkaIdentityClients().map(({ mark }) => scramUser(renewingUser(mark), 'SCRAM-SHA-256')),
      ]),
    ),
  );
  const server = pulsar.certificate('gateway-server');
  const proxied = (name: string, user: string) => ({
    name,
    users: [{ name: user, password }],
    permissions: [ownTopics],
    pulsar: { role: `${name}-service` },
  });
  return startGateway({
    pulsar,
    tenants: [
      { name: 'acme', users: [{ name: 'paula', password }], permissions: [ownTopics] },
      { name: 'delegated', authorization: 'pulsar' },
      proxied('proxied', 'pia'),
      proxied('ungranted', 'una'),
    ],
    listener: {
      advertisedHost: 'localhost',
      defaultTenant: 'delegated',
      tls: { ...server, caFile: pulsar.caFile, clientAuth: 'request' },
    },
    config: {
      pulsar: { ...pulsar.section(), proxyAuth: { method: 'token', token: pulsar.token(pulsarRoles.proxy) } },
      authentication: {
        // Every client fails from the same address here.
        failuresPerAddressBurst: 1_000,
        sessionLifetimeMsMax: sessionMs,
        usersFile,
        jwt: [
          {
            name: 'login',
            issuer,
            audience: [audience],
            algorithms: ['ES256'],
            keysFile,
            claims: { tenant: 'tenant' },
          },
        ],
        certificates: [{ from: 'subject.CN', match: 'm*a', user: '$0', tenant: 'acme' }],
        pulsarTokens: { tenants: ['delegated'] },
      },
      log: { format: 'json', level: 'debug' },
    },
  });
}

/** The values of a topic's records, each of which is one entry. */
async function valuesOf(pulsar: PulsarWithAuth, namespace: string, topic: string): Promise<string[]> {
  const partition = `${namespace}/${topic}-partition-0`;
  const values: string[] = [];
  const { entriesAddedCounter } = (await pulsar.admin('GET', `/persistent/${partition}/internalStats`)) as {
    entriesAddedCounter: number;
  };
  for (let position = 1; position <= entriesAddedCounter; position++) {
    const query = `initialPosition=earliest&messagePosition=${position}`;
    const response = await fetch(
      `${pulsar.adminUrl}/admin/v2/persistent/${partition}/examinemessage?${query}`,
      { headers: { authorization: `Bearer ${pulsar.token(pulsarRoles.superuser)}` } },
    );
    // Before the value stands what Pulsar keeps of a message in a batch.
    values.push(/(?:kafkajs|java\d|librdkafka)\/[a-z\d-]+$/.exec(await response.text())?.[0] ?? 'unreadable');
  }
  return values;
}

describe('Kafka identities', () => {
  const clients = kafkaIdentityClients().filter(({ inShortForm }) => inShortForm || checkForm === 'full');
  const login = new LoginService();
  const answers = new Map<KafkaIdentityClient, Promise<ReadonlyMap<string, IdentityAnswer>>>();
  let pulsar: PulsarWithAuth;
  let gateway: TestGateway;
  let attempts: Attempt[];

  beforeAll(async () => {
    pulsar = await startPulsarWithAuth();
    attempts = attemptsOf(pulsar, login);
    gateway = await startAll(pulsar, login);
    for (const { tenant, user } of [...attempts, ...clients.map(({ mark }) => renewalOf(mark))]) {
      for (const topic of [`of-${user}`, 'of-nobody']) await createTopic(tenant, topic);
    }
    // What the gateway granted when it made the namespace.
    await pulsar.revoke(gateway.namespaceOf('ungranted'), 'ungranted-service');
    const own = `${gateway.namespaceOf('delegated')}/of-rita`;
    await pulsar.admin('POST', `/persistent/${own}/permissions/rita`, ['produce']);
    runClients();
  }, 240_000);

  afterAll(async () => {
    await gateway?.stop();
    await pulsar?.stop();
  }, 60_000);

  async function createTopic(tenant: string, topic: string): Promise<void> {
    const path = `/persistent/${gateway.namespaceOf(tenant)}/${topic}/partitions`;
    await pulsar.admin('PUT', path, 1).catch((error: Error) => {
      if (!error.message.includes(': 409 ')) throw error;
    });
  }

  for (const client of clients) {
    const name = client.missing ? `${client.name} (${client.missing})` : client.name;
    const run = client.missing ? it.skip : it;
    run(
      name,
      async () => expect(faultsOf(client, await answers.get(client)!)).toEqual([]),
      clientTimeoutMs + 30_000,
    );
  }

  function attemptsBy({ mark }: KafkaIdentityClient): Attempt[] {
    return [renewalOf(mark), ...attempts];
  }

  /** All clients at once: most of the time they wait. */
  function runClients(): void {
    const bootstrap = gateway.kafka.replace('127.0.0.1', 'localhost');
    for (const client of clients) {
      if (client.missing === undefined) {
        const jobs = attemptsBy(client).map(({ user, ...each }) => {
          return { ...each, ownTopic: `of-${user}`, foreignTopic: 'of-nobody' };
        });
        answers.set(client, runIdentities(client, jobs, bootstrap, pulsar.caFile, clientTimeoutMs));
      }
    }
  }

  function faultsOf(client: KafkaIdentityClient, given: ReadonlyMap<string, IdentityAnswer>): string[] {
    const outcome = ({ own, foreign }: Pick<IdentityAnswer, 'own' | 'foreign'>) => `${own}, then ${foreign}`;
    return attemptsBy(client).flatMap((attempt) => {
      const answer = given.get(attempt.id)!;
      if (outcome(answer) === outcome(attempt)) return [];
      return [`${attempt.id}: ${outcome(answer)} instead of ${outcome(attempt)}: ${answer.told}`];
    });
  }

  it('have renewed their sessions on the connections that they had', async () => {
    await Promise.all(answers.values());
    const lines = gateway.log().split('\n');
    for (const { mark } of answers.keys()) {
      const user = `"user":"${renewingUser(mark)}"`;
      const own = lines.filter((line) => line.includes(user));
      expect([mark, own.some((line) => line.includes('"event":"session.renewed"'))]).toEqual([mark, true]);
    }
  });

  it('have written into the topics of their own tenants, and nowhere else', async () => {
    await Promise.all(answers.values());
    const marks = [...answers.keys()].map(({ mark }) => mark);
    for (const { tenant, user, own, id } of attempts) {
      const written = attempts.filter(
        (each) => each.own === 'written' && each.tenant === tenant && each.user === user,
      );
      const expected = written.flatMap((each) => marks.map((mark) => `${mark}/${each.id}`));
      const values = await valuesOf(pulsar, gateway.namespaceOf(tenant), `of-${user}`);
      expect([id, own, values.sort()]).toEqual([id, own, expected.sort()]);
    }
    for (const tenant of ['acme', 'delegated', 'proxied', 'ungranted']) {
      expect(await valuesOf(pulsar, gateway.namespaceOf(tenant), 'of-nobody')).toEqual([]);
    }
    expect(gateway.log()).not.toContain(password);
  });
});
