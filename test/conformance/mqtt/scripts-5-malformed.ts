// What is not a packet of MQTT 5, or not one that a client may send: each class gives its reason code, and the connection ends.
import { Buffer } from 'node:buffer';
import { encodePacket, noProperties } from '#libs/mqtt-codec';
import { publishOf, rawPacket, rawString } from '../../support/mqtt-wire.js';
import { type Malformed, malformedScript, rawConnect } from './malformed.js';
import type { Script } from './script.js';

const malformed = [0x81];
const protocolError = [0x82];
/** Where the specification says that it must not be, and not which of both it is. */
const either = [0x81, 0x82];
/** A lone surrogate, an overlong slash, a byte that UTF-8 does not have. */
const notUtf8 = [[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff]].map((bytes) => rawString(Buffer.from(bytes)));
const [surrogate, overlong, noText] = notUtf8 as [Buffer, Buffer, Buffer];
const nul = rawString(Buffer.from('a\0b'));

const connects: readonly Malformed[] = [
  {
    name: 'PINGREQ before CONNECT',
    statements: ['3.1.0-1', '3.14.0-1'],
    bytes: rawPacket(0xc0),
    says: [undefined],
  },
  {
    ...{ name: 'PUBLISH before CONNECT', statements: ['3.1.0-1', '3.14.0-1'], says: [undefined] },
    bytes: encodePacket(publishOf('a', 'b'), 5),
  },
  {
    name: 'reserved flag of CONNECT',
    statements: ['3.1.2-3', '3.1.4-1'],
    bytes: rawConnect({ flags: 3 }),
    says: malformed,
  },
  {
    name: 'Will QoS without a will',
    statements: ['3.1.2-11'],
    bytes: rawConnect({ flags: 0x0a }),
    says: either,
  },
  {
    ...{ name: 'Will QoS 3', statements: ['3.1.2-12'], says: malformed },
    bytes: rawConnect({ flags: 0x1e, payload: ['', [0], 'topic', 'will'] }),
  },
  {
    name: 'Will Retain without a will',
    statements: ['3.1.2-13'],
    bytes: rawConnect({ flags: 0x22 }),
    says: either,
  },
  {
    name: 'will without topic and payload',
    statements: ['3.1.2-9'],
    bytes: rawConnect({ flags: 0x06 }),
    says: malformed,
  },
  {
    ...{ name: 'user name without its flag', statements: ['3.1.2-16', '3.1.4-1'], says: malformed },
    bytes: rawConnect({ payload: ['', 'name'] }),
  },
  {
    name: 'user name flag alone',
    statements: ['3.1.2-17'],
    bytes: rawConnect({ flags: 0x82 }),
    says: malformed,
  },
  {
    ...{ name: 'password without its flag', statements: ['3.1.2-18'], says: malformed },
    bytes: rawConnect({ flags: 0x82, payload: ['', 'name', 'password'] }),
  },
  {
    ...{ name: 'password flag alone', statements: ['3.1.2-19'], says: malformed },
    bytes: rawConnect({ flags: 0xc2, payload: ['', 'name'] }),
  },
  {
    name: 'no client identifier',
    statements: ['3.1.3-3'],
    bytes: rawConnect({ payload: [] }),
    says: malformed,
  },
  {
    ...{ name: 'client identifier that is not UTF-8', statements: ['3.1.3-4'], says: malformed },
    bytes: rawConnect({ payload: [surrogate] }),
  },
  {
    ...{ name: 'will topic that is not UTF-8', statements: ['3.1.3-11'], says: malformed },
    bytes: rawConnect({ flags: 0x06, payload: ['', [0], overlong, 'will'] }),
  },
  {
    ...{ name: 'user name that is not UTF-8', statements: ['3.1.3-12'], says: malformed },
    bytes: rawConnect({ flags: 0x82, payload: ['', noText] }),
  },
  {
    ...{ name: 'client identifier with a control character', statements: ['3.1.3-8'], says: [0x81, 0x85] },
    bytes: rawConnect({ payload: ['a\u0001b'] }),
  },
  {
    ...{ name: 'client identifier of 10,000 characters', statements: ['3.1.3-8', '3.2.2-7'], says: [0x85] },
    bytes: rawConnect({ payload: ['x'.repeat(10_000)] }),
  },
].map((each) => ({ ...each, first: true }));

