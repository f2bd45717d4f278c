// What is not a packet of MQTT 3.1.1, or not one that a client may send: it ends the connection without a word, or with a return code.
import { Buffer } from 'node:buffer';
import { encodePacket } from '#libs/mqtt-codec';
import { publishOf, rawPacket, rawString } from '../../support/mqtt-wire.js';
import { type Malformed, malformedScript, type RawConnect, rawConnect } from './malformed.js';
import { mustBe, type Script } from './script.js';

const closed = [undefined];
const [surrogate, overlong, noText] = [[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff]].map((bytes) =>
  rawString(Buffer.from(bytes)),
) as [Buffer, Buffer, Buffer];
const nul = rawString(Buffer.from('a\0b'));
const connect = (parts: RawConnect) => rawConnect({ version: 4, ...parts });

// Levels above 5 are answered as MQTT 5 says: 0x84.
const connects: readonly Malformed[] = [
  {
    name: 'PINGREQ before CONNECT',
    statements: ['3.1.0-1', '4.8.0-1'],
    bytes: rawPacket(0xc0),
    says: closed,
  },
  {
    ...{ name: 'PUBLISH before CONNECT', statements: ['3.1.0-1'], says: closed },
    bytes: encodePacket(publishOf('a', 'b'), 4),
  },
  {
    name: 'protocol name MQTX',
    statements: ['3.1.2-1', '3.2.2-6'],
    bytes: connect({ name: 'MQTX' }),
    says: [undefined, 1],
  },
  {
    name: 'protocol level 2',
    statements: ['3.1.2-2'],
    bytes: connect({ version: 2 }),
    says: [1],
  },
  {
    name: 'reserved flag of CONNECT',
    statements: ['3.1.2-3', '3.1.4-1'],
    bytes: connect({ flags: 3 }),
    says: closed,
  },
  {
    name: 'Will QoS without a will',
    statements: ['3.1.2-11', '3.1.2-13'],
    bytes: connect({ flags: 0x0a }),
    says: closed,
  },
  {
    ...{ name: 'Will QoS 3', statements: ['3.1.2-14'], says: closed },
    bytes: connect({ flags: 0x1e, payload: ['', 'topic', 'will'] }),
  },
  {
    name: 'Will Retain without a will',
    statements: ['3.1.2-11', '3.1.2-15'],
    bytes: connect({ flags: 0x22 }),
    says: closed,
  },
  {
    ...{ name: 'will topic without its flag', statements: ['3.1.2-11'], says: closed },
    bytes: connect({ payload: ['', 'topic', 'will'] }),
  },
  {
    name: 'will without topic and message',
    statements: ['3.1.2-9'],
    bytes: connect({ flags: 0x06 }),
    says: closed,
  },
  {
    name: 'user name without its flag',
    statements: ['3.1.2-18'],
    bytes: connect({ payload: ['', 'name'] }),
    says: closed,
  },
  { name: 'user name flag alone', statements: ['3.1.2-19'], bytes: connect({ flags: 0x82 }), says: closed },
  {
    ...{ name: 'password without its flag', statements: ['3.1.2-20'], says: closed },
    bytes: connect({ flags: 0x82, payload: ['', 'name', 'password'] }),
  },
  {
    ...{ name: 'password flag alone', statements: ['3.1.2-21'], says: closed },
    bytes: connect({ flags: 0xc2, payload: ['', 'name'] }),
  },
  {
    ...{ name: 'password flag without the user name flag', statements: ['3.1.2-22'], says: closed },
    bytes: connect({ flags: 0x42, payload: ['', 'password'] }),
  },
  {
    name: 'no client identifier',
    statements: ['3.1.3-3', '3.1.4-1'],
    bytes: connect({ payload: [] }),
    says: closed,
  },
  {
    ...{ name: 'client identifier that is not UTF-8', statements: ['3.1.3-4'], says: closed },
    bytes: connect({ payload: [surrogate] }),
  },
  {
    ...{ name: 'will topic that is not UTF-8', statements: ['3.1.3-10'], says: closed },
    bytes: connect({ flags: 0x06, payload: ['', overlong, 'will'] }),
  },
  {
    ...{ name: 'user name that is not UTF-8', statements: ['3.1.3-11'], says: closed },
    bytes: connect({ flags: 0x82, payload: ['', noText] }),
  },
  {
    ...{
      name: 'no client identifier and no Clean Session',
      statements: ['3.1.3-7', '3.1.3-8', '3.2.2-5'],
      says: [2],
    },
    bytes: connect({ flags: 0 }),
  },
  {
    ...{ name: 'client identifier of 10,000 characters', statements: ['3.1.3-9', '3.2.2-5'], says: [2] },
    bytes: connect({ payload: ['x'.repeat(10_000)] }),
  },
].map((each) => ({ ...each, first: true }));

const subscribeTo = (filter: string, qos = 1) => rawPacket(0x82, [0, 1], filter, [qos]);

