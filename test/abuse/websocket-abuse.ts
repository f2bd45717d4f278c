// What is tried with WebSocket, whatever protocol is inside.
import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { clientFrame, upgradeRequest } from '../../libs/transport/src/testing/websocket-client.js';
import { hostileSockets } from '../support/hostile-sockets.js';
import type { AbuseTable } from './abuse.js';
import { namesHosts } from './every-protocol.js';
import { answerUntilClosed } from './first-words.js';
import type { FrontStage } from './front-stage.js';
import { expectNoGrowth, hostileCount } from './growth.js';

const listenerSpec = 'libs/transport/src/websocket/websocket-listener.spec.ts';
const get = 'GET /mqtt HTTP/1.1';
const upgrade = Buffer.from(upgradeRequest());

/** The head of a message of so many bytes. */
function announced(bytes: number): Buffer {
  const head = Buffer.from('82ff0000000000000000a5c30f18', 'hex');
  head.writeUInt32BE(bytes, 6);
  return head;
}

const kinds: readonly Buffer[] = [
  Buffer.from(get),
  // All of the headers that there may be, but their end.
  Buffer.from(`${get}\r\nHost: x\r\nCookie: ${'x'.repeat(8_000)}`),
  upgrade,
  Buffer.concat([upgrade, announced(0xffff_ffff), Buffer.alloc(1_024)]),
  Buffer.concat([upgrade, announced(200_000), Buffer.alloc(4_096)]),
  Buffer.concat([upgrade, announced(200_000), Buffer.alloc(30_000)]),
  Buffer.concat([upgrade, ...Array<Buffer>(200).fill(clientFrame({ opcode: 0, isLast: false }))]),
  Buffer.concat([upgrade, ...Array<Buffer>(200).fill(clientFrame({ opcode: 9, payload: 'x'.repeat(125) }))]),
];

const endpointOf = ({ gateway }: FrontStage) => new URL(gateway.mqtt.ws).host;

export const webSocketAbuse: AbuseTable<FrontStage> = {
  protocol: 'WebSocket',
  rows: [
    {
      item: 'P1',
      tries:
        'sends headers without an end, announces messages of up to 4 GB and sends little, or more than a login takes',
      meets: 'is closed where it announces more than is taken; a thousand of them take less than 20 MB',
      alone: true,
      async run(stage) {
        const endpoint = endpointOf(stage);
        // What the process takes once for so many handshakes at a time.
        for (const socket of await hostileSockets(endpoint, hostileCount, kinds, { reads: true })) {
          socket.resetAndDestroy();
        }
        await stage.servesWebSocket();
        const serves = stage.servesWebSocket;
        await expectNoGrowth({ gateway: stage.gateway, endpoint, kinds, reads: true, serves });
      },
    },
    {
      item: 'P2',
      tries:
        'asks by another path, method or version, for no upgrade or another one, or with headers without end',
      meets: 'hears 404, 426, 400 or 431, and is closed',
      provenBy: { file: listenerSpec, test: 'refuses %s with %d' },
    },
    {
      item: 'P3',
      tries: 'sends the handshake byte by byte, or completes it and falls silent',
      meets: 'is closed when `authenticationTimeoutMs` has passed since it came',
      provenBy: {
        file: listenerSpec,
        test: 'counts the handshake in the absolute deadline, however busy it is',
      },
    },
    {
      item: 'P5',
      tries:
        'announces a message with more than is allowed, sends fragments without end, or frames that are none',
      meets: 'is closed with 1009, 1008 or 1002',
      provenBy: {
        file: listenerSpec,
        test: 'closes who sends %s with %d, and says so in log and metrics',
      },
    },
    {
      item: 'P11',
      tries: 'connects from a page that is not listed, or from one whose name was made to lead here',
      meets: 'hears 403',
      provenBy: {
        file: listenerSpec,
        test: 'lets in who names the address that it connects to, as programs do, and no name that may lead here by chance',
      },
    },
    {
      item: 'P11',
      tries: 'offers to compress, and sends frames that are marked as compressed',
      meets: 'nothing is compressed: the offer is not taken up, and such a frame closes with 1002',
      async run(stage) {
        const offering = upgradeRequest({
          'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits; server_max_window_bits=8',
        });
        const bomb = clientFrame({ reservedBits: 4, payload: Buffer.alloc(1_000) });
        const answer = await answerUntilClosed(
          endpointOf(stage),
          Buffer.concat([Buffer.from(offering), bomb]),
        );
        expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
        expect(answer.toString('latin1')).not.toMatch(/Sec-WebSocket-Extensions/i);
        expect(answer.readUInt16BE(answer.length - 2)).toBe(1_002);
      },
    },
    {
      item: 'P11',
      tries: 'says in Sec-WebSocket-Protocol what is no name, what every object has, or thousands of names',
      meets: 'hears 400 or 431; of several names the one that is served is taken',
      async run(stage) {
        const status = async (protocol: string) => {
          const request = upgradeRequest({ 'Sec-WebSocket-Protocol': protocol, Origin: undefined });
          const bytes = Buffer.concat([Buffer.from(request), clientFrame({ opcode: 8 })]);
          const answer = (await answerUntilClosed(endpointOf(stage), bytes)).toString('latin1');
          return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
        };
        for (const none of [
          '',
          ',',
          ' , ,',
          '__proto__',
          'constructor',
          'mqtt\t;',
          '"mqtt"',
          'mqtt mqtt',
          'm\u00e9',
        ]) {
          expect([none, await status(none)]).toEqual([none, 400]);
        }
        const many = Array.from({ length: 900 }, (_, at) => `x${at}`).join(', ');
        expect(await status(many)).toBe(400);
        expect(await status(`${many}, mqtt`)).toBe(101);
        expect(await status(`${many}, ${many}`)).toBe(431);
        await stage.servesWebSocket();
      },
    },
    {
      item: 'A9',
      tries: 'reads nothing of what it is sent, and asks for more by pings',
      meets: 'what it sends is not read either; pings of who reads nothing are not answered',
      provenBy: {
        file: listenerSpec,
        test: 'drops the answers to pings of a client that does not read them',
      },
    },
    namesHosts,
  ],
  without: {
    P4: 'connections are counted when they come, whatever they carry: see MQTT',
    ...Object.fromEntries(
      (['A2', 'A3', 'A5', 'A8', 'A10', 'A11', 'A12', 'A17', 'A21'] as const).map((item) => [
        item,
        'what is inside is MQTT or AMQP: see there',
      ]),
    ),
    A15: 'see the admin HTTP',
  },
};
