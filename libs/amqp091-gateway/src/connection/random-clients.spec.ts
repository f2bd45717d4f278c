// Clients that send any frames in any order: the gateway fails at nothing and forgets nothing.
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Amqp091Method,
  encodeFrame,
  encodeHeartbeat,
  encodeMethod,
  encodeProtocolHeader,
  FrameType,
} from '#libs/amqp091-codec';
import { amqp091Bed } from '../testing/amqp091-bed.js';
import { recordingParts } from '../testing/recording-part.js';

const none = Buffer.alloc(0);
const plain = (credentials: string): Amqp091Method => ({
  ...{ name: 'connection.start-ok', clientProperties: none, mechanism: 'PLAIN', locale: 'en_US' },
  response: Buffer.from(credentials),
});
const tuneOk: Amqp091Method = { name: 'connection.tune-ok', channelMax: 3, frameMax: 4_096, heartbeat: 1 };
const open: Amqp091Method = { name: 'connection.open', virtualHost: '/' };
const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
const publish = { exchange: '', routingKey: 'q', mandatory: false, immediate: false };
const queue = {
  queue: 'q',
  durable: true,
  exclusive: false,
  autoDelete: false,
  noWait: false,
  arguments: none,
};
const contentHeader = (bytes: number) => {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(60, 0);
  payload.writeUInt32BE(bytes, 8);
  return payload;
};

const ofConnection = fc.constantFrom<Amqp091Method>(
  ...[plain('\0alice\0secret'), plain('\0alice\0no'), tuneOk, { ...tuneOk, channelMax: 9_999 }, open],
  { name: 'connection.secure-ok', response: Buffer.from('x') },
  { name: 'connection.update-secret', newSecret: Buffer.from('secret'), reason: '' },
  { name: 'connection.close', ...close },
  { name: 'connection.close-ok' },
);
const ofChannel = fc.constantFrom<Amqp091Method>(
  { name: 'channel.open' },
  { name: 'channel.flow', active: true },
  { name: 'channel.close', ...close },
  { name: 'channel.close-ok' },
  { name: 'queue.declare', ...queue, passive: false },
  { name: 'queue.declare', ...queue, passive: true },
  { name: 'queue.delete', queue: 'q', ifUnused: false, ifEmpty: false, noWait: true },
  { name: 'basic.publish', ...publish },
  { name: 'tx.select' },
  { name: 'basic.get', queue: 'q', noAck: true },
);
const channel = fc.constantFrom(0, 1, 1, 1, 2, 3, 4);
const bytes = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some)) },
  { weight: 1, arbitrary: fc.constantFrom(encodeHeartbeat(), encodeProtocolHeader()) },
  { weight: 2, arbitrary: ofConnection.map((method) => encodeMethod(0, method)) },
  { weight: 8, arbitrary: fc.tuple(channel, ofChannel).map(([on, method]) => encodeMethod(on, method)) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(channel, fc.constantFrom(0, 1, 100), fc.constantFrom(FrameType.HEADER, FrameType.BODY))
      .map(([on, size, type]) => {
        const payload = type === FrameType.HEADER ? contentHeader(size) : Buffer.alloc(size);
        return encodeFrame({ type, channel: on, payload });
      }),
  },
);

/** As most begin, so that most get somewhere. */
const beginnings = fc.constantFrom<Buffer[]>(
  [],
  [encodeProtocolHeader()],
  [
    encodeProtocolHeader(),
    encodeMethod(0, plain('\0guest\0guest')),
    encodeMethod(0, tuneOk),
    encodeMethod(0, open),
  ],
  [
    ...[encodeProtocolHeader(), encodeMethod(0, plain('\0alice\0secret')), encodeMethod(0, tuneOk)],
    ...[encodeMethod(0, open), encodeMethod(1, { name: 'channel.open' })],
  ],
);

describe('clients that say anything', () => {
  it('cost nothing when they are gone, and break nothing', async () => {
    const parts = recordingParts('basic.publish', 'basic.get', 'tx.select');
    const { connect, services, close: closeBed } = await amqp091Bed({ parts: [parts] });
    await fc.assert(
      fc.asyncProperty(
        beginnings,
        fc.array(bytes, { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        async (beginning, said, drains, atOnce) => {
          const client = connect();
          client.sendBytes(...beginning);
          if (atOnce) client.sendBytes(...said);
          else for (const each of said) client.sendBytes(each);
          for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
          if (drains) void client.memory.drain();
          else client.memory.client.end();
          await client.memory.client.closed;
          for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
          expect(client.memory.counters.failures).toBe(0);
          expect(services.metrics.errors('amqp091', 'internal-error').value).toBe(0);
          expect(services.counters.channelsOpen).toBe(0);
          expect(services.contents.usedBytes).toBe(0);
          expect([services.idleWheel.size, services.watch.size]).toEqual([0, 0]);
          expect(services.metrics.tenant('amqp091', 'acme').connectionsOpen).toBe(0);
          expect(parts.made.every(({ told }) => told.filter((each) => each === 'closed').length === 1)).toBe(
            true,
          );
          parts.made.length = 0;
        },
      ),
      { numRuns: 300 },
    );
    await closeBed();
  }, 30_000);
});
