// Identities that end while their connections are up: users that are removed or changed, tokens that expire.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScramVerifier, formatUsersFile, scramCredential } from '#libs/auth';
import {
  fetchApi,
  KafkaErrorCode,
  metadataApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { LoginService } from '../../support/login-token.js';
import { createPartitionedTopic } from '../../support/pulsar.js';

/** The users file is looked at every second. */
const heededMsMax = 15_000;
const renewalIntervalMs = 1_050;

const plain = (user: string, password: string) => Buffer.from(`\0${user}\0${password}`);
const bearer = (token: string) => Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);

describe('an identity that ends', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-identities-'));
  const usersFile = join(folder, 'users.yaml');
  const login = new LoginService();
  const verifiers = new Map<string, string>();
  let gateway: TestGateway;

  beforeAll(async () => {
    for (const password of ['first', 'second']) {
      verifiers.set(password, formatScramVerifier(await scramCredential(password, 'SCRAM-SHA-256')));
    }
    writeUsers({ ann: 'first', bob: 'first' });
    const keysFile = join(folder, 'issuer.pem');
    writeFileSync(keysFile, login.publicKeyPem);
    const { issuer, audience } = login;
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [allowAll] }],
      listener: { defaultTenant: 'acme' },
      config: {
        authentication: {
          usersFile,
          jwt: [
            {
              ...{ name: 'login', issuer, audience: [audience], algorithms: ['ES256'], keysFile },
              ...{ tenant: 'acme', clockToleranceMs: 0 },
            },
          ],
        },
      },
    });
    await createPartitionedTopic(gateway.namespaceOf('acme'), 't', 1);
  }, 120_000);

  afterAll(async () => {
    await gateway?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Passwords by user. */
  function writeUsers(users: Readonly<Record<string, string>>): void {
    const all = Object.entries(users).map(([name, password]) => {
      return { tenant: 'acme', name, groups: [], verifiers: [verifiers.get(password)!] };
    });
    writeFileSync(usersFile, formatUsersFile(all));
  }

  async function authenticate(client: KafkaSocket, mechanism: string, authBytes: Buffer) {
    const handshake = await client.call(saslHandshakeApi, 1, { mechanism });
    expect(handshake.errorCode).toBe(KafkaErrorCode.NONE);
    return client.call(saslAuthenticateApi, 2, { authBytes });
  }

  /** A client that was let in. */
  async function clientOf(mechanism: string, authBytes: Buffer): Promise<KafkaSocket> {
    const client = await KafkaSocket.open(gateway.kafka);
    expect(await authenticate(client, mechanism, authBytes)).toMatchObject({
      errorCode: KafkaErrorCode.NONE,
    });
    await isServed(client);
    return client;
  }

  async function isServed(client: KafkaSocket): Promise<void> {
    const { topics } = await client.call(metadataApi, 9, { topics: [{ name: 't' }] });
    expect(topics[0]?.errorCode).toBe(KafkaErrorCode.NONE);
  }

  async function untilClosed(client: KafkaSocket, msMax: number): Promise<void> {
    for (const end = Date.now() + msMax; !client.closed && Date.now() < end; ) await delay(20);
    expect(client.closed).toBe(true);
  }

  /** A read that waits for what never comes. */
  function longPoll(client: KafkaSocket): Promise<unknown> {
    const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000 }];
    const body = { maxWaitMs: 30_000, minBytes: 1, maxBytes: 1_000, topics: [{ topic: 't', partitions }] };
    return client.call(fetchApi, 4, body);
  }

  it.each([
    ['is removed', {}],
    ['gets another password', { ann: 'second' }],
  ])(
    'ends the connections of a user that %s, those that wait for an answer too',
    async (_what, change) => {
      writeUsers({ ann: 'first', bob: 'first' });
      await delay(1_500);
      const [idle, reading] = [
        await clientOf('PLAIN', plain('ann', 'first')),
        await clientOf('PLAIN', plain('ann', 'first')),
      ];
      const bystander = await clientOf('PLAIN', plain('bob', 'first'));
      const read = longPoll(reading).then(
        () => 'answered',
        () => 'cut off',
      );
      writeUsers({ bob: 'first', ...change });
      await Promise.all([untilClosed(idle, heededMsMax), untilClosed(reading, heededMsMax)]);
      expect(await read).toBe('cut off');
      const again = await KafkaSocket.open(gateway.kafka);
      expect(await authenticate(again, 'PLAIN', plain('ann', 'first'))).toMatchObject({
        errorCode: KafkaErrorCode.SASL_AUTHENTICATION_FAILED,
      });
      await isServed(bystander);
      bystander.destroy();
    },
    30_000,
  );

  it('ends with its token, whether the client asks for something or not', async () => {
    const [asking, idle] = await Promise.all(
      [1, 2].map(() => clientOf('OAUTHBEARER', bearer(login.token({ sub: 'olga' }, 2)))),
    );
    await isServed(asking!);
    await delay(2_050);
    await expect(isServed(asking!)).rejects.toThrow('ended');
    await untilClosed(idle!, 15_000);
  }, 30_000);

  it('goes on with a new token of the same user, and not with one of another', async () => {
    const token = (sub: string, seconds: number) => bearer(login.token({ sub }, seconds));
    const renewing = await clientOf('OAUTHBEARER', token('olga', 3));
    const turning = await clientOf('OAUTHBEARER', token('olga', 30));
    await delay(renewalIntervalMs);
    const renewed = await authenticate(renewing, 'OAUTHBEARER', token('olga', 60));
    expect(renewed.errorCode).toBe(KafkaErrorCode.NONE);
    expect(Number(renewed.sessionLifetimeMs)).toBeGreaterThan(50_000);
    expect(await authenticate(turning, 'OAUTHBEARER', token('paul', 60))).toMatchObject({
      errorCode: KafkaErrorCode.SASL_AUTHENTICATION_FAILED,
    });
    await untilClosed(turning, 15_000);
    await delay(2_500);
    await isServed(renewing);
    renewing.destroy();
  }, 30_000);

  it('is never there with a token that has expired, or is of somebody else', async () => {
    for (const token of [login.token({ sub: 'olga' }, -1), login.forgedToken({ sub: 'olga' })]) {
      const client = await KafkaSocket.open(gateway.kafka);
      expect(await authenticate(client, 'OAUTHBEARER', bearer(token))).toMatchObject({
        errorCode: KafkaErrorCode.SASL_AUTHENTICATION_FAILED,
      });
      await untilClosed(client, 15_000);
      expect(gateway.log()).not.toContain(token);
    }
  });
});
