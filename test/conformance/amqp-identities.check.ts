// Every way to say who one is that stock clients of both AMQPs have: right and wrong, and what each user may then do.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScramVerifier, formatUsersFile, scramCredential } from '#libs/auth';
import { ScramClient } from '../../libs/kafka-gateway/src/testing/scram-client.js';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import {
  type AmqpAttempt,
  type AmqpCredentials,
  type AmqpOutcome,
  attemptAmqpClientJs,
  attemptAmqplib,
  attemptRhea,
} from '../support/amqp-identity.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { LoginService } from '../support/login-token.js';

const password = 'a pass word, with = and : in it';
/** `of-<user>` is the user's own queue, and nobody has `of-nobody`. */
const ownQueues = {
  principals: ['*'],
  actions: ['*'],
  resource: { type: '*', match: 'literal', name: 'of-%u' },
} as const;

type Client = 'rhea (AMQP 1.0)' | 'amqplib (AMQP 0-9-1)' | 'amqp-client.js (AMQP 0-9-1)';

const attempts: Readonly<Record<Client, (attempt: AmqpAttempt) => Promise<AmqpOutcome>>> = {
  'rhea (AMQP 1.0)': attemptRhea,
  'amqplib (AMQP 0-9-1)': attemptAmqplib,
  'amqp-client.js (AMQP 0-9-1)': attemptAmqpClientJs,
};
const all = Object.keys(attempts) as Client[];

interface Way {
  readonly name: string;
  readonly user: string;
  /** Those that have it: RabbitMQ's have neither SCRAM nor OAUTHBEARER, but a token in the place of a password. */
  readonly clients: readonly Client[];
  readonly right: () => AmqpCredentials;
  readonly wrong: () => AmqpCredentials;
}

const login = new LoginService();
const certificates = new Certificates();
let gateway: TestGateway;

const byPassword = (username: string, secret: string): AmqpCredentials => ({ username, password: secret });
const jwt = (user: string) => login.token({ sub: user, tenant: 'acme' });
const forged = (user: string) => login.forgedToken({ sub: user, tenant: 'acme' });

function byScram(user: string, secret: string): AmqpCredentials {
  const client = new ScramClient(user, secret);
  const next = (challenge: Buffer) => client.final(challenge);
  return { mechanism: { name: 'SCRAM-SHA-256', first: () => client.first(), next } };
}

function byBearer(token: string): AmqpCredentials {
  const first = () => Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);
  // What the server says is wrong is answered with one byte (RFC 7628, 3.2.3).
  return { mechanism: { name: 'OAUTHBEARER', first, next: () => Buffer.of(1) } };
}

function byCertificate(name: string): AmqpCredentials {
  const { certFile, keyFile } = certificates.make(name, 'authority', { keyUsage: 'clientAuth' });
  const [cert, key, ca] = [certFile, keyFile, certificates.file('authority.crt')].map((file) =>
    readFileSync(file),
  ) as [Buffer, Buffer, Buffer];
  return { certificate: { cert, key, ca } };
}

const ways: readonly Way[] = [
  {
    ...{ name: 'PLAIN', user: 'paula', clients: all },
    right: () => byPassword('acme/paula', password),
    wrong: () => byPassword('acme/paula', `${password}!`),
  },
  {
    ...{ name: 'PLAIN of another tenant', user: 'paula', clients: all },
    right: () => byPassword('paula@acme', password),
    wrong: () => byPassword('beta/paula', password),
  },
  {
    ...{ name: 'a JWT as password', user: 'jan', clients: all },
    right: () => byPassword('jwt', jwt('jan')),
    wrong: () => byPassword('jwt', forged('jan')),
  },
  {
    ...{ name: 'SCRAM-SHA-256', user: 'sam', clients: ['rhea (AMQP 1.0)'] },
    right: () => byScram('acme/sam', password),
    wrong: () => byScram('acme/sam', `${password}!`),
  },
  {
    ...{ name: 'OAUTHBEARER', user: 'olga', clients: ['rhea (AMQP 1.0)'] },
    right: () => byBearer(jwt('olga')),
    wrong: () => byBearer(forged('olga')),
  },
  {
    ...{ name: 'a certificate', user: 'mia', clients: ['rhea (AMQP 1.0)', 'amqplib (AMQP 0-9-1)'] },
    right: () => byCertificate('mia'),
    wrong: () => byCertificate('nobody'),
  },
];

beforeAll(async () => {
  if (hasOpenssl) certificates.make('authority');
  const tls = hasOpenssl && {
    ...certificates.make('gateway', 'authority', { dnsNames: ['localhost'] }),
    ...{ caFile: certificates.file('authority.crt'), clientAuth: 'request' },
  };
  const [keysFile, usersFile] = [certificates.file('issuer.pem'), certificates.file('users.yaml')];
  writeFileSync(keysFile, login.publicKeyPem);
  const verifiers = [formatScramVerifier(await scramCredential(password, 'SCRAM-SHA-256'))];
  writeFileSync(usersFile, formatUsersFile([{ tenant: 'acme', name: 'sam', groups: [], verifiers }]));
  const { issuer, audience } = login;
  gateway = await startGateway({
    tenants: [
      { name: 'acme', users: [{ name: 'paula', password }], permissions: [ownQueues] },
      { name: 'beta', users: [{ name: 'paula', password: 'other' }], permissions: [ownQueues] },
    ],
    amqp: { ...(tls && { tls }) },
    config: {
      authentication: {
        // Every client fails from the same address here.
        failuresPerAddressBurst: 1_000,
        usersFile,
        jwt: [
          {
            ...{ name: 'login', issuer, audience: [audience], algorithms: ['ES256'], keysFile },
            claims: { tenant: 'tenant' },
          },
        ],
        certificates: [{ from: 'subject.CN', match: 'm*a', user: '$0', tenant: 'acme' }],
      },
    },
  });
}, 60_000);

afterAll(async () => {
  await gateway?.stop();
  certificates.remove();
});

for (const way of ways) {
  const canRun = hasOpenssl || way.name !== 'a certificate';
  const title = canRun ? way.name : `${way.name} (skipped: there is no openssl command)`;
  (canRun ? describe : describe.skip)(title, () => {
    it.each(way.clients)(
      '%s is who it says, and nobody else',
      async (client) => {
        const attempt = (credentials: AmqpCredentials, queue: string) => {
          const address = credentials.certificate ? gateway.amqp.tls : gateway.amqp.tcp;
          return attempts[client]({ ...credentials, address, queue });
        };
        // What a client proves in a conversation it proves once.
        expect(await attempt(way.right(), `of-${way.user}`)).toBe('sent');
        expect(await attempt(way.right(), 'of-nobody')).toBe('forbidden');
        expect(await attempt(way.wrong(), `of-${way.user}`)).toBe('refused');
      },
      30_000,
    );
  });
}

it('keeps secrets out of the log', () => {
  expect(gateway.log()).not.toContain(password);
});
