// How AMQP 1.0 clients get in: over every transport, by every mechanism, and how their connections end.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import rhea from 'rhea';
import { WebSocket } from 'ws';
import { formatScramVerifier, scramCredential } from '#libs/auth';
import { ScramClient } from '../../../libs/kafka-gateway/src/testing/scram-client.js';
import { Certificates, hasOpenssl } from '../../../libs/transport/src/testing/certificates.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';

const setUpTimeoutMs = 120_000;
const certificates = new Certificates();
const connections: rhea.Connection[] = [];
let gateway: TestGateway;

beforeAll(async () => {
  if (hasOpenssl) {
    certificates.make('authority');
    certificates.make('gateway', 'authority', { dnsNames: ['localhost'] });
    certificates.make('carol', 'authority', { keyUsage: 'clientAuth' });
  }
  const tls = {
    ...{ certFile: certificates.file('gateway.crt'), keyFile: certificates.file('gateway.key') },
    ...{ caFile: certificates.file('authority.crt'), clientAuth: 'request' },
  };
  const password = formatScramVerifier(await scramCredential('secret', 'SCRAM-SHA-256'));
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll], users: [{ name: 'alice', password }] }],
    amqp: {
      listener: { tenant: 'acme', anonymousTenant: 'acme' },
      ...(hasOpenssl && { tls }),
      websocket: { origins: ['https://app.example'] },
    },
    config: {
      authentication: {
        certificates: [{ from: 'subject.CN', match: 'carol', user: 'carol', tenant: 'acme' }],
      },
    },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  for (const connection of connections) connection.close();
  await gateway?.stop();
  certificates.remove();
}, setUpTimeoutMs);

type Over = 'tcp' | 'tls' | 'ws' | 'wss';

function optionsOf(over: Over): rhea.ConnectionOptions {
  const address = gateway.amqp[over];
  if (over === 'ws' || over === 'wss') {
    const url = address.replace('127.0.0.1', 'localhost');
    const ca = hasOpenssl ? readFileSync(certificates.file('authority.crt')) : undefined;
    const connect = rhea.websocket_connect(WebSocket as never);
    return { connection_details: connect(url, ['amqp'], { ca }) } as unknown as rhea.ConnectionOptions;
  }
  const port = Number(address.split(':')[1]);
  if (over === 'tcp') return { host: '127.0.0.1', port };
  const ca = [readFileSync(certificates.file('authority.crt'))];
  return { host: 'localhost', port, transport: 'tls', ca } as rhea.ConnectionOptions;
}

/** Opens it and a session. */
async function connected(over: Over, options: object = {}): Promise<rhea.Connection> {
  const connection = rhea.create_container().connect({ reconnect: false, ...optionsOf(over), ...options });
  connections.push(connection);
  await happens(connection, 'connection_open');
  connection.create_session().begin();
  await happens(connection, 'session_open');
  return connection;
}

function happens(connection: rhea.Connection, name: string): Promise<rhea.EventContext> {
  return new Promise((resolve, reject) => {
    connection.once(name, resolve);
    connection.once('disconnected', () => reject(new Error('disconnected')));
    connection.once('connection_error', () => reject(new Error('the connection was refused')));
  });
}

describe('rhea', () => {
  const transports: Over[] = hasOpenssl ? ['tcp', 'ws', 'tls', 'wss'] : ['tcp', 'ws'];

  it.each(transports)('over %s opens, begins a session and closes both', async (over) => {
    const connection = await connected(over);
    expect(connection.container_id).toBe('pulsegate');
    connection.close();
    await happens(connection, 'connection_close');
  });

  it('gets in by PLAIN, and not with another password', async () => {
    const connection = await connected('tcp', { username: 'alice', password: 'secret' });
    connection.close();
    await happens(connection, 'connection_close');
    await expect(connected('tcp', { username: 'alice', password: 'guess' })).rejects.toThrow();
  });

  // It has no other mechanism then.
  (hasOpenssl ? it : it.skip)('gets in by its certificate', async () => {
    const cert = readFileSync(certificates.file('carol.crt'));
    const key = readFileSync(certificates.file('carol.key'));
    const connection = await connected('tls', { cert, key, enable_sasl_external: true });
    connection.close();
    await happens(connection, 'connection_close');
  });
});

describe('SCRAM-SHA-256', () => {
  it('lets in with the proof, and says that the server knows the password too', async () => {
    const wire = await openAmqpWire(gateway.amqp.tcp);
    const scram = new ScramClient('alice', 'secret');
    wire.sendHeader('sasl');
    await wire.header();
    expect((await wire.next('sasl-mechanisms')).saslServerMechanisms).toEqual([
      ...['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN', 'ANONYMOUS'],
    ]);
    wire.sendSasl({ type: 'sasl-init', mechanism: 'SCRAM-SHA-256', initialResponse: scram.first() });
    const { challenge } = await wire.next('sasl-challenge');
    wire.sendSasl({ type: 'sasl-response', response: scram.final(challenge) });
    const { code, additionalData } = await wire.next('sasl-outcome');
    expect([code, `${additionalData}`]).toEqual([0, expect.stringMatching(/^v=/)]);
    wire.sendHeader('amqp');
    await wire.header();
    wire.sendOpen();
    await wire.next('open');
    await wire.close();
  });
});

describe('the end', () => {
  it('of who speaks no AMQP is a header of ours', async () => {
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from('AMQP\x02\x01\x00\x00')]) {
      const wire = await openAmqpWire(gateway.amqp.tcp);
      wire.sendBytes(bytes);
      expect(await wire.header()).toEqual(Buffer.from('AMQP\x03\x01\x00\x00'));
      await wire.untilClosed();
    }
  });

  it('of a WebSocket of another subprotocol or page is its handshake', async () => {
    const status = async (protocol: string, origin?: string) => {
      const socket = new WebSocket(gateway.amqp.ws, protocol, origin === undefined ? {} : { origin });
      socket.on('error', () => {});
      const answers = [
        once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number),
        once(socket, 'open').then(() => 101),
      ];
      const answer = await Promise.race(answers);
      socket.terminate();
      return answer;
    };
    expect(await status('mqtt')).toBe(400);
    expect(await status('amqp', 'https://evil.example')).toBe(403);
    expect(await status('amqp', 'https://app.example')).toBe(101);
  });

  it('of all, when the gateway stops, is told as forced, behind the answers to what was sent', async () => {
    const idle = await openAmqpWire(gateway.amqp.tcp);
    await idle.open();
    await idle.begin();
    const sender = await openAmqpWire(gateway.amqp.tcp);
    await sender.open();
    await sender.begin();
    await sender.attachSender('/queues/last');
    const count = 500;
    // As one piece, which the gateway has read when it has answered anything of it.
    sender.transferAll(Array.from({ length: count }, (_, at) => `m${at}`));
    const answers = [await sender.first('disposition')];
    const stopped = gateway.stop();
    expect(await idle.closeCondition()).toBe('amqp:connection:forced');
    expect(await stopped).toBe('exit status 0');
    while (sender.has('disposition')) answers.push(await sender.first('disposition'));
    const accepted = answers
      .filter(({ state, settled }) => state?.type === 'accepted' && settled)
      .reduce((sum, { first, last = first }) => sum + last - first + 1, 0);
    expect(accepted).toBe(count);
    expect(await sender.closeCondition()).toBe('amqp:connection:forced');
  });
});