const packets: readonly Malformed[] = [
  {
    name: 'surrogate in a topic',
    statements: ['1.5.3-1', '3.3.2-1'],
    bytes: rawPacket(0x30, surrogate),
    says: closed,
  },
  {
    name: 'U+0000 in a topic',
    statements: ['1.5.3-2', '4.7.3-2'],
    bytes: rawPacket(0x30, nul),
    says: closed,
  },
  {
    name: 'U+0000 in a filter',
    statements: ['1.5.3-2', '4.7.3-2'],
    bytes: rawPacket(0x82, [0, 1], nul, [1]),
    says: closed,
  },
  {
    name: 'filter that is not UTF-8',
    statements: ['3.8.3-1'],
    bytes: rawPacket(0x82, [0, 1], overlong, [1]),
    says: closed,
  },
  {
    name: 'UNSUBSCRIBE filter that is not UTF-8',
    statements: ['3.10.3-1'],
    bytes: rawPacket(0xa2, [0, 1], noText),
    says: closed,
  },
  { name: 'flags of PINGREQ', statements: ['2.2.2-1', '2.2.2-2'], bytes: rawPacket(0xc1), says: closed },
  {
    name: 'flags of PUBREL',
    statements: ['3.6.1-1', '2.2.2-2'],
    bytes: rawPacket(0x60, [0, 1]),
    says: closed,
  },
  {
    name: 'flags of SUBSCRIBE',
    statements: ['3.8.1-1'],
    bytes: rawPacket(0x80, [0, 1], 'a', [1]),
    says: closed,
  },
  {
    name: 'flags of UNSUBSCRIBE',
    statements: ['3.10.1-1'],
    bytes: rawPacket(0xa0, [0, 1], 'a'),
    says: closed,
  },
  { name: 'flags of DISCONNECT', statements: ['3.14.1-1'], bytes: rawPacket(0xe1), says: closed },
  {
    name: 'AUTH, which MQTT 3.1.1 does not have',
    statements: ['4.8.0-1'],
    bytes: rawPacket(0xf0),
    says: closed,
  },
  { name: 'second CONNECT', statements: ['3.1.0-2', '4.8.0-1'], bytes: connect({}), says: closed },
  { name: 'CONNACK from a client', statements: ['4.8.0-1'], bytes: rawPacket(0x20, [0, 0]), says: closed },
  { name: 'QoS 3', statements: ['3.3.1-4'], bytes: rawPacket(0x36, 'topic', [0, 1]), says: closed },
  { name: 'DUP with QoS 0', statements: ['3.3.1-2'], bytes: rawPacket(0x38, 'topic'), says: closed },
  {
    name: 'packet identifier 0',
    statements: ['2.3.1-1'],
    bytes: rawPacket(0x32, 'topic', [0, 0]),
    says: closed,
  },
  {
    name: 'SUBSCRIBE with packet identifier 0',
    statements: ['2.3.1-1'],
    bytes: rawPacket(0x82, [0, 0], 'a', [1]),
    says: closed,
  },
  {
    name: 'wildcard in a topic name',
    statements: ['3.3.2-2', '4.7.1-1'],
    bytes: rawPacket(0x30, 'a/+'),
    says: closed,
  },
  { name: 'topic without a character', statements: ['4.7.3-1'], bytes: rawPacket(0x30, ''), says: closed },
  {
    name: 'SUBSCRIBE without a filter',
    statements: ['3.8.3-3'],
    bytes: rawPacket(0x82, [0, 1]),
    says: closed,
  },
  {
    name: 'UNSUBSCRIBE without a filter',
    statements: ['3.10.3-2'],
    bytes: rawPacket(0xa2, [0, 1]),
    says: closed,
  },
  {
    name: 'reserved bits of the requested QoS',
    statements: ['3.8.3-4'],
    bytes: subscribeTo('a', 4),
    says: closed,
  },
  { name: 'requested QoS 3', statements: ['3.8.3-4'], bytes: subscribeTo('a', 3), says: closed },
  { name: 'filter without a character', statements: ['4.7.3-1'], bytes: subscribeTo(''), says: closed },
  { name: '# before the end', statements: ['4.7.1-2'], bytes: subscribeTo('a/#/b'), says: closed },
  { name: '# behind a character', statements: ['4.7.1-2'], bytes: subscribeTo('a#'), says: closed },
  { name: '+ in a level', statements: ['4.7.1-3'], bytes: subscribeTo('a/b+'), says: closed },
];

const nothingAfterRejection: Script = {
  name: 'nothing is processed after a rejected CONNECT',
  statements: ['3.1.4-5', '3.2.2-4'],
  async run(bed) {
    const watcher = await bed.connect();
    await watcher.subscribe(bed.topic('#'));
    const rejected = await bed.open();
    rejected.sendConnect({ clientId: 'x'.repeat(10_000) });
    rejected.send(publishOf(bed.topic('never'), 'no'), { type: 'pingreq' });
    const answers = await rejected.untilClosed();
    mustBe(
      'answers',
      answers.map((each) => each.type === 'connack' && [each.reasonCode, each.sessionPresent]),
      [[2, false]],
    );
    await watcher.publish(bed.topic('never'), 'end');
    mustBe('received', await watcher.texts(1), ['end']);
  },
};

export const malformedScripts3: readonly Script[] = [
  ...[...connects, ...packets].map(malformedScript),
  nothingAfterRejection,
];
