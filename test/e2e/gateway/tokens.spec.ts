// Tokens of two issuers open a running gateway: who they make a client, how long it lasts, and what ends it.
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { kafkaErrorName, metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { json, KeyServer } from '../../../libs/auth/src/jwt/testing/key-server.js';
import { jwksOf, signed, type TestKey, testKey } from '../../../libs/auth/src/jwt/testing/test-issuer.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { pulsarAdmin } from '../../support/pulsar.js';
import { KafkaClients, kafkaErrorOf, plain, until } from './gateway-fixture.js';

const issuer = 'https://id.example';
const secret = 'the secret of the devices, 32 bytes and more';
const [current, coming, stranger] = [testKey('RS256', 'a'), testKey('ES256', 'b'), testKey('RS256', 'a')];
const audience = 'pulsegate';
const inSeconds = (seconds: number) => Date.now() / 1_000 + seconds;

function corp(key: TestKey, claims: object = {}): string {
  const who = { sub: 'alice', org: 'acme', roles: ['writers'] };
  return signed(key, { iss: issuer, aud: audience, exp: inSeconds(600), ...who, ...claims });
}

function device(claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = { iss: 'devices', aud: audience, exp: inSeconds(600), ...claims };
  const input = `${encode({ alg: 'HS256' })}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('tokens', () => {
  const clients = new KafkaClients();
  const sockets: KafkaSocket[] = [];
  let keys: KeyServer;
  let gateway: TestGateway;

  beforeAll(async () => {
    keys = await KeyServer.start(json(jwksOf(current)));
    const permissions = [{ ...allowAll, principals: ['group:writers', 'user:sensor'] }];
    const kafka = { autoCreateTopics: true };
    const tenants = ['acme', 'beta'].map((name) => ({ name, kafka, permissions }));
    const from = { audience: [audience], refreshMs: 1_000 };
    gateway = await startGateway({
      tenants,
      config: {
        authentication: {
          failureFloorMs: 0,
          failuresPerAddressBurst: 1_000,
          jwt: [
            {
              ...{ ...from, name: 'corp', issuer, jwksUrl: keys.url, clockToleranceMs: 0 },
              ...{ algorithms: ['RS256', 'ES256'], claims: { tenant: 'org', groups: 'roles' } },
            },
            {
              ...{ name: 'devices', issuer: 'devices', audience: [audience], algorithms: ['HS256'] },
              ...{ secretEnv: 'TEST_DEVICES', tenant: 'beta' },
            },
          ] as never,
        },
      },
      env: { TEST_DEVICES: secret },
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await clients.disconnect();
  });
  afterAll(async () => {
    await gateway?.stop();
    await keys?.stop();
  });

  /** `OAUTHBEARER` (RFC 7628) on a connection of its own, or again on one that is up. */
  async function bear(token: string, again?: KafkaSocket) {
    const socket = again ?? (await KafkaSocket.open(gateway.kafka));
    sockets.push(socket);
    await socket.call(saslHandshakeApi, 1, { mechanism: 'OAUTHBEARER' });
    const authBytes = Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`);
    const { errorCode, sessionLifetimeMs } = await socket.call(saslAuthenticateApi, 2, { authBytes });
    return { socket, error: kafkaErrorName(errorCode), sessionLifetimeMs: Number(sessionLifetimeMs) };
  }

  const alive = (socket: KafkaSocket) => socket.call(metadataApi, 12, { topics: [] });
  const hasTopic = async (tenant: string, topic: string) => {
    const topics = await pulsarAdmin('GET', `/persistent/${gateway.namespaceOf(tenant)}/partitioned`);
    return JSON.stringify(topics).includes(`/${topic}"`);
  };

  it('as passwords make the client a user of their tenant, with their groups', async () => {
    const send = async (username: string, token: string, topic: string) => {
      const producer = await clients.producer(gateway.kafka, plain(username, token));
      await producer.send({ topic, messages: [{ value: 'v' }] });
    };
    await send('token', corp(current), 'of-acme');
    await send('alice', corp(current, { org: 'beta' }), 'of-beta');
    await send('jwt', corp(current, { filler: 'x'.repeat(10_000) }), 'of-acme');
    await send('beta/sensor', device({ sub: 'sensor' }), 'of-sensor');
    const places = ['of-acme', 'of-beta', 'of-sensor'].map(async (topic) => [
      await hasTopic('acme', topic),
      await hasTopic('beta', topic),
    ]);
    expect(await Promise.all(places)).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
    await expect(send('token', corp(current, { roles: ['readers'] }), 'denied')).rejects.toThrow();
    expect(await hasTopic('acme', 'denied')).toBe(false);
  });

  it.each([
    ['of nobody', 'token', () => corp(stranger)],
    ['for somebody else', 'token', () => corp(current, { aud: 'another' })],
    ['that have expired', 'token', () => corp(current, { exp: inSeconds(-1) })],
    ['for later', 'token', () => corp(current, { nbf: inSeconds(60) })],
    ['of no tenant', 'token', () => corp(current, { org: undefined })],
    ['of an unknown tenant', 'token', () => corp(current, { org: 'gamma' })],
    ["beside another user's name", 'bob', () => corp(current)],
    ["beside another tenant's name", 'beta/alice', () => corp(current)],
    ['of devices that are of another tenant', 'acme/sensor', () => device({ sub: 'sensor', org: 'acme' })],
    ['of another issuer', 'token', () => corp(current, { iss: 'https://other.example' })],
    ["of one issuer by the other's key", 'token', () => corp(current, { iss: 'devices' })],
    ['of 17 KB', 'token', () => corp(current, { filler: 'x'.repeat(17_000) })],
  ])('%s open nothing', async (_, username, token) => {
    const attempt = clients.producer(gateway.kafka, plain(username, token()));
    expect(await kafkaErrorOf(attempt)).toMatch(/authentication failed/i);
    if (username === 'token') expect((await bear(token())).error).toBe('SASL_AUTHENTICATION_FAILED');
  });

  it('end the connection when they expire, unless it is renewed before', async () => {
    const idle = await bear(corp(current, { exp: inSeconds(2.5) }));
    expect(idle.sessionLifetimeMs).toBeGreaterThan(1_000);
    expect(idle.sessionLifetimeMs).toBeLessThanOrEqual(2_500);
    const renewed = await bear(corp(current, { exp: inSeconds(2.5) }));
    await delay(1_200);
    await alive(idle.socket);
    const longer = await bear(corp(current, { exp: inSeconds(60) }), renewed.socket);
    expect(longer.error).toBe('NONE');
    expect(longer.sessionLifetimeMs).toBeGreaterThan(50_000);
    await until('the idle connection was ended', async () => idle.socket.closed, 20_000);
    await alive(renewed.socket);
  });

  it('let nothing through after they have expired, however busy the client is', async () => {
    const exp = inSeconds(2);
    const { socket } = await bear(corp(current, { exp }));
    let servedMs = 0;
    const ask = async () => {
      for (;;) {
        const askedMs = Date.now();
        await alive(socket);
        servedMs = Math.max(servedMs, askedMs);
        await delay(5);
      }
    };
    await expect(Promise.all([ask(), ask(), ask()])).rejects.toThrow('the connection has ended');
    expect(servedMs).toBeGreaterThan(exp * 1_000 - 1_500);
    // Asked and looked at by two processes with one clock.
    expect(servedMs).toBeLessThan(exp * 1_000 + 100);
  });

  it('are renewed by a stock client as long as it gets new ones', async () => {
    let tokens = 0;
    const oauthBearerProvider = async () => {
      tokens++;
      return { value: corp(current, { exp: inSeconds(3) }) };
    };
    const sasl = { mechanism: 'oauthbearer', oauthBearerProvider } as const;
    const producer = await clients.producer(gateway.kafka, { sasl, reauthenticationThreshold: 1_500 });
    const until = Date.now() + 8_000;
    let sent = 0;
    while (Date.now() < until) {
      await producer.send({ topic: 'renewed', messages: [{ value: `${sent}` }] });
      sent++;
      await delay(100);
    }
    expect(sent).toBeGreaterThan(20);
    expect(tokens).toBeGreaterThanOrEqual(4);
  });

  it('are not remembered past their end', async () => {
    const short = corp(current, { exp: inSeconds(2) });
    expect((await bear(short)).error).toBe('NONE');
    expect((await bear(short)).error).toBe('NONE');
    await delay(2_100);
    expect((await bear(short)).error).toBe('SASL_AUTHENTICATION_FAILED');
  });

  it('end when the key that signed them is taken out, however long they say that they last', async () => {
    keys.answer = json(jwksOf(current, coming));
    const forever = corp(current, { exp: 253_402_300_799, sub: 'thief' });
    const stolen = await bear(forever);
    await alive(stolen.socket);
    await until('the new key is known', async () => (await bear(corp(coming))).error === 'NONE', 20_000);
    const stays = await bear(corp(coming));
    keys.answer = json(jwksOf(coming));
    await until('the connection of the old key was ended', async () => stolen.socket.closed, 20_000);
    expect((await bear(forever)).error).toBe('SASL_AUTHENTICATION_FAILED');
    await alive(stays.socket);
  });

  it('serve on while the issuer is away', async () => {
    keys.answer = (request) => void request.socket.destroy();
    await until('it was noticed', async () => gateway.log().includes('jwt.keys-unavailable'), 20_000);
    expect((await bear(corp(coming))).error).toBe('NONE');
    // Nobody can say whether that is right: the client may come again.
    await expect(bear(corp(current))).rejects.toThrow('the connection has ended');
    keys.answer = json(jwksOf(coming, current));
    await until(
      'it was noticed',
      async () =>
        gateway.log().lastIndexOf('jwt.keys-read') > gateway.log().lastIndexOf('jwt.keys-unavailable'),
      20_000,
    );
    expect((await bear(corp(current))).error).toBe('NONE');
  });

  it('show how old the keys of their issuers are', async () => {
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const ages = [...metrics.matchAll(/^pulsegate_token_keys_age_seconds\{issuer="(\w+)"\} ([\d.e-]+)$/gm)];
    expect(ages.map(([, name]) => name)).toEqual(['corp', 'devices']);
    expect(Number(ages[0]?.[2])).toBeLessThan(60);
  });

  it('are never in the log, and why they were refused is', async () => {
    const token = corp(stranger);
    await bear(token);
    const log = gateway.log();
    expect(log).toContain('jwt.refused');
    for (const part of token.split('.')) expect(log).not.toContain(part);
    expect(log).not.toContain(secret);
  });
});
