import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { type ClientOptions, WebSocket } from 'ws';
import { Certificates } from '../testing/certificates.js';
import { LineProtocol } from '../testing/line-protocol.js';
import { proxyHeader } from '../testing/proxy-header.js';
import type { Served } from '../testing/serve.js';
import { closed, TlsBench } from '../testing/tls-client.js';
import { clientFrame, upgradeRequest } from '../testing/websocket-client.js';
import { WebSocketHandshakes } from './websocket-handshake.js';
import { until } from '../testing/until.js';

const websocket = { path: '/mqtt', origins: ['https://app.example'] };
const certificates = new Certificates();
certificates.make('gateway');
const bench = new TlsBench(certificates);
const webSockets: WebSocket[] = [];

afterEach(() => {
  for (const each of webSockets.splice(0)) each.terminate();
  return bench.end();
});
afterAll(() => certificates.remove());

function connect(
  { info }: Served,
  options: ClientOptions = {},
  protocols: string | string[] = 'mqtt',
): WebSocket {
  const scheme = info.tls ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://127.0.0.1:${info.port}/mqtt`, protocols, {
    rejectUnauthorized: false,
    ...options,
  });
  socket.on('error', () => {});
  webSockets.push(socket);
  return socket;
}

/** All that came until the server ended the connection. */
async function answerOf(socket: Socket, request: string | Buffer): Promise<string> {
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
  });
  socket.write(request);
  await closed(socket);
  return answer;
}

/** A client after its handshake. */
async function upgraded(served: Served, rest: Buffer = Buffer.alloc(0)): Promise<Socket> {
  const socket = bench.plainClient(served);
  socket.write(Buffer.concat([Buffer.from(upgradeRequest()), rest]));
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('101 Switching Protocols');
  return socket;
}

/** A message of `bytes`, of which as much comes. */
function announced(bytes: number, come = 0): Buffer {
  const header = Buffer.from('82ff0000000000000000a5c30f18', 'hex');
  header.writeUInt32BE(bytes, 6);
  return Buffer.concat([header, Buffer.alloc(come)]);
}

function fragments(count: number): Buffer {
  const first = clientFrame({ isLast: false });
  return Buffer.concat([first, ...Array(count).fill(clientFrame({ opcode: 0, isLast: false }))]);
}

async function message(socket: WebSocket): Promise<string> {
  const [data, isBinary] = await once(socket, 'message');
  expect(isBinary).toBe(true);
  return String(data);
}

