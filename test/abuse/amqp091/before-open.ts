// What AMQP 0-9-1 clients try that have not said who they are.
import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { encodeFrame, encodeMethod, encodeProtocolHeader, FrameType } from '#libs/amqp091-codec';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import { answerUntilClosed, expectClosedAfter } from '../first-words.js';
import { authenticationTimeoutMs, type FrontStage, password } from '../front-stage.js';
import { hostileSockets } from '../../support/hostile-sockets.js';
import { expectNoGrowth, settledBytes } from '../growth.js';

/** Before tune-ok. */
const frameBytesMax = 32_768;
const idleCount = 1_000;
const idleBytesMax = 30_000;
const none = Buffer.alloc(0);
const header = encodeProtocolHeader();
const startOk = encodeMethod(0, {
  ...{ name: 'connection.start-ok', clientProperties: none, mechanism: 'PLAIN', locale: 'en_US' },
  response: Buffer.from(`\0acme/app\0${password}`),
});
const tuneOk = encodeMethod(0, {
  ...{ name: 'connection.tune-ok', channelMax: 100, frameMax: 131_072, heartbeat: 60 },
});
const open = encodeMethod(0, { name: 'connection.open', virtualHost: '/' });
const openOn = (channel: number) => encodeMethod(channel, { name: 'channel.open' });
const opened = Buffer.concat([header, startOk, tuneOk, open, openOn(1)]);

/** A frame of so many bytes, of which as much comes behind its head. */
function announced(type: number, channel: number, bytes: number, come: number): Buffer {
  const frame = Buffer.alloc(7 + come);
  frame[0] = type;
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(bytes, 3);
  return frame;
}

const publish = encodeMethod(1, {
  ...{ name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false },
});
/** Of a body of 1 MB. */
const contentHeader = encodeFrame({
  ...{ type: FrameType.HEADER, channel: 1 },
  payload: Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0]),
});
const body = encodeFrame({ type: FrameType.BODY, channel: 1, payload: Buffer.alloc(4_000) });
const absent = encodeMethod(1, {
  ...{ name: 'queue.declare', queue: 'absent', passive: true, durable: true, exclusive: false },
  ...{ autoDelete: false, noWait: false, arguments: none },
});

const announcing: readonly Buffer[] = [
  none,
  Buffer.from('AMQP\x00\x00'),
  Buffer.from('AMQP\x01\x01\x00\x09'),
  Buffer.concat([header, Buffer.alloc(65_536, 0xff)]),
  Buffer.concat([header, header]),
  Buffer.concat([header, announced(FrameType.METHOD, 0, 32_000, 1_024)]),
  Buffer.concat([header, announced(FrameType.METHOD, 0, 900_000_000, 65_536)]),
  Buffer.concat([header, startOk, startOk, startOk]),
  Buffer.concat([header, startOk, tuneOk, openOn(1)]),
  Buffer.concat([opened, announced(FrameType.METHOD, 1, 131_064, 4_096)]),
  Buffer.concat([opened, announced(FrameType.BODY, 1, 900_000_000, 65_536)]),
  Buffer.concat([opened, publish, contentHeader, body]),
  Buffer.concat([opened, publish, publish]),
  Buffer.concat([opened, body]),
  Buffer.concat([opened, openOn(1)]),
  Buffer.concat([opened, ...Array.from({ length: 64 }, (_, at) => openOn(at + 2))]),
  Buffer.concat([opened, ...Array.from({ length: 100 }, () => absent)]),
];
/** The largest frame before tune-ok, but for its last byte. */
export const almostWhole091 = Buffer.concat([
  header,
  announced(FrameType.METHOD, 0, frameBytesMax - 8, frameBytesMax - 9),
]);

export const beforeOpen: readonly (Abuse<FrontStage> | ProvenAbuse)[] = [
  {
    item: 'P1',
    tries: 'announces frames and bodies of up to 900 MB, or nothing at all, before its login and behind it',
    meets: 'is closed where it announces more than is taken; a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, amqp, servesAmqp091 }) =>
      expectNoGrowth({ gateway, endpoint: amqp, serves: servesAmqp091, kinds: announcing, reads: true }),
  },
  {
    item: 'P2',
    tries: 'begins with a header of another version, or goes on as if it had logged in',
    meets: 'is told the header that is served, or closed without a word',
    async run({ amqp }) {
      const served = Buffer.from('AMQP\x03\x01\x00\x00');
      for (const version of ['AMQP\x00\x00\x0a\x01', 'AMQP\x01\x01\x08\x00', 'AMQP\x00\x00\x09\x02']) {
        expect(await answerUntilClosed(amqp, Buffer.from(version))).toEqual(served);
      }
      const connectionOpenOk = Buffer.from([0, 10, 0, 41]);
      for (const bytes of [
        [header, open],
        [header, tuneOk, open],
        [header, openOn(1)],
        [header, publish],
      ]) {
        expect((await answerUntilClosed(amqp, Buffer.concat(bytes))).includes(connectionOpenOk)).toBe(false);
      }
    },
  },
  {
    item: 'P3',
    tries: 'says nothing, sends its login byte by byte, or falls silent in the middle of it',
    meets: 'is closed when `authenticationTimeoutMs` has passed since it came, whatever it sent meanwhile',
    async run({ amqp }) {
      await expectClosedAfter(authenticationTimeoutMs, amqp, [
        [Buffer.from('AMQP\x00\x00'), 0],
        [opened, 100],
        [header, 0],
        [Buffer.concat([header, startOk]), 0],
        [Buffer.concat([header, startOk, tuneOk]), 0],
      ]);
    },
  },
  {
    item: 'P5',
    tries:
      'gives sizes of frames, strings and tables larger than what is there, byte for byte at their extremes',
    meets: 'the codec refuses them with RabbitMQ’s codes, at once and before it has read on',
    provenBy: {
      file: 'libs/amqp091-codec/src/hostile.spec.ts',
      test: 'is read or refused with any byte at its extremes',
    },
  },
  {
    item: 'A10',
    tries: 'holds a thousand connections, each with a channel, and says nothing more',
    meets: 'each costs less than 30 KB',
    alone: true,
    async run({ gateway, amqp, servesAmqp091 }) {
      const before = await settledBytes(gateway);
      const sockets = await hostileSockets(amqp, idleCount, [opened], { reads: true });
      await servesAmqp091();
      expect(((await settledBytes(gateway)) - before) / idleCount).toBeLessThan(idleBytesMax);
      for (const socket of sockets) socket.resetAndDestroy();
      await servesAmqp091();
    },
  },
  {
    item: 'A10',
    tries: 'falls silent, having agreed on a heartbeat',
    meets: 'is closed when it has missed two; without one, TCP’s keep-alive finds out who is gone',
    async run({ amqp091Client }) {
      const silent = await amqp091Client('acme', 1);
      await silent.link.closed;
      expect(silent.heartbeats).toBeGreaterThan(1);
    },
  },
];