const strings: readonly Malformed[] = [
  {
    name: 'surrogate in a topic',
    statements: ['1.5.4-1', '3.3.2-1'],
    bytes: rawPacket(0x30, surrogate, [0]),
    says: malformed,
  },
  {
    name: 'overlong UTF-8 in a topic',
    statements: ['1.5.4-1'],
    bytes: rawPacket(0x30, overlong, [0]),
    says: malformed,
  },
  {
    name: 'U+0000 in a topic',
    statements: ['1.5.4-2', '4.7.3-2'],
    bytes: rawPacket(0x30, nul, [0]),
    says: malformed,
  },
  {
    ...{ name: 'U+0000 in a filter', statements: ['1.5.4-2', '4.7.3-2'], says: malformed },
    bytes: rawPacket(0x82, [0, 1, 0], nul, [1]),
  },
  {
    ...{ name: 'user property that is not UTF-8', statements: ['1.5.7-1'], says: malformed },
    bytes: rawPacket(0x30, 'topic', [9, 0x26], 'key', noText),
  },
  {
    name: 'remaining length that is longer than needed',
    statements: ['1.5.5-1'],
    bytes: Buffer.from([0xc0, 0x80, 0]),
    says: malformed,
  },
  {
    ...{ name: 'property length that is longer than needed', statements: ['1.5.5-1'], says: malformed },
    bytes: rawPacket(0x30, 'topic', [0x80, 0]),
  },
  {
    name: 'no property length',
    statements: ['2.2.2-1'],
    bytes: rawPacket(0x32, 'topic', [0, 1]),
    says: malformed,
  },
  {
    ...{ name: 'response topic that is not UTF-8', statements: ['3.3.2-13'], says: malformed },
    bytes: rawPacket(0x30, 'topic', [4, 0x08], noText),
  },
  {
    ...{ name: 'response topic with a wildcard', statements: ['3.3.2-14'], says: [...either, 0x90] },
    bytes: rawPacket(0x30, 'topic', [6, 0x08], 'a/#'),
  },
  {
    ...{ name: 'content type that is not UTF-8', statements: ['3.3.2-19'], says: malformed },
    bytes: rawPacket(0x30, 'topic', [4, 0x03], noText),
  },
  {
    ...{ name: 'filter that is not UTF-8', statements: ['3.8.3-1'], says: malformed },
    bytes: rawPacket(0x82, [0, 1, 0], overlong, [1]),
  },
  {
    ...{ name: 'UNSUBSCRIBE filter that is not UTF-8', statements: ['3.10.3-1'], says: malformed },
    bytes: rawPacket(0xa2, [0, 1, 0], overlong),
  },
];

const flags: readonly Malformed[] = [
  { name: 'flags of PINGREQ', statements: ['2.1.3-1', '4.13.1-1'], bytes: rawPacket(0xc1), says: malformed },
  {
    name: 'flags of PUBREL',
    statements: ['3.6.1-1', '2.1.3-1'],
    bytes: rawPacket(0x60, [0, 1]),
    says: malformed,
  },
  {
    name: 'flags of SUBSCRIBE',
    statements: ['3.8.1-1'],
    bytes: rawPacket(0x80, [0, 1, 0], 'a', [1]),
    says: malformed,
  },
  {
    name: 'flags of UNSUBSCRIBE',
    statements: ['3.10.1-1'],
    bytes: rawPacket(0xa0, [0, 1, 0], 'a'),
    says: malformed,
  },
  { name: 'flags of DISCONNECT', statements: ['3.14.1-1'], bytes: rawPacket(0xe1), says: malformed },
  { name: 'flags of AUTH', statements: ['3.15.1-1'], bytes: rawPacket(0xf1), says: malformed },
  { name: 'packet type 0', statements: ['2.1.3-1'], bytes: rawPacket(0x00), says: malformed },
  { name: 'second CONNECT', statements: ['3.1.0-2', '4.13.1-1'], bytes: rawConnect({}), says: protocolError },
  {
    ...{ name: 'CONNACK from a client', statements: ['4.13.1-1'], says: either },
    bytes: rawPacket(0x20, [0, 0, 0]),
  },
];