describe('a WebSocket listener', () => {
  it('carries the protocol inside of binary messages, and ends by both closes', async () => {
    const served = await bench.startPlain({ websocket });
    const socket = connect(served, { origin: 'https://app.example' });
    await once(socket, 'open');
    expect(socket.protocol).toBe('mqtt');
    socket.send(Buffer.from('auth\necho a\nec'));
    socket.send(Buffer.from('ho b\n'));
    // What one turn answered is one message.
    expect(await message(socket)).toBe('a\nb\n');
    socket.send(Buffer.from('quit\n'));
    expect(await message(socket)).toBe('bye\n');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1_000);
    const other = connect(served, {}, ['mqttv3.1', 'mqtt']);
    await once(other, 'open');
    expect(other.protocol).toBe('mqtt');
    other.close(1_001);
    const [echoed] = await once(other, 'close');
    expect(echoed).toBe(1_001);
    await until(() => served.counters.connectionsOpen === 0);
    expect(served.protocol.connections.map(({ closeReasons }) => closeReasons)).toEqual([
      ['quit'],
      ['client-closed'],
    ]);
  });

  it('inside of TLS and behind a proxy, and what came with the handshake is the protocol’s', async () => {
    const tls = await bench.start({}, { websocket });
    const secure = connect(tls);
    await once(secure, 'open');
    secure.send(Buffer.from('auth\necho s\n'));
    expect(await message(secure)).toBe('s\n');
    expect(tls.protocol.connections[0]!.link.peer.tls).toBe(true);
    const proxied = await bench.startPlain({ websocket, proxyProtocol: { from: ['127.0.0.1'] } });
    const socket = bench.plainClient(proxied);
    const header = proxyHeader({ source: '192.0.2.7', sourcePort: 4_711 });
    const line = clientFrame({ payload: 'auth\necho p\n' });
    socket.write(Buffer.concat([header, Buffer.from(upgradeRequest()), line]));
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
    await until(() => heard.endsWith('p\n'));
    expect(proxied.protocol.connections[0]!.link.peer.remoteAddress).toBe('192.0.2.7');
  });

  it('stops reading who does not read, and stops sending to who is not read', async () => {
    const served = await bench.startPlain({ websocket, sendBufferBytesMax: 65_536 });
    const socket = connect(served);
    await once(socket, 'open');
    socket.send(Buffer.from('auth\n'));
    socket.pause();
    const bytesMax = 20_000_000;
    socket.send(Buffer.from(`flood ${bytesMax}\n`));
    await until(() => served.protocol.connections[0]?.floodBytes !== undefined);
    const line = served.protocol.connections[0]!;
    await until(() => line.floodBytes > 0 && line.link.sendBufferedBytes > 65_536);
    expect(line.floodBytes).toBeGreaterThan(bytesMax / 4);
    let received = 0;
    socket.on('message', (data: Buffer) => {
      received += data.length;
    });
    socket.resume();
    await until(() => received === bytesMax);
    line.link.pause();
    const before = served.counters.receivedBytes;
    const lines = Buffer.from(`${'x'.repeat(1_023)}\n`.repeat(64));
    for (let sent = 0; sent < 100; sent++) socket.send(lines);
    await until(() => socket.bufferedAmount > 0);
    expect(served.counters.receivedBytes - before).toBeLessThan(1_000_000);
    line.link.resume();
    await until(() => served.counters.receivedBytes - before === 6_553_600);
  });

  it.each([
    ['another path', 404, upgradeRequest({}, 'GET /other HTTP/1.1')],
    ['another method', 400, upgradeRequest({}, 'POST /mqtt HTTP/1.1')],
    ['no upgrade at all', 426, 'GET /mqtt HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an upgrade to something else', 400, upgradeRequest({ Upgrade: 'h2c' })],
    ['a page that is not listed', 403, upgradeRequest({ Origin: 'https://evil.example' })],
    ['a page without origin', 403, upgradeRequest({ Origin: 'null' })],
    ['no subprotocol', 400, upgradeRequest({ 'Sec-WebSocket-Protocol': undefined })],
    ['another subprotocol', 400, upgradeRequest({ 'Sec-WebSocket-Protocol': 'amqp, xmqtt' })],
    ['no key', 400, upgradeRequest({ 'Sec-WebSocket-Key': undefined })],
    ['a key of other bytes', 400, upgradeRequest({ 'Sec-WebSocket-Key': 'YQ==' })],
    ['an old version', 426, upgradeRequest({ 'Sec-WebSocket-Version': '8' })],
    ['giant headers', 431, upgradeRequest({ Cookie: 'x'.repeat(20_000) })],
    ['no HTTP', 400, Buffer.from('101000044d5154540402003c00046162636400', 'hex')],
  ])('refuses %s with %d', async (_, status, request) => {
    const served = await bench.startPlain({ websocket });
    const answer = await answerOf(bench.plainClient(served), request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*Connection: close`));
    expect(answer.split('HTTP/1.1')).toHaveLength(2);
    expect(served.counters).toMatchObject({ webSocketRefusals: 1, connectionsOpened: 0 });
    expect(served.log.lines.map(({ fields }) => fields['reason'])).toEqual(['websocket-refused']);
  });

  it('lets in who names the address that it connects to, as programs do, and no name that may lead here by chance', async () => {
    const served = await bench.startPlain({ websocket, advertisedHost: 'mqtt.example' });
    const { port } = served.info;
    await once(connect(served, { origin: `http://127.0.0.1:${port}` }), 'open');
    const named = { headers: { Host: `MQTT.example:${port}` } };
    await once(connect(served, { ...named, origin: `https://mqtt.example:${port}` }), 'open');
    const refused: ClientOptions[] = [
      { origin: `http://127.0.0.1:${port + 1}` },
      { origin: `https://mqtt.example:${port}` },
      { origin: `http://rebound.example:${port}`, headers: { Host: `rebound.example:${port}` } },
      { origin: 'http://', headers: { Host: '' } },
    ];
    for (const options of refused) {
      const [error] = await once(connect(served, options), 'error');
      expect(String(error)).toContain('403');
    }
  });

  it('lets every page in where that is said', async () => {
    const served = await bench.startPlain({ websocket: { ...websocket, origins: ['*'] } });
    await once(connect(served, { origin: 'https://any.example' }), 'open');
  });

  it('counts the handshake in the absolute deadline, however busy it is', async () => {
    const served = await bench.startPlain({ websocket, authenticationTimeoutMs: 200 });
    const silent = bench.plainClient(served);
    const slow = bench.plainClient(served);
    slow.write('GET /mqtt HTTP/1.1\r\nX: ');
    const drip = setInterval(() => slow.write('x'), 20);
    await Promise.all([closed(silent), closed(slow)]);
    clearInterval(drip);
    const late = await upgraded(served);
    await closed(late);
    expect(served.counters.authTimeouts).toBe(3);
  });

  it.each<[string, number, string, Buffer]>([
    ['text', 1_003, 'text-frame', clientFrame({ opcode: 1, payload: 'auth\n' })],
    ['frames without a mask', 1_002, 'expected-mask', clientFrame({ masked: false, payload: 'auth\n' })],
    ['garbage', 1_002, 'unexpected-rsv-2-3', Buffer.alloc(1_000, 0xff)],
    ['bits of extensions', 1_002, 'unexpected-rsv-1', clientFrame({ reservedBits: 4 })],
    ['a continuation of nothing', 1_002, 'invalid-opcode', clientFrame({ opcode: 0 })],
    [
      'a message that is announced with more than is allowed',
      1_009,
      'unsupported-message-length',
      announced(2_000_001),
    ],
    ['fragments without end', 1_008, 'too-many-buffered-parts', fragments(1_000)],
  ])('closes who sends %s with %d, and says so in log and metrics', async (_, closeCode, code, bytes) => {
    const served = await bench.startPlain({ websocket });
    const socket = await upgraded(served);
    const answer = await answerOf(socket, bytes);
    expect(Buffer.from(answer, 'latin1').readUInt16BE(2)).toBe(closeCode);
    expect(served.counters).toMatchObject({ malformed: 1, connectionsOpen: 0 });
    expect(served.protocol.connections[0]!.closeReasons).toEqual(['malformed-frame']);
    const reason = { reason: 'malformed-frame', code: `websocket-${code}` };
    expect(served.log.lines.map(({ fields }) => fields)).toMatchObject([reason]);
  });

  it('takes messages in fragments, with pings between, and larger ones of who is authenticated', async () => {
    const served = await bench.startPlain({ websocket });
    const socket = await upgraded(served);
    const lines = `${'x'.repeat(1_000)}\n`.repeat(1_000);
    const sent = [
      { opcode: 2, isLast: false, payload: 'au' },
      { opcode: 9, payload: 'p' },
      { opcode: 0, payload: 'th\n' },
      { payload: lines },
      { payload: 'echo a\n' },
    ];
    for (const each of sent) socket.write(clientFrame(each));
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
    await until(() => heard.endsWith('a\n'));
    expect(served.protocol.connections[0]!.lines).toHaveLength(1_002);
  });

  it('holds no more of 200 clients than each may send before it is authenticated', async () => {
    const served = await bench.startPlain({ websocket });
    const sockets = await Promise.all(Array.from({ length: 200 }, () => upgraded(served)));
    // Of a message of 1 MB all but its end, so that it is never passed on.
    const message = announced(1_000_000, 999_999);
    const allowed = 6_000;
    const before = process.memoryUsage().arrayBuffers;
    for (const socket of sockets) socket.write(message.subarray(0, allowed));
    await until(() => served.listener.connections.size === 200);
    let held = 0;
    const sample = () => {
      held = Math.max(held, process.memoryUsage().arrayBuffers - before);
    };
    const sampling = setInterval(sample, 1);
    expect(served.counters.malformed).toBe(0);
    for (const socket of sockets) socket.write(message.subarray(allowed));
    await until(() => served.counters.connectionsOpen === 0);
    sample();
    clearInterval(sampling);
    // What each may send and one read of 64 KiB; their messages are 200 MB.
    expect(held).toBeLessThan(200 * (8_192 + 65_536) * 2);
    const { malformed, unauthenticatedRefusals } = served.counters;
    expect(malformed + unauthenticatedRefusals).toBeGreaterThanOrEqual(200);
    const why = served.log.lines.map(({ fields }) => String(fields['code'] ?? fields['reason']));
    expect(why.filter((each) => !each.endsWith('unauthenticated-bytes'))).toEqual([]);
  });

  it('lets a client wait that sends on while it is looked at, and reads it once it is authenticated', async () => {
    const served = await bench.startPlain({ websocket });
    const socket = await upgraded(served);
    const lines = `${'x'.repeat(1_000)}\n`.repeat(1_000);
    socket.write(clientFrame({ payload: 'pause\n' }));
    for (let sent = 0; sent < 10; sent++) socket.write(clientFrame({ payload: lines }));
    socket.write(clientFrame({ payload: 'echo a\n' }));
    await until(() => served.protocol.connections[0]?.lines.length === 1);
    await until(() => socket.writableLength > 0);
    const { link } = served.protocol.connections[0]!;
    expect(served.counters).toMatchObject({ malformed: 0, receivedBytes: 6 });
    link.authenticated();
    link.resume();
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
    await until(() => heard.endsWith('a\n'));
    expect(served.counters.receivedBytes).toBe(6 + 10 * lines.length + 7);
  });

  it('answers pings', async () => {
    const served = await bench.startPlain({ websocket });
    const socket = await upgraded(served);
    socket.write(clientFrame({ opcode: 9, payload: 'are you there' }));
    const [pong] = await once(socket, 'data');
    expect(pong.toString('latin1')).toBe('\x8a\x0dare you there');
  });

  it('drops the answers to pings of a client that does not read them', async () => {
    const [socket, client] = duplexPair();
    const handshakes = new WebSocketHandshakes(websocket, new LineProtocol().websocket);
    handshakes.start(socket as Socket, {
      onOpen: (stream) => {
        stream.authenticated();
        stream.resume();
      },
      onRefused: () => {},
    });
    client.write(upgradeRequest());
    await once(client, 'readable');
    const ping = clientFrame({ opcode: 9, payload: 'x'.repeat(100) });
    for (let count = 0; count < 10_000; count++) {
      if (!client.write(ping)) await once(client, 'drain');
    }
    expect(socket.writableLength).toBeGreaterThan(10_000);
    expect(socket.writableLength).toBeLessThan(20_000);
  });

  it('a protocol’s decoder that throws ends it as on a plain socket', async () => {
    const served = await bench.startPlain({ websocket });
    const socket = connect(served);
    await once(socket, 'open');
    socket.send(Buffer.from('malformed\n'));
    const [code] = await once(socket, 'close');
    expect(code).toBe(1_000);
    await until(() => served.counters.connectionsOpen === 0);
    expect(served.protocol.connections[0]!.closeReasons).toEqual(['malformed-frame']);
  });
});
