// What is tried by every protocol alike, at one gateway: to be given what is another's, to be carried elsewhere, to carry too much.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { upgradeRequest } from '../../libs/transport/src/testing/websocket-client.js';
import { openAmqp091Wire } from '../support/amqp091-wire.js';
import { openAmqpWire } from '../support/amqp-wire.js';
import { FaultyLink } from '../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { KafkaSocket } from '../support/kafka-socket.js';
import { MqttWire } from '../support/mqtt-wire.js';
import { testPulsar } from '../support/pulsar.js';
import { answerUntilClosed } from './first-words.js';
import { type Headers, type ProtocolLine, protocolLines } from './protocol-lines.js';

const tenants = ['acme', 'beta'] as const;
const password = 'secret';
const troubleMs = 4_000;
let link: FaultyLink;
let gateway: TestGateway;

beforeAll(async () => {
  link = await FaultyLink.start();
  gateway = await startGateway({
    tenants: tenants.map((name) => ({
      ...{ name, permissions: [allowAll], users: [{ name: 'app', password }] },
      kafka: { autoCreateTopics: true },
    })),
    ...{ mqtt: {}, amqp: {} },
    config: {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      authentication: {
        jwt: [
          {
            ...{
              name: 'corp',
              issuer: 'corp',
              audience: ['pulsegate'],
              algorithms: ['HS256'],
              tenant: 'acme',
            },
            secretEnv: 'CORP_SECRET',
          },
        ],
      },
    },
    env: { CORP_SECRET: 'a-secret-of-more-than-32-characters-for-hs256' },
  });
}, 120_000);

afterAll(async () => {
  await gateway?.stop();
  await link?.stop();
});

describe.each(protocolLines)('%s', (_protocol, open) => {
  it('keeps what traces say as it came, whatever there is of it, and adds none', async () => {
    const came: Headers[] = [];
    const line = await open(gateway, { tenant: 'acme', password, name: 'traced' }, (_body, headers) =>
      came.push(headers),
    );
    const traced: Headers = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: Array.from({ length: 500 }, (_, at) => `vendor${at}=${'x'.repeat(20)}`).join(','),
      baggage: Array.from({ length: 1_000 }, (_, at) => `key${at}=value${at}`).join(','),
    };
    await line.send(Buffer.from('traced'), traced);
    await line.send(Buffer.from('plain'));
    await until(() => came.length === 2);
    await line.close();
    expect(came).toEqual([traced, {}]);
  }, 30_000);
});

describe('two tenants that say the same names', () => {
  it('are given their own bytes alone, while what carries them is cut and stalls', async () => {
    const lines: ProtocolLine[] = [];
    const wrong: string[] = [];
    const received = new Map<string, number>();
    for (const [protocol, open] of protocolLines) {
      for (const tenant of tenants) {
        const own = canaryOf(tenant);
        const line = await open(gateway, { tenant, password, name: 'canary' }, (body) => {
          const isOwn = body.length > 0 && body.every((byte) => byte === own);
          if (!isOwn) wrong.push(`${tenant} by ${protocol}: ${body.toString('latin1', 0, 40)}`);
          received.set(`${protocol} ${tenant}`, (received.get(`${protocol} ${tenant}`) ?? 0) + 1);
        });
        lines.push(line);
      }
    }
    const endMs = performance.now() + troubleMs;
    const sending = lines.map(async (line, at) => {
      const own = canaryOf(tenants[at % tenants.length]!);
      for (let round = 0; performance.now() < endMs; round++) {
        // Of all sizes that buffers are shared, cut and copied at.
        const bytes = [1, 100, 2_000, 5_000, 20_000, 70_000][round % 6]!;
        const sent = line.send(Buffer.alloc(bytes, own)).catch(() => undefined);
        if (round % 10 === 9) await Promise.race([sent, delay(1_000)]);
      }
    });
    for (let round = 0; performance.now() < endMs; round++) {
      await delay(400);
      if (round % 2 === 0) link.cut();
      else link.stall(200);
    }
    link.heal();
    await Promise.all(sending);
    await until(() => received.size === lines.length);
    await Promise.allSettled(lines.map((line) => line.close()));
    expect(wrong).toEqual([]);
  }, 60_000);
});