const publishes: readonly Malformed[] = [
  { name: 'QoS 3', statements: ['3.3.1-4'], bytes: rawPacket(0x36, 'topic', [0, 1, 0]), says: malformed },
  { name: 'DUP with QoS 0', statements: ['3.3.1-2'], bytes: rawPacket(0x38, 'topic', [0]), says: either },
  {
    name: 'packet identifier 0',
    statements: ['2.2.1-3'],
    bytes: rawPacket(0x32, 'topic', [0, 0, 0]),
    says: either,
  },
  {
    name: 'SUBSCRIBE with packet identifier 0',
    statements: ['2.2.1-3'],
    bytes: rawPacket(0x82, [0, 0, 0], 'a', [1]),
    says: either,
  },
  {
    ...{ name: 'wildcard in a topic name', statements: ['3.3.2-2', '4.7.0-1'], says: [...either, 0x90] },
    bytes: rawPacket(0x30, 'a/+', [0]),
  },
  {
    name: 'topic without a character',
    statements: ['4.7.3-1'],
    bytes: rawPacket(0x30, '', [0]),
    says: protocolError,
  },
  {
    name: 'topic alias 0',
    statements: ['3.3.2-8'],
    bytes: rawPacket(0x30, 'a', [3, 0x23, 0, 0]),
    says: [0x94],
  },
  {
    ...{ name: 'topic alias above the maximum', statements: ['3.2.2-17', '3.3.2-9'], says: [0x94] },
    bytes: rawPacket(0x30, 'a', [3, 0x23, 0xff, 0xff]),
  },
  {
    name: 'topic alias that was not set',
    statements: ['3.3.2-7'],
    bytes: rawPacket(0x30, '', [3, 0x23, 0, 1]),
    says: [0x82, 0x94],
  },
  {
    name: 'subscription identifier in PUBLISH',
    statements: ['3.3.4-6'],
    bytes: rawPacket(0x30, 'a', [2, 0x0b, 1]),
    says: protocolError,
  },
  {
    ...{ name: 'packet above the Maximum Packet Size', statements: ['3.2.2-15'], says: [0x95] },
    bytes: encodePacket(publishOf('a', 'x'.repeat(1_100_000)), 5),
  },
];

const filterFaults = [...either, 0x8f];
const subscribeTo = (filter: string, options = 1) => rawPacket(0x82, [0, 1, 0], filter, [options]);

const filters: readonly Malformed[] = [
  {
    name: 'SUBSCRIBE without a filter',
    statements: ['3.8.3-2'],
    bytes: rawPacket(0x82, [0, 1, 0]),
    says: protocolError,
  },
  {
    name: 'UNSUBSCRIBE without a filter',
    statements: ['3.10.3-2'],
    bytes: rawPacket(0xa2, [0, 1, 0]),
    says: protocolError,
  },
  {
    name: 'reserved bits of subscription options',
    statements: ['3.8.3-5'],
    bytes: subscribeTo('a', 0x40),
    says: malformed,
  },
  {
    name: 'No Local with a shared subscription',
    statements: ['3.8.3-4'],
    bytes: subscribeTo('$share/g/a', 0x05),
    says: protocolError,
  },
  { name: 'filter without a character', statements: ['4.7.3-1'], bytes: subscribeTo(''), says: filterFaults },
  { name: '# before the end', statements: ['4.7.1-1'], bytes: subscribeTo('a/#/b'), says: filterFaults },
  { name: '# behind a character', statements: ['4.7.1-1'], bytes: subscribeTo('a#'), says: filterFaults },
  { name: '+ in a level', statements: ['4.7.1-2'], bytes: subscribeTo('a/b+'), says: filterFaults },
  {
    name: 'share name without a character',
    statements: ['4.8.2-1'],
    bytes: subscribeTo('$share//a'),
    says: filterFaults,
  },
  {
    name: 'share name with a wildcard',
    statements: ['4.8.2-2'],
    bytes: subscribeTo('$share/g+/a'),
    says: filterFaults,
  },
  {
    name: 'shared subscription without a filter',
    statements: ['4.8.2-2'],
    bytes: subscribeTo('$share/g'),
    says: filterFaults,
  },
];

