import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuthProvider } from './auth/auth-provider.js';
import { type PulsarClientOptions, silentLog, withDefaults } from './client.options.js';
import type { BrokerAddress } from './connection.js';
import { ConnectionPool } from './connection-pool.js';
import { decodeCommand, encodeCommandFrame } from './wire/command-codec.js';
import type { BaseCommandInit } from './wire/commands.js';
import { commandEnd, commandStart, FrameDecoder } from './wire/frame-decoder.js';

/** `ServerError` of PulsarApi.proto. */
const authenticationError = 3;

describe('ConnectionPool', () => {
  let server: Server;
  let port = 0;
  let sockets: Socket[] = [];
  let greetings: NonNullable<BaseCommandInit['connect']>[] = [];
  const pools: ConnectionPool[] = [];
  const states: boolean[] = [];

  beforeEach(async () => {
    sockets = [];
    greetings = [];
    states.length = 0;
    server = createServer((socket) => {
      sockets.push(socket);
      const decoder = new FrameDecoder();
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) =>
        decoder.push(chunk, (frame) => {
          const command = decodeCommand(frame, commandStart, commandEnd(frame)) as unknown as BaseCommandInit;
          if (command.connect) greetings.push(command.connect);
          const connected = { serverVersion: 'fake', protocolVersion: 21 };
          const refused = { requestId: 0, error: authenticationError, message: 'not you' };
          const said = Buffer.from((command.connect?.authData ?? []) as Uint8Array).toString();
          if (said === 'wrong') socket.write(encodeCommandFrame({ error: refused } as never));
          else if (command.connect) socket.write(encodeCommandFrame({ connected } as never));
          if (command.ping) socket.write(encodeCommandFrame({ pong: {} }));
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });

  afterEach(() => {
    for (const pool of pools.splice(0)) pool.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  function pool(options: Partial<PulsarClientOptions> = {}): ConnectionPool {
    const client = withDefaults({ serviceUrl: `pulsar://127.0.0.1:${port}`, ...options });
    const made = new ConnectionPool(client, createAuthProvider({ method: 'none' }), (up) => states.push(up));
    pools.push(made);
    return made;
  }

  const broker = (throughServiceUrl = false): BrokerAddress => ({
    key: throughServiceUrl ? 'via b' : 'b',
    host: throughServiceUrl ? 'inside' : '127.0.0.1',
    port: throughServiceUrl ? 6650 : port,
    throughServiceUrl,
  });

  it('opens one connection per broker, tenant and use, however many ask at once', async () => {
    const connections = pool();
    const ask = (tenantKey: string, use: 'publish' | 'dispatch' | 'lease') =>
      connections.connection(broker(), { tenantKey, use });
    const [first, same] = await Promise.all([ask('a', 'publish'), ask('a', 'publish')]);
    expect(first).toBe(same);
    const others = await Promise.all([ask('a', 'dispatch'), ask('a', 'lease'), ask('b', 'publish')]);
    expect(new Set([first, ...others]).size).toBe(4);
    expect(sockets).toHaveLength(4);
  });

  it('is to the broker who the tenant is, and the client itself in everything else', async () => {
    const token = (text: string) => ({ method: 'token', token: text }) as const;
    const identities = new Map([
      ['own', { auth: token('of own') }],
      ['acted-for', { auth: token('of the proxy role'), originalPrincipal: 'device' }],
    ]);
    const connections = pool({ identities });
    for (const tenantKey of ['own', 'acted-for', 'other']) {
      await connections.connection(broker(), { tenantKey, use: 'publish' });
    }
    await connections.lookupConnection();
    const said = greetings.map(({ authMethodName, authData, originalPrincipal }) => [
      authMethodName,
      Buffer.from((authData ?? []) as Uint8Array).toString(),
      originalPrincipal || undefined,
    ]);
    expect(said).toEqual([
      ['token', 'of own', undefined],
      ['token', 'of the proxy role', 'device'],
      ['none', '', undefined],
      ['none', '', undefined],
    ]);
  });

  it('closes the connections of one tenant for one use', async () => {
    const connections = pool();
    const open = (tenantKey: string, use: 'publish' | 'dispatch') =>
      connections.connection(broker(), { tenantKey, use });
    const [reading, ...others] = await Promise.all([
      open('a', 'dispatch'),
      open('a', 'publish'),
      open('b', 'dispatch'),
    ]);
    connections.renew({ tenantKey: 'a', use: 'dispatch' }, 'tested');
    expect(reading.closed).toBe(true);
    expect(others.map((each) => each.closed)).toEqual([false, false]);
    expect((await open('a', 'dispatch')).closed).toBe(false);
  });

  it('does not knock at once again for an identity that was refused, tells so once, and hinders no other', async () => {
    const told: object[] = [];
    const log = { ...silentLog, error: (fields: object) => void told.push(fields) };
    const auth = { method: 'token', token: 'wrong' } as const;
    const connections = pool({ identities: new Map([['a', { auth }]]), log });
    const open = (tenantKey: string) => connections.connection(broker(), { tenantKey, use: 'publish' });
    const refusal = { code: 'AuthenticationError', retriable: false };
    for (let turn = 0; turn < 5; turn++) await expect(open('a')).rejects.toMatchObject(refusal);
    expect(greetings).toHaveLength(1);
    await open('b');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(open('a')).rejects.toMatchObject(refusal);
    expect(greetings).toHaveLength(3);
    expect(told).toEqual([
      { event: 'pulsar-identity', tenantKey: 'a', reason: 'AuthenticationError: not you' },
    ]);
  });

  it('tries an identity with one connection that nobody else gets', async () => {
    const connections = pool();
    const gone = new Promise((resolve) =>
      server.once('connection', (socket) => socket.once('close', resolve)),
    );
    await connections.trial({ auth: { method: 'token', token: 'tried' } });
    await gone;
    expect(connections.size).toBe(0);
    expect(states).toEqual([]);
    expect(greetings).toMatchObject([{ authMethodName: 'token' }]);
  });

  it('reaches a broker through the service URL, naming it', async () => {
    await pool().connection(broker(true), { tenantKey: 'a', use: 'publish' });
    expect(greetings).toMatchObject([{ proxyToBrokerUrl: 'inside:6650' }]);
  });

  it('tries the hosts of the service URL in turn, tells its state, and comes back after a loss', async () => {
    const connections = pool({ serviceUrl: `pulsar://127.0.0.1:1,127.0.0.1:${port}` });
    const connection = await connections.lookupConnection();
    await connection.roundTrip(1_000);
    expect(states).toEqual([true]);
    const lost = new Promise((resolve) => connection.onClose(resolve));
    sockets[0]?.destroy();
    await lost;
    expect(states).toEqual([true, false]);
    await connections.lookupConnection();
    expect(states).toEqual([true, false, true]);
  });

  it('fails when no host answers, and does not keep the failure', async () => {
    server.close();
    const connections = pool({ serviceUrl: 'pulsar://127.0.0.1:1,127.0.0.1:2' });
    await expect(connections.lookupConnection()).rejects.toMatchObject({
      code: 'ConnectFailed',
      retriable: true,
    });
    expect(connections.size).toBe(0);
    expect(states).toEqual([false]);
  });

  it('closes what nobody uses, and only that', async () => {
    const connections = pool({ connectionIdleMs: 100 });
    const unused = await connections.connection(broker(), { tenantKey: 'a', use: 'publish' });
    const used = await connections.connection(broker(), { tenantKey: 'b', use: 'publish' });
    used.registerConsumer(1, { onDisconnect: () => undefined } as never);
    await new Promise((resolve) => unused.onClose(resolve));
    expect(used.closed).toBe(false);
    expect(connections.size).toBe(1);
  });

  it('is bounded, making room from what has long been idle', async () => {
    const connections = pool({ connectionsMax: 1, operationTimeoutMs: 1 });
    const first = await connections.connection(broker(), { tenantKey: 'a', use: 'publish' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const second = await connections.connection(broker(), { tenantKey: 'b', use: 'publish' });
    expect(first.closed).toBe(true);
    second.registerConsumer(1, { onDisconnect: () => undefined } as never);
    await expect(connections.connection(broker(), { tenantKey: 'c', use: 'publish' })).rejects.toMatchObject({
      code: 'TooManyPending',
    });
  });

  it('refuses after it was closed', async () => {
    const connections = pool();
    const connection = await connections.lookupConnection();
    connections.close();
    expect(connection.closed).toBe(true);
    await expect(connections.lookupConnection()).rejects.toMatchObject({ code: 'Closed', retriable: false });
  });
});