describe('a host that clients name', () => {
  let elsewhere: Server;
  let host: string;
  let visits = 0;

  beforeAll(async () => {
    elsewhere = createServer((socket) => {
      visits++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    host = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  });
  afterAll(() => void elsewhere.close());

  /** A token that says where its key is. */
  function token(): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = { alg: 'HS256', kid: 'other', jku: `http://${host}/jwks`, x5u: `http://${host}/cert` };
    const claims = { iss: 'corp', aud: 'pulsegate', sub: 'app', exp: Math.floor(Date.now() / 1_000) + 60 };
    return `${part(header)}.${part(claims)}.${Buffer.alloc(32).toString('base64url')}`;
  }

  it('is connected to by none of the protocols', async () => {
    await Promise.all([byKafka(), byMqtt(), byAmqp(), byAmqp091(), byWebSocket(), byAdmin()]);
    await delay(300);
    expect(visits).toBe(0);
    // It is there.
    await fetch(`http://${host}`).catch(() => undefined);
    expect(visits).toBe(1);
  }, 30_000);

  async function byKafka(): Promise<void> {
    const wrong = await KafkaSocket.open(gateway.kafka);
    await wrong.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    await wrong.call(saslAuthenticateApi, 2, { authBytes: Buffer.from(`\0token\0${token()}`) });
    wrong.destroy();
    const socket = await KafkaSocket.open(gateway.kafka, `http://${host}`);
    await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    await socket.call(saslAuthenticateApi, 2, { authBytes: Buffer.from(`\0acme/app\0${password}`) });
    await socket.call(metadataApi, 9, { topics: [{ name: `http://${host}/topic` }, { name: host }] });
    socket.destroy();
  }

  async function byMqtt(): Promise<void> {
    const wrong = await MqttWire.open(gateway.mqtt.tcp);
    wrong.sendConnect({ userName: 'token', password: Buffer.from(token()) });
    await wrong.untilClosed();
    const wire = await MqttWire.open(gateway.mqtt.tcp);
    await wire.connect({ clientId: `http://${host}`, userName: 'acme/app', password: Buffer.from(password) });
    await wire.publish(`http://${host}/x`, 'm', { qos: 1 });
    await wire.subscribe(`$share/http:/${host}`).catch(() => undefined);
    wire.cut();
  }

  async function byAmqp(): Promise<void> {
    const wire = await openAmqpWire(gateway.amqp.tcp);
    await wire.open({ user: 'acme/app', password, hostname: host, containerId: `amqp://${host}` });
    await wire.begin();
    const url = `amqp://${host}/q`;
    await wire.attachSender(url, { handle: 0 });
    await wire.attachReceiver(url, { handle: 1 });
    await wire.attachSender(`pulsar://${host}/public/default/q`, { handle: 2, name: 'pulsar' });
    wire.cut();
  }

  async function byAmqp091(): Promise<void> {
    const other = await openAmqp091Wire(gateway.amqp.tcp);
    await expect(other.open({ user: 'acme/app', password, vhost: `amqp://${host}` })).rejects.toThrow('530');
    const wire = await openAmqp091Wire(gateway.amqp.tcp);
    await wire.open({ user: 'acme/app', password });
    await wire.openChannel();
    const flags = { passive: false, durable: true, autoDelete: false, internal: false, noWait: false };
    const federation = { name: 'exchange.declare', exchange: 'far', type: 'x-federation-upstream' } as const;
    const declare = { ...federation, ...flags, arguments: Buffer.alloc(0) };
    await expect(wire.call(declare, 'exchange.declare-ok')).rejects.toThrow('close');
    wire.cut();
  }

  async function byWebSocket(): Promise<void> {
    const request = upgradeRequest({ Host: host, Origin: `http://${host}`, 'X-Forwarded-Host': host });
    await answerUntilClosed(
      new URL(gateway.mqtt.ws).host,
      Buffer.from(`${request}\x88\x80\0\0\0\0`, 'latin1'),
    );
  }

  async function byAdmin(): Promise<void> {
    const { host: endpoint } = new URL(gateway.adminUrl);
    for (const line of [`GET http://${host}/x`, `CONNECT ${host}`, `GET //${host}/x`, 'PUT /api/config']) {
      const headers = `Host: ${host}\r\nX-Forwarded-Host: ${host}\r\nConnection: close\r\nContent-Length: 0`;
      await answerUntilClosed(endpoint, Buffer.from(`${line} HTTP/1.1\r\n${headers}\r\n\r\n`));
    }
  }
});

function canaryOf(tenant: string): number {
  return tenant.charCodeAt(0);
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 20) {
    if (waitedMs > 20_000) throw new Error(`it did not come to that: ${isSo}`);
    await delay(20);
  }
}
