// What MQTT clients try that have not said who they are.
import { expect } from '@jest/globals';
import { encodePacket, noProperties } from '#libs/mqtt-codec';
import { rawPacket } from '../../support/mqtt-wire.js';
import { until } from '../../support/until.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import {
  answerUntilClosed,
  expectClosedAfter,
  expectClosedAtOnce,
  expectShareOfOneAddress,
} from '../first-words.js';
import { expectNoGrowth } from '../growth.js';
import { authenticationTimeoutMs, connectionsPerAddressMax, password, type MqttStage } from './mqtt-stage.js';

/** `mqtt.connectBytesMax` */
const connectBytesMax = 65_536;

const ofHex = (hex: string) => Buffer.from(hex, 'hex');
const ofTls = ofHex('16030100c8010000c40303');
const ofHttp = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
const ofAmqp = Buffer.from('AMQP\0\x01\0\0');
const ofKafka = ofHex('0000000e00120000000000010000');

function connect(userName: string, secret: Buffer, clientId = ''): Buffer {
  return encodePacket(
    {
      ...{ type: 'connect', protocolLevel: 5, cleanStart: true, keepAliveSeconds: 0, clientId, userName },
      ...{ password: secret, properties: noProperties },
    },
    5,
  );
}

const stranger = connect('acme/app', Buffer.from('guessed'));
const user = connect('acme/app', password);
const pings = Buffer.alloc(20_000, ofHex('c000'));

const announcing: readonly Buffer[] = [
  Buffer.concat([ofHex('1080fc03'), Buffer.alloc(1_024)]),
  ofHex('10ffffff2f'),
  ofHex('10ffffffff'),
  ofHttp,
  Buffer.alloc(65_536, 0xff),
  stranger,
  // A publish of 1 MB, and 1 KiB of it.
  Buffer.concat([user, ofHex('3280de3e0001'), Buffer.alloc(1_024, 'x')]),
  Buffer.concat([stranger, ofHex('f0ffffff7f')]),
  Buffer.concat([user, user]),
  Buffer.concat([stranger, pings]),
  Buffer.concat([user, pings]),
  ofHex('c000'),
];

/** A will of so many bytes that CONNECT is the largest there may be. */
const largest = rawPacket(
  0x10,
  'MQTT',
  [5, 0x06, 0, 60, 0, 0, 0, 0, 1],
  Buffer.from('w'),
  Buffer.from([0xff, 0xc0]),
  Buffer.alloc(connectBytesMax - 4 - 6 - 9 - 1 - 2),
);

