// What Kafka clients try that have not said who they are.
import { expect } from '@jest/globals';
import { apiVersionsApi, encodeRequestFrame } from '#libs/kafka-codec';
import { until } from '../../support/until.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import {
  answerUntilClosed,
  expectClosedAfter,
  expectClosedAtOnce,
  expectShareOfOneAddress,
} from '../first-words.js';
import { expectNoGrowth } from '../growth.js';
import { authenticationTimeoutMs, connectionsPerAddressMax, type KafkaStage } from './kafka-stage.js';

/** `kafka.frameBytesMaxBeforeAuthentication` */
const frameBytesMax = 65_536;

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function framed(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length), body]);
}

/** Without a client id. */
function header(apiKey: number, apiVersion: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeInt16BE(apiKey, 0);
  bytes.writeInt16BE(apiVersion, 2);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt16BE(-1, 8);
  return bytes;
}

const [saslHandshake, apiVersions, metadata] = [17, 18, 3];
const ofTls = Buffer.from('16030100c8010000c40303', 'hex');
const ofHttp = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
const ofMqtt = Buffer.from('101000044d515454040000000004', 'hex');
const ofAmqp = Buffer.from('AMQP\0\x01\0\0');
/** Compact strings and tagged fields begin with a length of variable size. */
const varints = ['ffffffffff7f', 'ffffffffffffffffffff01', 'ffffffff0f', '80808080808000'];

const announcing: readonly Buffer[] = [
  int32(100 * 1024 * 1024),
  int32(0x7fffffff),
  int32(-1),
  int32(frameBytesMax),
  Buffer.concat([int32(60_000), Buffer.alloc(1_024)]),
  framed(header(metadata, 0), int32(0x7fffffff)),
  framed(header(apiVersions, 3), Buffer.from(varints[0]!, 'hex')),
  framed(header(saslHandshake, 1), Buffer.from('7fff', 'hex')),
  framed(Buffer.from('00000003ffffffffffff0102030405060708', 'hex')),
  Buffer.alloc(10_000, 0xff),
  ofTls,
  ofHttp,
];

export const beforeLogin: readonly (Abuse<KafkaStage> | ProvenAbuse)[] = [
  {
    item: 'P1',
    tries: 'announces up to 2 GB, or two billion topics, and sends a kilobyte at most',
    meets: 'is closed where the size is more than a login needs; a thousand of them take less than 20 MB',
    alone: true,
    async run({ gateway, endpoint, serves }) {
      const tooLarge = [100 * 1024 * 1024, 0x7fffffff, frameBytesMax + 1, -1].map(int32);
      await expectClosedAtOnce(authenticationTimeoutMs, endpoint, tooLarge);
      await expectNoGrowth({ gateway, endpoint, serves, kinds: announcing, reads: true });
    },
  },
  {
    item: 'P1',
    tries: 'sends all of the largest request that is taken before login but its last byte',
    meets: 'a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, endpoint, serves }) =>
      expectNoGrowth({
        ...{ gateway, endpoint, serves },
        kinds: [Buffer.concat([int32(frameBytesMax), Buffer.alloc(frameBytesMax - 1)])],
      }),
  },
  {
    item: 'P1',
    tries: 'asks for ApiVersions 2,000 times and reads no answer',
    meets: 'is closed after ten answers; a thousand of them take less than 20 MB',
    alone: true,
    run: ({ gateway, endpoint, serves }) =>
      expectNoGrowth({
        ...{ gateway, endpoint, serves },
        kinds: [Buffer.alloc(2_000 * 14, framed(header(apiVersions!, 0)))],
      }),
  },
  {
    item: 'P2',
    tries: 'speaks TLS, HTTP, MQTT or AMQP, or something that nobody speaks',
    meets: 'is closed unanswered; the log says which protocol it looks like',
    async run({ gateway, endpoint }) {
      for (const bytes of [ofTls, ofHttp, ofMqtt, ofAmqp, framed(Buffer.from('0102030405060708', 'hex'))]) {
        expect((await answerUntilClosed(endpoint, bytes)).length).toBe(0);
      }
      for (const guess of ['TLS on a port without TLS', 'HTTP', 'MQTT', 'AMQP']) {
        await until(() => gateway.log().includes(`looks like ${guess}`), `the log guesses ${guess}`);
      }
    },
  },
  {
    item: 'P2',
    tries: 'asks for topics, for an API that nobody has, or by a version that is not there, before its login',
    meets: 'is closed unanswered',
    async run({ endpoint }) {
      const asked = [
        framed(header(metadata, 0), int32(0)),
        framed(header(9_999, 0)),
        framed(header(metadata, 99)),
      ];
      const answers = await expectClosedAtOnce(authenticationTimeoutMs, endpoint, asked);
      for (const answer of answers) expect(answer.length).toBe(0);
    },
  },
  {
    item: 'P3',
    tries: 'says nothing, sends its first request byte by byte, or begins its login and falls silent',
    meets: 'is closed when `authenticationTimeoutMs` has passed since it came, whatever it sent meanwhile',
    async run({ endpoint }) {
      const request = encodeRequestFrame(
        { apiKey: apiVersions!, apiVersion: 3, correlationId: 1, clientId: 'slow' },
        (writer) =>
          apiVersionsApi.encodeRequest(
            writer,
            { clientSoftwareName: 'x'.repeat(500), clientSoftwareVersion: '1' },
            3,
          ),
      );
      const handshake = framed(header(saslHandshake!, 1), Buffer.from('0005504c41494e', 'hex'));
      await expectClosedAfter(authenticationTimeoutMs, endpoint, [
        [Buffer.alloc(0)],
        [request],
        [handshake, 1],
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
    tries: 'comes again and again, faster than its address may',
    meets: 'is closed before TLS and login, others are not',
    provenBy: {
      file: 'test/quotas/limits.spec.ts',
      test: 'is closed before it can say a word, and others than it are not',
    },
  },
  {
    item: 'P5',
    tries: 'gives lengths in more bytes than 32 bits have, or larger than the request',
    meets: 'is closed, and nothing behind them is read as another request',
    async run({ endpoint }) {
      for (const varint of varints) {
        const next = framed(header(apiVersions!, 0));
        const bytes = framed(header(apiVersions!, 3), Buffer.from(varint, 'hex'), next);
        expect((await answerUntilClosed(endpoint, Buffer.concat([bytes, next]))).length).toBe(0);
      }
    },
  },
  {
    item: 'P5',
    tries: 'gives lengths of variable size of every form',
    meets: 'the codec refuses those of more than 32 bits, and reads no byte beyond what is there',
    provenBy: {
      file: 'libs/kafka-codec/src/byte-reader.spec.ts',
      test: 'are refused when a varint is longer than 32 bits',
    },
  },
];
