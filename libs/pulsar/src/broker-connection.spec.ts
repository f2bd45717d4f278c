import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createAuthProvider } from './auth/auth-provider.js';
import { type BrokerConnection, openConnection } from './broker-connection.js';
import { type PulsarClientOptions, withDefaults } from './client.options.js';
import type { PulsarError } from './pulsar.errors.js';
import { decodeCommand, encodeCommandFrame } from './wire/command-codec.js';
import type { BaseCommand, BaseCommandInit } from './wire/commands.js';
import { commandEnd, commandStart, FrameDecoder } from './wire/frame-decoder.js';

type Answer = (command: BaseCommand & BaseCommandInit, socket: Socket) => void;

const connected = { serverVersion: 'fake', protocolVersion: 21, maxMessageSize: 1000 };

function say(socket: Socket, command: object): void {
  socket.write(encodeCommandFrame(command as BaseCommandInit));
}

/** A broker that answers CONNECT, and whatever else a test says. */
class FakeBroker {
  readonly received: (BaseCommand & BaseCommandInit)[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;

  constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      const decoder = new FrameDecoder();
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) =>
        decoder.push(chunk, (frame) => {
          const command = decodeCommand(frame, commandStart, commandEnd(frame)) as BaseCommand &
            BaseCommandInit;
          this.received.push(command);
          answer(command, socket);
        }),
      );
    });
  }

  async open(client: Partial<PulsarClientOptions> = {}): Promise<BrokerConnection> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as { port: number };
    return openConnection({
      broker: { key: 'fake', host: '127.0.0.1', port, throughServiceUrl: false },
      target: { host: '127.0.0.1', port },
      auth: createAuthProvider(client.auth ?? { method: 'none' }),
      originalPrincipal: client.originalPrincipal,
      client: withDefaults({ serviceUrl: 'pulsar://unused', ...client }),
    });
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

/** Answers CONNECT, and passes everything else on. */
const whenConnected =
  (then: Answer = () => undefined): Answer =>
  (command, socket) => {
    if (command.connect) say(socket, { connected });
    else then(command, socket);
  };

function ended(connection: BrokerConnection): Promise<PulsarError> {
  return new Promise((resolve) => connection.onClose(resolve));
}

