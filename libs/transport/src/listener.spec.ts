import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ListenerOptions } from './protocol.js';
import { type Served, serve } from './testing/serve.js';
import { until } from './testing/until.js';

const running: Served[] = [];
const sockets: Socket[] = [];

async function start(overrides?: Partial<ListenerOptions>): Promise<Served> {
  const served = await serve(overrides);
  running.push(served);
  return served;
}

async function client({ info }: Served): Promise<Socket> {
  const socket = connect(info.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function reads(socket: Socket, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).toString();
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map(({ listener }) => listener.close()));
});

describe('Listener', () => {
  it('serves on a free port and says which', async () => {
    const served = await start({ advertisedHost: 'kafka.example', advertisedPort: 9_092 });
    expect(served.info).toMatchObject({ name: 'test', protocol: 'line', host: '127.0.0.1', tls: false });
    expect(served.info).toMatchObject({ advertisedHost: 'kafka.example', advertisedPort: 9_092 });
    const socket = await client(served);
    socket.write('auth\necho hello\n');
    expect(await reads(socket, 6)).toBe('hello\n');
    const { link } = served.protocol.connections[0]!;
    expect(link.peer).toMatchObject({ remoteAddress: '127.0.0.1', remotePort: socket.localPort, tls: false });
    expect(link.listener).toBe(served.info);
    expect(served.listener.connections.size).toBe(1);
    socket.end();
    await until(() => served.listener.connections.size === 0);
    expect(served.protocol.connections[0]!.closeReasons).toEqual(['client-closed']);
    expect(served.log.lines).toEqual([]);
  });

  it('advertises the name of the host when it is bound to all addresses', async () => {
    const { info } = await start({ host: '0.0.0.0' });
    expect(info).toMatchObject({ host: '0.0.0.0', advertisedHost: hostname(), advertisedPort: info.port });
  });

  it('says which address is taken', async () => {
    const { info } = await start();
    await expect(serve({ port: info.port })).rejects.toThrow(
      `cannot bind 127.0.0.1:${info.port}: the port is in use`,
    );
  });

  it('answers a client that ended its side right after its request', async () => {
    const served = await start();
    const socket = connect({ port: served.info.port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket);
    socket.end('echo a\n');
    expect(await reads(socket, 2)).toBe('a\n');
  });

  it('closes what is over the total, and says so in one line a second', async () => {
    const served = await start({ connectionsMax: 3 });
    for (let each = 0; each < 3; each++) await client(served);
    const refused = await Promise.all(Array.from({ length: 5 }, () => client(served)));
    await Promise.all(refused.map((socket) => socket.closed || once(socket.resume(), 'close')));
    expect(served.counters.connectionsRefusedTotal).toBe(5);
    expect(served.listener.connections.size).toBe(3);
    expect(served.log.lines).toHaveLength(1);
    await served.listener.close();
    expect(served.log.lines.map(({ fields }) => fields.count)).toEqual([1, 4]);
  });

  it('closes what is over the share of one address, and lets it in again when it has room', async () => {
    const served = await start({ connectionsPerAddressMax: 2 });
    const first = await client(served);
    await client(served);
    const refused = await client(served);
    await once(refused.resume(), 'close');
    expect(served.counters.connectionsRefusedAddress).toBe(1);
    first.destroy();
    await until(() => served.listener.connections.size === 1);
    const again = await client(served);
    again.write('echo a\n');
    expect(await reads(again, 2)).toBe('a\n');
  });

  it('ends a slow loris at the deadline, one byte at a time or none', async () => {
    const served = await start({ authenticationTimeoutMs: 150 });
    const silent = await client(served);
    const slow = await client(served);
    const drip = setInterval(() => slow.write('x'), 20);
    // What it writes after its end may be answered with a reset.
    slow.on('error', () => {});
    const slowClosed = new Promise((resolve) => slow.resume().once('close', resolve));
    await Promise.all([once(silent.resume(), 'close'), slowClosed]);
    clearInterval(drip);
    expect(served.counters.authTimeouts).toBe(2);
    expect(served.log.lines.map(({ message }) => message).sort()).toEqual([
      'the client did not authenticate in time',
      'the client sent nothing in time',
    ]);
  });

  it('closes idle connections and leaves busy ones', async () => {
    const served = await start({ idleTimeoutMs: 120 });
    const idle = await client(served);
    const busy = await client(served);
    idle.write('auth\n');
    busy.write('auth\n');
    const beat = setInterval(() => busy.write('beat\n'), 20);
    await once(idle.resume(), 'close');
    clearInterval(beat);
    expect(served.counters.idleTimeouts).toBe(1);
    expect(busy.closed).toBe(false);
  });

  it('holds little for a client that does not read its socket, and ends it', async () => {
    const served = await start({ idleTimeoutMs: 200, sendBufferBytesMax: 131_072 });
    const socket = await client(served);
    socket.pause();
    socket.write('auth\nflood 1000000000\n');
    await until(() => (served.protocol.connections[0]?.link.sendBufferedBytes ?? 0) > 65_536);
    expect(served.protocol.connections[0]!.link.sendBufferedBytes).toBeLessThan(200_000);
    await until(() => served.protocol.connections[0]!.closeReasons[0] === 'send-stalled');
  });

  it('streams a large answer to a client that reads', async () => {
    const served = await start({ sendBufferBytesMax: 131_072 });
    const socket = await client(served);
    socket.write('flood 20000000\n');
    let received = 0;
    socket.on('data', (bytes) => (received += bytes.length));
    await until(() => received === 20_000_000);
    expect(served.protocol.connections[0]!.writables).toBeGreaterThan(0);
  });

  it('notices a reset', async () => {
    const served = await start();
    const socket = await client(served);
    socket.write('auth\n');
    await until(() => served.protocol.connections[0]?.lines.length === 1);
    socket.resetAndDestroy();
    await until(() => served.listener.connections.size === 0);
    expect(served.protocol.connections[0]!.closeReasons).toEqual(['connection-reset']);
    expect(served.log.lines).toEqual([]);
  });

  it('drains: stops accepting, answers what is in flight, ends who does not finish', async () => {
    const served = await start({ drainTimeoutMs: 150 });
    const quick = await client(served);
    const stuck = await client(served);
    quick.write('slow 50\n');
    stuck.write('slow 10000\n');
    await until(() => served.protocol.connections.every(({ inFlight }) => inFlight === 1));
    const answer = reads(quick, 5);
    const stuckClosed = once(stuck.resume(), 'close');
    const startedMs = performance.now();
    await served.listener.drain();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await answer).toBe('done\n');
    await stuckClosed;
    const late = connect(served.info.port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
    expect(served.counters.connectionsOpen).toBe(0);
  });

  it('holds no big memory for 1,000 bad connections', async () => {
    const served = await start({ connectionsPerAddressMax: 2_000 });
    const clients = await Promise.all(Array.from({ length: 1_000 }, () => client(served)));
    const collect = globalThis.gc ?? (() => {});
    collect();
    const beforeBytes = process.memoryUsage().rss;
    for (const [index, socket] of clients.entries()) {
      socket.write(index % 2 === 0 ? 'half a li' : `${'x'.repeat(2_000)}\n${'x'.repeat(2_000)}`);
    }
    await until(() => served.counters.malformed === 500);
    collect();
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(40_000_000);
    expect(served.log.lines).toHaveLength(500);
    for (const socket of clients) socket.destroy();
    await until(() => served.counters.connectionsOpen === 0);
  });
});
