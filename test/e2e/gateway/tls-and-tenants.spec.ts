import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KafkaConfig } from 'kafkajs';
import { Certificates, hasOpenssl } from '../../../libs/transport/src/testing/certificates.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { pulsarAdmin } from '../../support/pulsar.js';
import { ConfigFolder, KafkaClients, kafkaErrorOf, plain, pulsegate, until } from './gateway-fixture.js';

// One TLS listener, two tenants, users of both with passwords from the environment.

const secret = () => randomBytes(18).toString('base64url');
const passwords = { alice: secret(), bob: secret(), reader: secret(), pulsar: secret() };
const title = hasOpenssl ? 'a TLS listener' : 'a TLS listener (skipped: there is no openssl command)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  const clients = new KafkaClients();
  let certificates: Certificates;
  let gateway: TestGateway;
  let ca: Buffer;
  beforeAll(async () => {
    certificates = new Certificates();
    const tls = certificates.make('gateway');
    ca = readFileSync(tls.certFile);
    gateway = await startGateway({
      tenants: [
        {
          name: 'acme',
          kafka: { autoCreateTopics: true, partitionsDefault: 2 },
          permissions: [
            { ...allowAll, principals: ['user:alice'] },
            { ...allowAll, principals: ['group:readers'], actions: ['consume'] },
          ],
          users: [
            { name: 'alice', passwordEnv: 'TEST_ALICE' },
            { name: 'reader', passwordEnv: 'TEST_READER', groups: ['readers'] },
          ] as never,
        },
        {
          name: 'beta',
          kafka: { autoCreateTopics: true, partitionsDefault: 1 },
          permissions: [allowAll],
          users: [{ name: 'bob', passwordEnv: 'TEST_BOB' }] as never,
        },
      ],
      listener: { defaultTenant: 'acme', tls: { ...tls, reloadIntervalMs: 200 } },
      config: {
        // Pulsar's authentication is off here: it takes every token.
        pulsar: { auth: { method: 'token', token: passwords.pulsar } },
      },
      env: {
        TEST_ALICE: passwords.alice,
        TEST_BOB: passwords.bob,
        TEST_READER: passwords.reader,
        PULSEGATE__log__level: 'debug',
        PULSEGATE__tenants__1__kafka__partitionsDefault: '3',
      },
    });
  });
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
    certificates?.remove();
  });

  const as = (username: string, password: string): Partial<KafkaConfig> => ({
    ...plain(username, password),
    ssl: { ca: [ca], servername: 'localhost' },
  });

  async function shake(): Promise<TLSSocket> {
    const port = Number(gateway.kafka.split(':')[1]);
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    return socket;
  }

  it('lets users in as tenant/user, user@tenant, and by the default tenant of the listener', async () => {
    for (const username of ['acme/alice', 'alice@acme', 'alice']) {
      const producer = await clients.producer(gateway.kafka, as(username, passwords.alice));
      const sent = await producer.send({ topic: 'orders', messages: [{ value: username, partition: 0 }] });
      expect([username, sent[0]?.errorCode]).toEqual([username, 0]);
    }
  });

  it('lets nobody else in', async () => {
    const denied: [string, string][] = [
      ['nobody/alice', passwords.alice],
      ['alice@nobody', passwords.alice],
      ['beta/alice', passwords.alice],
      ['bob', passwords.bob],
      ['acme/bob', passwords.bob],
      ['acme/alice', `${passwords.alice}x`],
      ['acme/anonymous', passwords.alice],
    ];
    for (const [username, password] of denied) {
      const error = await kafkaErrorOf(clients.admin(gateway.kafka, as(username, password)));
      expect([username, error]).toEqual([username, expect.stringMatching(/authentication failed/i)]);
    }
    const anonymous = await clients.admin(gateway.kafka, { ssl: { ca: [ca], servername: 'localhost' } });
    await expect(anonymous.listTopics()).rejects.toThrow();
  });

  it('keeps the same topic name of two tenants apart', async () => {
    const alice = await clients.producer(gateway.kafka, as('acme/alice', passwords.alice));
    const bob = await clients.producer(gateway.kafka, as('beta/bob', passwords.bob));
    const topic = 'shared-name';
    const send = async (producer: typeof alice, count: number) => {
      const messages = Array.from({ length: count }, () => ({ value: 'v', partition: 0 }));
      const [sent] = await producer.send({ topic, messages });
      return Number(sent?.baseOffset);
    };
    expect(await send(alice, 5)).toBe(0);
    expect(await send(bob, 1)).toBe(0);
    expect(await send(alice, 1)).toBe(5);
    const received = async (tenant: string) => {
      const path = `/persistent/${gateway.namespaceOf(tenant)}/${topic}/partitioned-stats`;
      const stats = (await pulsarAdmin('GET', path)) as {
        msgInCounter: number;
        metadata: { partitions: number };
      };
      return [stats.msgInCounter, stats.metadata.partitions];
    };
    expect(await received('acme')).toEqual([6, 2]);
    // Its number of partitions comes from the environment.
    expect(await received('beta')).toEqual([1, 3]);

    const admin = await clients.admin(gateway.kafka, as('beta/bob', passwords.bob));
    expect(await admin.listTopics()).toEqual([topic]);
    const namespace = gateway.namespaceOf('acme');
    for (const name of [
      `persistent://${namespace}/orders`,
      `${namespace}/orders`,
      'orders-partition-0',
      '../n',
    ]) {
      const error = await kafkaErrorOf(admin.fetchTopicMetadata({ topics: [name] }));
      expect([name, error]).toEqual([name, expect.stringMatching(/INVALID_TOPIC_EXCEPTION/)]);
    }
  });

  it('does for a user what its rules say', async () => {
    const reader = await clients.producer(gateway.kafka, as('reader', passwords.reader));
    const send = reader.send({ topic: 'orders', messages: [{ value: 'v' }] });
    expect(await kafkaErrorOf(send)).toBe('TOPIC_AUTHORIZATION_FAILED');
  });

  it('shows a new certificate to new connections, and keeps those that are up', async () => {
    const producer = await clients.producer(gateway.kafka, as('alice', passwords.alice));
    await producer.send({ topic: 'orders', messages: [{ value: 'before' }] });
    const held = await shake();
    const fingerprint = held.getPeerCertificate().fingerprint256;
    const next = certificates.make('next');
    copyFileSync(next.certFile, certificates.file('gateway.crt'));
    copyFileSync(next.keyFile, certificates.file('gateway.key'));
    await until('the new certificate is shown', async () => {
      const socket = await shake();
      const shown = socket.getPeerCertificate().fingerprint256;
      socket.destroy();
      return shown !== fingerprint;
    });
    expect(held.destroyed).toBe(false);
    held.destroy();
    // It trusts the former certificate only, so a connection of its own making would fail.
    const [sent] = await producer.send({ topic: 'orders', messages: [{ value: 'after' }] });
    expect(sent?.errorCode).toBe(0);
    await expect(clients.producer(gateway.kafka, as('alice', passwords.alice))).rejects.toThrow();
  });

  it('needs a key that is the certificate’s', async () => {
    const { certFile } = certificates.make('one');
    const { keyFile } = certificates.make('other');
    const folder = new ConfigFolder();
    const certificatesByName = [
      { serverNames: ['a.example'], certFile, keyFile: certificates.file('one.key') },
      { serverNames: ['b.example'], certFile: keyFile, keyFile },
      { serverNames: ['c.example'], certFile, keyFile: certificates.file('none.key') },
      { serverNames: ['d.example'], certFile, keyFile },
    ];
    const tls = { certFile, keyFile, certificates: certificatesByName };
    const listener = { name: 'kafka', port: 0, tls };
    const file = folder.write('pair.yaml', JSON.stringify({ kafka: { listeners: [listener] } }));
    const { status, stdout } = await pulsegate(['check-config', '--json', '--config', file]);
    folder.remove();
    expect(status).toBe(2);
    const message = 'is not the key of the certificate in certFile';
    const key = (rest: string) => `kafka.listeners.0.tls.${rest}`;
    expect(JSON.parse(stdout).faults).toMatchObject([
      { key: key('keyFile'), message },
      { key: key('certificates.1.certFile'), message: expect.stringContaining('holds no certificate') },
      { key: key('certificates.2.keyFile'), message: expect.stringContaining('there is no file') },
      { key: key('certificates.3.keyFile'), message },
    ]);
  });

  it('writes no secret into its log, at the finest level', async () => {
    const log = gateway.log();
    expect(log).toContain('"level":"debug"');
    expect(log).toContain('"event":"security.effective"');
    for (const [name, each] of Object.entries(passwords)) {
      for (const form of [each, Buffer.from(each).toString('base64').replace(/=+$/, '')]) {
        expect([name, log.includes(form)]).toEqual([name, false]);
      }
    }
  });
});
