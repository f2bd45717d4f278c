import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KafkaConfig } from 'kafkajs';
import { saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { ConfigFolder, type Ended, KafkaClients, kafkaErrorOf, pulsegate, until } from './gateway-fixture.js';

// Users that come, change and go while the gateway runs, by the command and by stock clients.

type Mechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

describe('users of a users file', () => {
  const clients = new KafkaClients();
  const folder = new ConfigFolder();
  const file = join(folder.path, 'users.yaml');
  const passwords = { first: randomBytes(12).toString('hex'), second: randomBytes(12).toString('hex') };
  let gateway: TestGateway;

  const user = (args: readonly string[], input?: string): Promise<Ended> =>
    pulsegate(['user', ...args, '--file', file], {}, input);
  const sasl = (username: string, password: string, mechanism: Mechanism = 'plain') =>
    ({ sasl: { mechanism, username, password } }) as Partial<KafkaConfig>;
  const connects = async (username: string, password: string, mechanism?: Mechanism) =>
    (await kafkaErrorOf(clients.admin(gateway.kafka, sasl(username, password, mechanism)))) === 'none';

  beforeAll(async () => {
    expect(await user(['add', 'alice', '--tenant', 'acme'], `${passwords.first}\n`)).toMatchObject({
      status: 0,
    });
    gateway = await startGateway({
      tenants: [
        {
          name: 'acme',
          kafka: { autoCreateTopics: true },
          permissions: [{ ...allowAll, principals: ['group:all'] }],
        },
        { name: 'beta', permissions: [allowAll] },
      ],
      listener: { defaultTenant: 'acme' },
      config: { authentication: { usersFile: file, failuresPerAddressBurst: 1_000 } },
    });
  });
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
    folder.remove();
  });

  it('is readable to its owner alone, and holds no password', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(passwords.first);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'come in by %s, and nobody else does',
    async (mechanism) => {
      expect(await connects('alice', passwords.first, mechanism)).toBe(true);
      expect(await connects('acme/alice', passwords.first, mechanism)).toBe(true);
      expect(await connects('alice', passwords.second, mechanism)).toBe(false);
      expect(await connects('beta/alice', passwords.first, mechanism)).toBe(false);
      expect(await connects('bob', passwords.first, mechanism)).toBe(false);
    },
  );

  it('come while the gateway runs, with their groups', async () => {
    const added = await user(
      ['add', 'bob', '--tenant', 'acme', '--groups', 'all', '--mechanism', 'scrypt'],
      passwords.first,
    );
    expect(added).toMatchObject({ status: 0, stderr: '' });
    await until('bob is known', () => connects('bob', passwords.first));
    const producer = await clients.producer(gateway.kafka, sasl('bob', passwords.first));
    const [sent] = await producer.send({ topic: 'orders', messages: [{ value: 'v' }] });
    expect(sent?.errorCode).toBe(0);
    // No verifier of this mechanism was asked for.
    expect(await connects('bob', passwords.first, 'scram-sha-256')).toBe(false);
  });

  it('lose their connections with their password, and come again with the new one', async () => {
    const alice = await clients.admin(gateway.kafka, sasl('alice', passwords.first));
    const bob = await clients.admin(gateway.kafka, sasl('bob', passwords.first));
    await user(['add', 'alice', '--tenant', 'acme', '--groups', 'all'], passwords.second);
    await until('alice is sent away', async () => (await kafkaErrorOf(alice.listTopics())) !== 'none');
    await bob.listTopics();
    expect(await connects('alice', passwords.first)).toBe(false);
    expect(await connects('alice', passwords.second, 'scram-sha-512')).toBe(true);
  });

  it('are gone when they are removed', async () => {
    expect(await user(['remove', 'bob', '--tenant', 'acme'])).toMatchObject({ status: 0 });
    await until('bob is unknown', async () => !(await connects('bob', passwords.first)));
    expect(await user(['remove', 'bob', '--tenant', 'acme'])).toMatchObject({ status: 1 });
    const list = await user(['list', '--json']);
    expect(JSON.parse(list.stdout)).toEqual([
      { tenant: 'acme', name: 'alice', groups: ['all'], verifiers: ['scram-sha-256', 'scram-sha-512'] },
    ]);
  });

  /** What a client hears of a user: the challenge without the nonce, and the refusal of a proof that is wrong. */
  async function heardOf(username: string): Promise<{ challenge: string; refusal: unknown }> {
    const socket = await KafkaSocket.open(gateway.kafka);
    await socket.call(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' });
    const say = (text: string) => socket.call(saslAuthenticateApi, 2, { authBytes: Buffer.from(text) });
    const { authBytes } = await say(`n,,n=${username},r=abcdefghijkl`);
    const [nonce = '', ...challenge] = authBytes.toString().split(',');
    const refusal = await say(`c=biws,${nonce},p=${Buffer.alloc(32).toString('base64')}`);
    socket.destroy();
    return { challenge: challenge.join(), refusal };
  }

  it('look like those that do not exist, also after a restart', async () => {
    const [alice, nobody, elsewhere] = [
      await heardOf('alice'),
      await heardOf('nobody'),
      await heardOf('nowhere/alice'),
    ];
    const shape = ({ challenge }: { challenge: string }) =>
      challenge.replace(/s=[^,]+/, (salt) => `${salt.length}`);
    expect(new Set([alice, nobody, elsewhere].map(shape)).size).toBe(1);
    expect(nobody.refusal).toEqual(alice.refusal);
    expect(elsewhere.refusal).toEqual(alice.refusal);
    await gateway.restart();
    expect((await heardOf('nobody')).challenge).toBe(nobody.challenge);
    expect((await heardOf('acme/nobody')).challenge).toBe(nobody.challenge);
    expect((await heardOf('alice')).challenge).toBe(alice.challenge);
    expect((await heardOf('nobody2')).challenge).not.toBe(nobody.challenge);
  });

  it('stay when the file becomes useless', async () => {
    writeFileSync(file, 'users: [');
    await until('it is told', async () => gateway.log().includes('"event":"users-file.refused"'));
    expect(await connects('alice', passwords.second)).toBe(true);
    expect(await user(['add', 'eve', '--tenant', 'acme'], 'x')).toMatchObject({ status: 1 });
    expect(readFileSync(file, 'utf8')).toBe('users: [');
  });

  it.each([
    [['add', 'a/b', '--tenant', 'acme'], 1],
    [['add', 'anonymous', '--tenant', 'acme'], 1],
    [['add', 'a', '--tenant', 'public'], 1],
    [['add', 'a', '--tenant', 'acme', '--mechanism', 'md5'], 2],
    [['add', 'a', '--tenant', 'acme', '--groups', 'a b'], 1],
    [['add', 'a'], 2],
  ])('cannot be made by %j', async (args, status) => {
    expect((await user(args, passwords.first)).status).toBe(status);
  });

  it('need a password', async () => {
    const other = join(folder.path, 'other.yaml');
    for (const input of ['', '\n']) {
      const { status, stderr } = await pulsegate(
        ['user', 'add', 'a', '--tenant', 'acme', '--file', other],
        {},
        input,
      );
      expect([status, stderr]).toEqual([1, expect.stringContaining('no password')]);
    }
    expect(existsSync(other)).toBe(false);
  });

  it('leave no secret in the log', () => {
    for (const password of Object.values(passwords)) expect(gateway.log()).not.toContain(password);
  });
});
