import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Certificates, hasOpenssl } from '../testing/certificates.js';
import { proxyHeader, tlv } from '../testing/proxy-header.js';
import { clientHello, closed, echoes, TlsBench } from '../testing/tls-client.js';
import { handshakesPerAddressMax } from './handshake-slots.js';
import { until } from '../testing/until.js';

// field: slow loris. A client that begins and falls silent costs little, keeps nobody else out, and is ended in time.

const clients = 1_000;
const growthBytesMax = 20_000_000;
const attacker = '127.0.0.5';
/** Came before, and made the process take what it takes once. */
const firstAttacker = '127.0.0.6';
const title = hasOpenssl ? 'half-open connections' : 'half-open connections (skipped: there is no openssl)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  const certificates = new Certificates();
  const bench = new TlsBench(certificates);
  const processes: ChildProcess[] = [];
  const sockets: Socket[] = [];
  let hello: Buffer;

  beforeAll(async () => {
    certificates.make('gateway');
    hello = await clientHello();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const each of processes.splice(0)) each.kill('SIGKILL');
    await bench.end();
  });
  afterAll(() => certificates.remove());

  /** A gateway's listener in a process of its own. */
  async function startProcess(options: object) {
    const file = fileURLToPath(new URL('../testing/listener.process.js', import.meta.url));
    const tls = { certFile: certificates.file('gateway.crt'), keyFile: certificates.file('gateway.key') };
    const child = fork(file, [JSON.stringify({ tls, ...options })], { execArgv: ['--expose-gc'] });
    processes.push(child);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const residentBytes = async () => {
      child.send('memory');
      const [answer] = (await once(child, 'message')) as [{ residentBytes: number }];
      return answer.residentBytes;
    };
    return { port, residentBytes };
  }

  async function open(port: number, localAddress: string): Promise<Socket> {
    const socket = connectPlain({ port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  async function handshake(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    sockets.push(socket);
    await echoes(socket);
    socket.destroy();
  }

  async function openAll(port: number, localAddress: string, bytes: () => Buffer): Promise<void> {
    for (let each = 0; each < clients; each++) {
      const socket = await open(port, localAddress);
      const first = bytes();
      if (first.length > 0) socket.write(first);
    }
    await delay(300);
  }

  it.each<[string, object, () => Buffer]>([
    ['that say nothing', {}, () => Buffer.alloc(0)],
    ['that begin a ClientHello', {}, () => hello.subarray(0, -1)],
    ['with all of a ClientHello, and nothing more', {}, () => hello],
    [
      'that begin the largest ClientHello',
      {},
      () => Buffer.concat([Buffer.from('160301400001001f000303', 'hex'), Buffer.alloc(7_900)]),
    ],
    [
      'that begin the largest PROXY header',
      { tls: undefined, proxyProtocol: { from: [attacker, firstAttacker] } },
      () => proxyHeader({ source: '203.0.113.7', tlvs: [tlv(0x04, Buffer.alloc(4_000))] }).subarray(0, -1),
    ],
  ])(
    `take less than 20 MB for 1,000 %s`,
    async (_, options, bytes) => {
      const { port, residentBytes } = await startProcess({ authenticationTimeoutMs: 60_000, ...options });
      const secure = !('tls' in options);
      for (let each = 0; secure && each < 50; each++) await handshake(port);
      await openAll(port, firstAttacker, bytes);
      const before = await residentBytes();
      await openAll(port, attacker, bytes);
      // Others are served meanwhile, and soon.
      const startedMs = performance.now();
      if (secure) await handshake(port);
      expect(performance.now() - startedMs).toBeLessThan(4_000);
      expect((await residentBytes()) - before).toBeLessThan(growthBytesMax);
    },
    60_000,
  );

  it('are ended at the one deadline, also those that wait for their handshake', async () => {
    const served = await bench.start({}, { authenticationTimeoutMs: 400 });
    const waiting = 20;
    const startedMs = performance.now();
    const opened = await Promise.all(
      Array.from({ length: handshakesPerAddressMax + waiting }, () => open(served.info.port, attacker)),
    );
    for (const socket of opened) socket.write(hello);
    await Promise.all(opened.map(closed));
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(served.counters.authTimeouts).toBe(opened.length);
    expect(served.protocol.connections).toHaveLength(0);
    await echoes(bench.client(served));
  });

  it('give their handshake up after five seconds, to the next of their address', async () => {
    const served = await bench.start({}, { authenticationTimeoutMs: 60_000 });
    const opened = await Promise.all(
      Array.from({ length: handshakesPerAddressMax }, () => open(served.info.port, '127.0.0.1')),
    );
    for (const socket of opened) socket.write(hello);
    await until(() => opened.every(({ bytesRead }) => bytesRead > 0));
    const late = bench.client(served);
    const startedMs = performance.now();
    await echoes(late);
    expect(performance.now() - startedMs).toBeGreaterThan(3_000);
    await until(() => served.counters.authTimeouts === handshakesPerAddressMax);
  }, 15_000);

  it('may not send while they wait', async () => {
    const served = await bench.start();
    const opened = await Promise.all(
      Array.from({ length: handshakesPerAddressMax }, () => open(served.info.port, attacker)),
    );
    for (const socket of opened) socket.write(hello);
    await until(() => opened.every(({ bytesRead }) => bytesRead > 0));
    const eager = await open(served.info.port, attacker);
    eager.write(hello);
    const gone = await open(served.info.port, attacker);
    gone.end(hello);
    await closed(gone);
    eager.write(Buffer.alloc(100_000));
    await closed(eager);
    expect(served.log.lines.map(({ message }) => message)).toEqual([
      'the client sent more than a ClientHello',
    ]);
    // Who waited is served as soon as somebody gives up.
    const patient = bench.client(served, { localAddress: attacker } as object);
    opened[0]!.destroy();
    await echoes(patient);
  });
});
