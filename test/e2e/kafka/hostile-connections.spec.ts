import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collectGarbage } from '../../support/collect-garbage.js';
import { startGateway, type TestGateway } from '../../support/gateway.js';

// A gateway must outlive what the open network sends it: each of these is made by 1,000 connections, and the process may
// grow by 20 MB at most (Mosquitto's own measure for the same attack).

const connections = 1_000;
const growthBytesMax = 20 * 1024 * 1024;
const atOnce = 250;

const frame = (body: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
};
const header = (apiKey: number, apiVersion: number): Buffer => {
  const bytes = Buffer.alloc(10);
  bytes.writeInt16BE(apiKey, 0);
  bytes.writeInt16BE(apiVersion, 2);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt16BE(-1, 8);
  return bytes;
};
const announced = (bytes: number): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes);
  return size;
};

interface Attack {
  readonly name: string;
  readonly bytes: Buffer;
  /** Closed by the gateway at once; else held open, half a frame and then silence. */
  readonly closed: boolean;
}

const attacks: readonly Attack[] = [
  { name: 'announces 100 MB and sends nothing', bytes: announced(100 * 1024 * 1024), closed: true },
  { name: 'announces 2 GB', bytes: announced(0x7fffffff), closed: true },
  { name: 'announces a negative size', bytes: announced(-1), closed: true },
  {
    name: 'sends half a frame, then silence',
    bytes: Buffer.concat([announced(60_000), Buffer.alloc(30_000)]),
    closed: false,
  },
  { name: 'speaks TLS to a plain port', bytes: Buffer.from('16030100c8010000c40303', 'hex'), closed: true },
  { name: 'speaks HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), closed: true },
  { name: 'uses an unknown API key', bytes: frame(header(9_999, 0)), closed: true },
  { name: 'uses an unknown version of Metadata', bytes: frame(header(3, 99)), closed: true },
  {
    name: 'declares two billion topics',
    bytes: frame(Buffer.concat([header(3, 0), announced(0x7fffffff)])),
    closed: true,
  },
  {
    name: 'sends random bytes as a request',
    bytes: frame(Buffer.from('00000003ffffffffffff0102030405060708', 'hex')),
    closed: true,
  },
];

describe('hostile Kafka connections', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      tenants: [{ name: 'acme', namespace: 'hostile/kafka' }],
      env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
      listener: { anonymousTenant: 'acme', authenticationTimeoutMs: 20_000 },
    });
    // The first connections fill pools and compile code: that is not growth.
    for (const attack of attacks) await attackWith(gateway, attack, 300);
  }, 120_000);
  afterAll(() => gateway.stop());

  it.each(attacks)(
    '$name',
    async (attack) => {
      const before = await settledMemory(gateway);
      await attackWith(gateway, attack, connections);
      const growth = (await settledMemory(gateway)) - before;
      expect(growth).toBeLessThan(growthBytesMax);
      const health = await fetch(`${gateway.adminUrl}/health/live`);
      expect(health.status).toBe(200);
    },
    60_000,
  );

  it('counts what it refused, and never an exception', async () => {
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(faults(metrics, 'malformed-frame')).toBeGreaterThan(0);
    expect(faults(metrics, 'internal-error')).toBe(0);
    expect(gateway.log()).toMatch(/TLS/);
  });
});

/** Opens `count` connections, `atOnce` at a time, and waits until each was closed or its bytes were taken. */
async function attackWith(gateway: TestGateway, attack: Attack, count: number): Promise<void> {
  const [host = '', port = ''] = gateway.kafka.split(':');
  for (let done = 0; done < count; done += atOnce) {
    const sockets = await Promise.all(
      Array.from({ length: Math.min(atOnce, count - done) }, () => open(host, Number(port), attack)),
    );
    for (const socket of sockets) socket.destroy();
  }
}

function open(host: string, port: number, { name, bytes, closed }: Attack): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    const timer = setTimeout(() => reject(new Error(`${name}: the gateway did not close`)), 10_000);
    const done = (): void => {
      clearTimeout(timer);
      resolve(socket);
    };
    socket.on('error', done);
    socket.on('close', done);
    socket.on('connect', () => socket.write(bytes, () => (closed ? undefined : done())));
    socket.resume();
  });
}

/** Resident bytes of the gateway when its garbage is collected. */
async function settledMemory(gateway: TestGateway): Promise<number> {
  await collectGarbage(gateway.log());
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return sumOf(metrics, 'process_resident_memory_bytes');
}

function sumOf(metrics: string, name: string): number {
  const lines = metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function faults(metrics: string, reason: string): number {
  const lines = metrics.split('\n').filter((line) => line.includes(`reason="${reason}"`));
  return sumOf(lines.join('\n'), 'pulsegate_connection_faults_total');
}