/** The server may name itself by CONNACK 0x84, in a form that the client may not know; it must close. */
function unknownProtocol(name: string, statement: string, bytes: Buffer): Script {
  return {
    name,
    statements: [statement],
    async run(bed) {
      const wire = await bed.open();
      wire.send(bytes);
      await wire.untilClosed().catch((error: Error) => {
        if (error.name !== 'MqttDecodeError') throw error;
      });
      const told = Buffer.concat(wire.bytes);
      if (told.length > 0 && (told[0] !== 0x20 || (told[3] !== 0x84 && told[3] !== 1)))
        throw new Error(`says ${told.toString('hex')}`);
    },
  };
}

const oneAtATime: Script = {
  name: 'nothing is processed after a rejected CONNECT',
  statements: ['3.1.4-6', '3.2.2-6', '3.2.2-8', '4.13.2-1'],
  async run(bed) {
    const watcher = await bed.connect();
    await watcher.subscribe(bed.topic('#'));
    const rejected = await bed.open();
    rejected.sendConnect({ clientId: 'x'.repeat(10_000) });
    rejected.send(publishOf(bed.topic('never'), 'no'), { type: 'pingreq' });
    const answers = await rejected.untilClosed();
    if (answers.length !== 1 || answers[0]?.type !== 'connack') throw new Error(JSON.stringify(answers));
    if (answers[0].sessionPresent || answers[0].reasonCode !== 0x85) throw new Error(JSON.stringify(answers));
    await watcher.publish(bed.topic('never'), 'end');
    const [text] = await watcher.texts(1);
    if (text !== 'end') throw new Error('what came after CONNECT was published');
  },
};

const disconnected: Script = {
  name: 'after DISCONNECT with a reason code nothing is sent, and the connection is closed',
  statements: ['3.14.4-1', '3.14.4-2', '3.14.2-1', '3.14.2-2', '4.13.2-1'],
  async run(bed) {
    const wire = await bed.connect();
    await wire.subscribe(bed.topic('#'));
    // Decoding refuses a server's session expiry, and a reason code that DISCONNECT has not.
    wire.send({ type: 'pingreq' }, rawPacket(0xc1), { type: 'pingreq' });
    wire.send({
      type: 'subscribe',
      packetId: 9,
      subscriptions: [{ filter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      properties: noProperties,
    });
    const types = (await wire.untilClosed()).map(({ type }) => type);
    if (types.join() !== 'pingresp,disconnect') throw new Error(`${types}`);
  },
};

export const malformedScripts5: readonly Script[] = [
  ...[...connects, ...strings, ...flags, ...publishes, ...filters].map(malformedScript),
  unknownProtocol('protocol name MQTX', '3.1.2-1', rawConnect({ name: 'MQTX' })),
  unknownProtocol('protocol name mqtt', '3.1.2-1', rawConnect({ name: 'mqtt' })),
  unknownProtocol('protocol version 6', '3.1.2-2', rawConnect({ version: 6 })),
  unknownProtocol('protocol version 0', '3.1.2-2', rawConnect({ version: 0, properties: [0] })),
  oneAtATime,
  disconnected,
];
