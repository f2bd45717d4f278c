// MQTT over TCP, TLS, WebSocket and both, through a real gateway: the same client code, and who is not let in.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { WebSocket } from 'ws';
import { Certificates, hasOpenssl } from '../../../libs/transport/src/testing/certificates.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';

const setUpTimeoutMs = 120_000;
const certificates = new Certificates();
const clients: MqttClient[] = [];
let gateway: TestGateway;

type Transport = 'tcp' | 'tls' | 'ws' | 'wss';

async function connect(over: Transport, options: IClientOptions = {}): Promise<MqttClient> {
  // The certificate is for this name.
  const address = gateway.mqtt[over].replace('127.0.0.1', 'localhost');
  const url = over === 'tcp' ? `mqtt://${address}` : over === 'tls' ? `mqtts://${address}` : address;
  const ca = readFileSync(certificates.file('authority.crt'));
  const client = await mqtt.connectAsync(url, {
    reconnectPeriod: 0,
    ca,
    servername: 'localhost',
    ...options,
  });
  clients.push(client);
  return client;
}

(hasOpenssl ? describe : describe.skip)('MQTT over every transport', () => {
  beforeAll(async () => {
    certificates.make('authority');
    const files = certificates.make('gateway', 'authority', { dnsNames: ['localhost'] });
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [allowAll] }],
      mqtt: {
        listener: { anonymousTenant: 'acme' },
        tls: files,
        websocket: { origins: ['https://app.example'] },
      },
    });
  }, setUpTimeoutMs);

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await gateway?.stop();
    certificates.remove();
  });

  it.each<[Transport, 4 | 5]>([
    ['tcp', 4],
    ['tls', 5],
    ['ws', 4],
    ['ws', 5],
    ['wss', 5],
    ['wss', 4],
  ])('%s, level %i: what is published by it comes back, large and small', async (over, protocolVersion) => {
    const client = await connect(over, { protocolVersion });
    const sizes = [0, 10, 70_000, 900_000];
    const received: number[] = [];
    const all = Promise.withResolvers<void>();
    client.on('message', (_, payload) => {
      received.push(payload.length);
      if (received.length === sizes.length) all.resolve();
    });
    await client.subscribeAsync(`${over}${protocolVersion}/#`, { qos: 1 });
    for (const size of sizes) {
      await client.publishAsync(`${over}${protocolVersion}/t`, Buffer.alloc(size, 'x'), { qos: 1 });
    }
    await all.promise;
    expect(received).toEqual(sizes);
  });

  it('a page that is not listed does not get in, nor who speaks something else than MQTT', async () => {
    const status = async (protocol: string, origin?: string) => {
      const socket = new WebSocket(gateway.mqtt.ws, protocol, origin === undefined ? {} : { origin });
      socket.on('error', () => {});
      const answers = [
        once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number),
        once(socket, 'open').then(() => 101),
      ];
      const answer = await Promise.race(answers);
      socket.terminate();
      return answer;
    };
    expect(await status('mqtt', 'https://evil.example')).toBe(403);
    expect(await status('mqtt', 'https://app.example')).toBe(101);
    expect(await status('mqtt')).toBe(101);
    expect(await status('amqp')).toBe(400);
  });
});