describe('a connection to a broker', () => {
  let broker: FakeBroker | undefined;
  const start = (answer: Answer) => (broker = new FakeBroker(answer));
  afterEach(() => broker?.close());

  it('introduces itself and takes over what CONNECTED says', async () => {
    const fake = start(whenConnected());
    const connection = await fake.open({
      auth: { method: 'token', token: 'secret' },
      originalPrincipal: 'alice',
    });
    expect(connection).toMatchObject({ maxMessageSize: 1000, protocolVersion: 21, serverVersion: 'fake' });
    expect(fake.received[0]?.connect).toMatchObject({
      protocolVersion: 21,
      authMethodName: 'token',
      originalPrincipal: 'alice',
      featureFlags: {
        supportsAuthRefresh: true,
        supportsBrokerEntryMetadata: true,
        supportsPartialProducer: true,
        supportsTopicWatchers: true,
        supportsGetPartitionedMetadataWithoutAutoCreation: true,
      },
    });
    expect(Buffer.from(fake.received[0]?.connect?.authData as Uint8Array).toString()).toBe('secret');
    connection.close('done');
  });

  it('is refused with the error of the broker', async () => {
    const fake = start((_, socket) => {
      say(socket, { error: { requestId: -1, error: 3, message: 'who are you' } });
      socket.end();
    });
    await expect(fake.open()).rejects.toMatchObject({ code: 'AuthenticationError', retriable: false });
  });

  it('gives up a broker that says nothing, and one that hangs up', async () => {
    const silent = start(() => undefined);
    await expect(silent.open({ connectionTimeoutMs: 100 })).rejects.toMatchObject({ code: 'ConnectFailed' });
    silent.close();
    const rude = start((_, socket) => socket.destroy());
    await expect(rude.open()).rejects.toMatchObject({ code: 'ConnectFailed', retriable: true });
  });

  it('matches answers to requests by their ids, in any order', async () => {
    const waiting: number[] = [];
    const fake = start(
      whenConnected((command, socket) => {
        waiting.push(command.seek?.requestId as number);
        if (waiting.length < 3) return;
        for (const requestId of waiting.toReversed()) {
          if (requestId === waiting[1]) say(socket, { error: { requestId, error: 6, message: 'later' } });
          else say(socket, { success: { requestId } });
        }
      }),
    );
    const connection = await fake.open();
    const [first, second, third] = await Promise.allSettled(
      [1, 2, 3].map((consumerId) => connection.request({ seek: { consumerId, messagePublishTime: 5 } })),
    );
    expect(first).toMatchObject({ status: 'fulfilled', value: { success: { requestId: waiting[0] } } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ServiceNotReady' } });
    expect(third?.status).toBe('fulfilled');
    connection.close('done');
  });

  it('bounds the time and the number of outstanding requests', async () => {
    const connection = await start(whenConnected()).open({ requestsPendingMax: 2 });
    const ask = () => connection.request({ unsubscribe: { consumerId: 1 } }, 50);
    const outcomes = await Promise.allSettled([ask(), ask(), ask()]);
    expect(outcomes.map((each) => (each.status === 'rejected' ? each.reason.code : ''))).toEqual([
      'Timeout',
      'Timeout',
      'TooManyPending',
    ]);
    connection.close('done');
  });

  it('ends everything outstanding when the broker hangs up', async () => {
    const fake = start(
      whenConnected((command, socket) => {
        if (command.unsubscribe) socket.destroy();
      }),
    );
    const connection = await fake.open();
    const told: string[] = [];
    const handler = { onDisconnect: (error: PulsarError) => void told.push(error.code) };
    connection.registerProducer(1, handler as never);
    connection.registerConsumer(1, handler as never);
    const closed = ended(connection);
    await expect(connection.request({ unsubscribe: { consumerId: 1 } })).rejects.toMatchObject({
      code: 'Disconnected',
    });
    expect((await closed).code).toBe('Disconnected');
    expect(told).toEqual(['Disconnected', 'Disconnected']);
    expect(connection.send(Buffer.from('x'))).toBe(false);
    await expect(connection.request({ unsubscribe: { consumerId: 1 } })).rejects.toMatchObject({
      code: 'Disconnected',
    });
  });

  it('answers PING, pings a silent broker and leaves one that stays silent', async () => {
    const fake = start(whenConnected());
    const connection = await fake.open({ keepAliveMs: 200 });
    const closed = ended(connection);
    say(fake.sockets[0] as Socket, { ping: {} });
    expect((await closed).message).toContain('silent');
    expect(fake.received.some((command) => command.pong)).toBe(true);
    expect(fake.received.filter((command) => command.ping)).toHaveLength(1);
  });

  it('closes on a frame over the limit that CONNECTED set, and on bytes that are no command', async () => {
    const fake = start(whenConnected());
    const connection = await fake.open();
    const closed = ended(connection);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(1000 + 10 * 1024 + 1);
    fake.sockets[0]?.write(head);
    expect((await closed).code).toBe('MalformedFrame');
    fake.close();
    const other = start(whenConnected());
    const second = await other.open();
    const secondClosed = ended(second);
    other.sockets[0]?.write(Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 0xff, 0xff]));
    expect((await secondClosed).code).toBe('MalformedFrame');
  });

  it('answers AUTH_CHALLENGE with fresh credentials', async () => {
    const fake = start(whenConnected());
    const connection = await fake.open({ auth: { method: 'basic', username: 'u', password: 'p' } });
    say(fake.sockets[0] as Socket, { authChallenge: { challenge: { authMethodName: 'basic' } } });
    while (!fake.received.some((command) => command.authResponse))
      await new Promise((wait) => setTimeout(wait, 5));
    const response = fake.received.at(-1)?.authResponse?.response;
    expect(Buffer.from(response?.authData ?? []).toString()).toBe('u:p');
    connection.close('done');
  });

  it('says when its buffer is full, and when it has drained', async () => {
    const fake = start(whenConnected());
    const connection = await fake.open({ sendHighWaterBytes: 64 * 1024 });
    (fake.sockets[0] as Socket).pause();
    const frame = Buffer.alloc(32 * 1024);
    let frames = 0;
    while (connection.send(frame)) {
      if (++frames % 2 === 0) await new Promise((wait) => setImmediate(wait));
      expect(frames).toBeLessThan(10_000);
    }
    expect(connection.writable).toBe(false);
    const drained = new Promise<void>((resolve) => connection.onWritable(resolve));
    const socket = fake.sockets[0] as Socket;
    socket.removeAllListeners('data');
    socket.on('data', () => undefined);
    socket.resume();
    await drained;
    expect(connection.writable).toBe(true);
    connection.close('done');
  });

  it('tells a queued producer when its turn comes, and one whose wait ends badly', async () => {
    const queued = (requestId: number, producerReady: boolean) => ({
      producerSuccess: { requestId, producerName: 'p', producerReady },
    });
    const fake = start(
      whenConnected((command, socket) => {
        const requestId = command.producer?.requestId as number;
        say(socket, queued(requestId, false));
        setTimeout(() => {
          if (command.producer?.producerId === 1) say(socket, queued(requestId, true));
          else say(socket, { error: { requestId, error: 25, message: 'fenced' } });
        }, 20);
      }),
    );
    const connection = await fake.open();
    const told = [1, 2].map(
      (producerId) =>
        new Promise<unknown>((resolve) => {
          connection.registerProducer(producerId, {
            onProducerSuccess: (success: object) => resolve(success),
            onProducerFailed: (error: PulsarError) => resolve(error.code),
            onDisconnect: () => undefined,
          } as never);
        }),
    );
    const answers = await Promise.all(
      [1, 2].map((producerId) => connection.request({ producer: { topic: 't', producerId } })),
    );
    expect(answers.map((answer) => answer.producerSuccess?.producerReady)).toEqual([false, false]);
    expect(await Promise.all(told)).toEqual([
      expect.objectContaining({ producerReady: true }),
      'ProducerFenced',
    ]);
    connection.close('done');
  });

  it('passes on what the broker says of its own accord', async () => {
    const fake = start(whenConnected());
    const connection = await fake.open();
    const told: unknown[] = [];
    const note =
      (name: string) =>
      (...values: unknown[]) =>
        void told.push([name, ...values]);
    const consumer = ['onCloseConsumer', 'onActiveConsumerChange', 'onReachedEndOfTopic', 'onDisconnect'];
    const producer = ['onSendReceipt', 'onSendError', 'onCloseProducer', 'onDisconnect'];
    const handler = (names: string[]) => Object.fromEntries(names.map((name) => [name, note(name)])) as never;
    connection.registerProducer(1, handler(producer));
    connection.registerConsumer(2, handler(consumer));
    const socket = fake.sockets[0] as Socket;
    say(socket, { sendReceipt: { producerId: 1, sequenceId: 5, messageId: { ledgerId: -1, entryId: -1 } } });
    say(socket, { sendError: { producerId: 1, sequenceId: 6, error: 9, message: 'crc' } });
    say(socket, { activeConsumerChange: { consumerId: 2, isActive: true } });
    say(socket, { reachedEndOfTopic: { consumerId: 2 } });
    say(socket, { topicMigrated: { resourceId: 1, resourceType: 0, brokerServiceUrl: 'pulsar://new:1' } });
    say(socket, {
      closeConsumer: { consumerId: 2, requestId: -1, assignedBrokerServiceUrl: 'pulsar://b:2' },
    });
    say(socket, { ping: {} });
    while (!fake.received.some((command) => command.pong)) await new Promise((wait) => setTimeout(wait, 5));
    expect(told).toEqual([
      ['onSendReceipt', 1, 5, -1, -1, 0],
      ['onSendError', 6, expect.objectContaining({ code: 'ChecksumError' })],
      ['onActiveConsumerChange', true],
      ['onReachedEndOfTopic'],
      [
        'onCloseProducer',
        { assignedBrokerServiceUrl: 'pulsar://new:1', assignedBrokerServiceUrlTls: undefined },
      ],
      [
        'onCloseConsumer',
        { assignedBrokerServiceUrl: 'pulsar://b:2', assignedBrokerServiceUrlTls: undefined },
      ],
    ]);
    expect(connection.idle).toBe(true);
    connection.close('done');
  });

  it('gives away what a consumer gets, in small reads and in large ones', async () => {
    const texts = Array.from({ length: 30 }, (_, at) => `${at}`.repeat([3, 40, 900][at % 3]!));
    const fake = start(whenConnected());
    const connection = await fake.open();
    const kept: { readonly frame: Buffer; readonly from: number; readonly to: number }[] = [];
    let heard = () => {};
    connection.registerConsumer(7, {
      onMessage: (frame, _, from, to) => {
        kept.push({ frame, from, to });
        heard();
      },
      onCloseConsumer: () => undefined,
      onDisconnect: () => undefined,
    });
    for (const text of texts) {
      const came = new Promise<void>((resolve) => (heard = resolve));
      fake.sockets[0]!.write(messageFrame(text));
      await came;
    }
    expect(kept.map(({ frame, from, to }) => frame.toString('utf8', from, to))).toEqual(texts);
    connection.close('done');
  });
});

/** With a text where an entry is. */
function messageFrame(text: string): Buffer {
  const messageId = { ledgerId: 1, entryId: 2 };
  const command = encodeCommandFrame({ message: { consumerId: 7, messageId } } as unknown as BaseCommandInit);
  const frame = Buffer.concat([command, Buffer.from(text)]);
  frame.writeUInt32BE(frame.length - 4, 0);
  return frame;
}