export const beforeConnect: readonly (Abuse<MqttStage> | ProvenAbuse)[] = [
  {
    item: 'P1',
    tries: 'announces up to 256 MB in CONNECT or after it, and sends little of it',
    meets: 'is closed where the length is more than it may be; a thousand of them take less than 20 MB',
    alone: true,
    async run({ gateway, endpoint, serves }) {
      // One more than may be, 100 MB, and what is no length.
      const tooLarge = ['10818004', '10ffffff2f', '10ffffffff'].map(ofHex);
      await expectClosedAtOnce(authenticationTimeoutMs, endpoint, tooLarge);
      await expectNoGrowth({ gateway, endpoint, serves, kinds: announcing });
    },
  },
  {
    item: 'P1',
    tries: 'sends all of the largest CONNECT that is taken but its last byte',
    meets: 'a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, endpoint, serves }) =>
      expectNoGrowth({ gateway, endpoint, serves, kinds: [largest.subarray(0, -1)] }),
  },
  {
    item: 'P1',
    tries: 'sends 200 KB behind a CONNECT with a wrong password, while that is looked at',
    meets: 'a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, endpoint, serves }) =>
      expectNoGrowth({
        ...{ gateway, endpoint, serves },
        kinds: [Buffer.concat([stranger, Buffer.alloc(200_000)])],
      }),
  },
  {
    item: 'P2',
    tries: 'speaks TLS, HTTP, AMQP or Kafka, or sends another packet than CONNECT first',
    meets: 'is closed unanswered; the log says which protocol it looks like',
    async run({ gateway, endpoint }) {
      for (const bytes of [ofTls, ofHttp, ofAmqp, ofKafka, ofHex('c000'), ofHex('10ffffffffff')]) {
        expect((await answerUntilClosed(endpoint, bytes)).length).toBe(0);
      }
      for (const guess of ['TLS on a port without TLS', 'HTTP', 'AMQP']) {
        await until(() => gateway.log().includes(`looks like ${guess}`), `the log guesses ${guess}`);
      }
    },
  },
  {
    item: 'P3',
    tries: 'says nothing, sends CONNECT byte by byte, or begins to authenticate and falls silent',
    meets: 'is closed when `authenticationTimeoutMs` has passed since it came, whatever it sent meanwhile',
    async run({ endpoint }) {
      const scram = encodePacket(
        {
          ...{ type: 'connect', protocolLevel: 5, cleanStart: true, keepAliveSeconds: 0, clientId: 'slow' },
          properties: {
            authenticationMethod: 'SCRAM-SHA-256',
            authenticationData: Buffer.from('n,,n=acme/app,r=fyko+d2lbbFgONRv9qkxdawL'),
          },
        },
        5,
      );
      await expectClosedAfter(authenticationTimeoutMs, endpoint, [
        [Buffer.alloc(0)],
        [connect('acme/app', password, 'x'.repeat(1_000))],
        [scram, 1],
      ]);
    },
  },
  {
    item: 'P4',
    tries: 'opens more connections from one address than it may have',
    meets: 'is closed beyond `connectionsPerAddressMax`; clients of other addresses are served',
    run: ({ endpoint, serves }) => expectShareOfOneAddress(endpoint, connectionsPerAddressMax, serves),
  },
  {
    item: 'P4',
    tries: 'connects faster than its tenant may',
    meets: 'hears 0x9F; faster than its address may: it is closed before TLS',
    provenBy: { file: 'test/quotas/limits.spec.ts', test: 'of new connections, MQTT has a word of its own' },
  },
  {
    item: 'P5',
    tries:
      'gives a remaining length of five bytes, in more bytes than it needs, or lengths of properties beyond the packet',
    meets: 'hears 0x81 or 0x95 and is closed: nothing behind it is read as another packet',
    async run(stage) {
      const smuggled = rawPacket(0x82, [0, 9, 0], 'smuggled/#', [1]);
      const published = rawPacket(0x32, 'smuggled/topic', [0, 7, 0]);
      const wrong: readonly (readonly [Buffer, number])[] = [
        [ofHex('32ffffffff01'), 0x81],
        [ofHex('c08000'), 0x81],
        [ofHex('c080808000'), 0x81],
        [ofHex('32ffffff7f'), 0x95],
        [rawPacket(0x32, 'a', [0, 1], ofHex('ffffffff7f')), 0x81],
        [rawPacket(0x32, 'a', [0, 1], ofHex('80808000')), 0x81],
        [rawPacket(0x32, 'a', [0, 1], ofHex('7f')), 0x81],
        [rawPacket(0x82, [0, 1, 2, 0x0b, 0xff], 'a', [1]), 0x81],
        [rawPacket(0x32, [0xff, 0xff]), 0x81],
      ];
      for (const [bytes, code] of wrong) {
        const wire = await stage.client();
        wire.send(Buffer.concat([bytes, smuggled, published]));
        expect([bytes.toString('hex'), await wire.refusal()]).toEqual([bytes.toString('hex'), code]);
      }
    },
  },
  {
    item: 'P5',
    tries: 'gives lengths of variable size of every form, at every level',
    meets: 'only MQTT 3.1.1 lets a remaining length be longer than needed',
    provenBy: {
      file: 'libs/mqtt-codec/src/packet-decoder.spec.ts',
      test: 'allows remaining lengths that are not minimal before MQTT 5, which was the first to forbid them',
    },
  },
];
