// What AMQP 1.0 clients try that have not said who they are.
import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { encodeFrame, encodeProtocolHeader, encodeSaslFrame, unopenedFrameBytesMax } from '#libs/amqp-codec';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import { answerUntilClosed, expectClosedAfter, expectShareOfOneAddress } from '../first-words.js';
import {
  authenticationTimeoutMs,
  connectionsPerAddressMax,
  type FrontStage,
  password,
} from '../front-stage.js';
import { almostWhole091 } from '../amqp091/before-open.js';
import { expectNoGrowth } from '../growth.js';

const saslHeader = encodeProtocolHeader('sasl');
const amqpHeader = encodeProtocolHeader('amqp');
const initialResponse = Buffer.from(`\0acme/app\0${password}`);
const init = encodeSaslFrame({ type: 'sasl-init', mechanism: 'PLAIN', initialResponse });
const open = encodeFrame(0, { type: 'open', containerId: 'hostile' });
const beginOn = (channel: number) =>
  encodeFrame(channel, { type: 'begin', nextOutgoingId: 0, incomingWindow: 9, outgoingWindow: 9 });
/** How an answer to `open` begins. */
const openDescriptor = Buffer.from('005310', 'hex');
const opened = Buffer.concat([saslHeader, init, amqpHeader, open]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const [amqpFrame, saslFrame] = [0, 1];
/** A frame of so many bytes, of which as much comes behind its head. */
const announced = (bytes: number, type: number, come: number) =>
  Buffer.concat([uint32(bytes), Buffer.from([2, type, 0, 0]), Buffer.alloc(come)]);

const frameOf = (...body: number[]) =>
  Buffer.concat([uint32(body.length + 8), Buffer.from([2, amqpFrame!, 0, 0, ...body])]);
/** An array in an array, ..., each with one element more announced than is there. */
const nested = frameOf(0, 0x53, 0x12, ...Array.from({ length: 4_000 }, () => 0xf0));
const lying = frameOf(0, 0x53, 0x11, 0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40);

const announcing: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from('AMQP\x00\x01'),
  Buffer.alloc(65_536, 0xff),
  Buffer.concat([saslHeader, announced(unopenedFrameBytesMax, saslFrame!, 1_024)]),
  Buffer.concat([saslHeader, announced(900_000_000, saslFrame!, 65_536)]),
  Buffer.concat([saslHeader, init, init, init]),
  Buffer.concat([saslHeader, amqpHeader]),
  Buffer.concat([amqpHeader, beginOn(0)]),
  Buffer.concat([amqpHeader, announced(8_000, amqpFrame!, 4_096)]),
  Buffer.concat([opened, announced(0, amqpFrame!, 0)]),
  Buffer.concat([opened, announced(900_000_000, amqpFrame!, 65_536)]),
  // The largest frame there is, and a part of it.
  Buffer.concat([opened, announced(131_072, amqpFrame!, 4_096)]),
  Buffer.concat([opened, nested]),
  Buffer.concat([opened, lying]),
  Buffer.concat([opened, beginOn(0), beginOn(0)]),
  Buffer.concat([opened, ...Array.from({ length: 64 }, (_, channel) => beginOn(channel))]),
];
const almostWhole = Buffer.concat([
  saslHeader,
  announced(unopenedFrameBytesMax, saslFrame!, unopenedFrameBytesMax - 9),
]);

const ofOthers: readonly Buffer[] = [
  Buffer.from('16030100c8010000c40303', 'hex'),
  Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  Buffer.from('101000044d515454040000000004', 'hex'),
  Buffer.from('AMQP\x00\x02\x00\x00'),
  Buffer.from('AMQP\x02\x01\x00\x00'),
];

export const beforeOpen: readonly (Abuse<FrontStage> | ProvenAbuse)[] = [
  {
    item: 'P1',
    tries:
      'announces frames of up to 900 MB, arrays of 4 billion, or nothing at all, before its login and behind it',
    meets: 'is closed where it announces more than is taken; a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, amqp, servesAmqp }) =>
      expectNoGrowth({ gateway, endpoint: amqp, serves: servesAmqp, kinds: announcing, reads: true }),
  },
  {
    item: 'P1',
    tries:
      'sends all of the largest frame that is taken before `open`, of this or the other AMQP, but its last byte',
    meets: 'a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, amqp, servesAmqp }) =>
      expectNoGrowth({ gateway, endpoint: amqp, serves: servesAmqp, kinds: [almostWhole, almostWhole091] }),
  },
  {
    item: 'P2',
    tries: 'speaks TLS, HTTP or MQTT, AMQP of another version or with TLS inside',
    meets: 'is told the protocol header that is served, and closed',
    async run({ amqp }) {
      for (const bytes of ofOthers) expect(await answerUntilClosed(amqp, bytes)).toEqual(saslHeader);
    },
  },
  {
    item: 'P2',
    tries: 'goes on as if it had logged in, or begins its login twice',
    meets: 'is closed, and `open` is not answered',
    async run({ amqp }) {
      for (const bytes of [
        Buffer.concat([saslHeader, amqpHeader, open, beginOn(0)]),
        Buffer.concat([saslHeader, saslHeader]),
        Buffer.concat([amqpHeader, open, beginOn(0)]),
      ]) {
        expect((await answerUntilClosed(amqp, bytes)).includes(openDescriptor)).toBe(false);
      }
    },
  },
  {
    item: 'P3',
    tries: 'says nothing, sends its login byte by byte, or falls silent in the middle of it or before `open`',
    meets: 'is closed when `authenticationTimeoutMs` has passed since it came, whatever it sent meanwhile',
    async run({ amqp }) {
      await expectClosedAfter(authenticationTimeoutMs, amqp, [
        [Buffer.alloc(0), 0],
        [Buffer.concat([saslHeader, init, amqpHeader, open]), 100],
        [saslHeader, 0],
        [Buffer.concat([saslHeader, init, amqpHeader]), 0],
      ]);
    },
  },
  {
    item: 'P4',
    tries: 'opens more connections from one address than it may have',
    meets: 'is closed beyond `connectionsPerAddressMax`; clients of other addresses are served',
    run: ({ amqp, servesAmqp }) => expectShareOfOneAddress(amqp, connectionsPerAddressMax, servesAmqp),
  },
  {
    item: 'P5',
    tries: 'gives sizes and counts of every width, larger than what is there or than what may be',
    meets: 'the codec refuses them with AMQP’s errors, at once and before it has read on',
    provenBy: {
      file: 'libs/amqp-codec/src/hostile.spec.ts',
      test: 'are read or refused as frames, and as streams',
    },
  },
];
