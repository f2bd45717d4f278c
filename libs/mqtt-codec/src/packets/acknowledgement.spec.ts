import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import {
  type AcknowledgementPacket,
  type MqttProtocolLevel,
  type AcknowledgementType,
  encodeAcknowledgement,
} from '../index.js';

const ack = (type: AcknowledgementType, change: Partial<AcknowledgementPacket> = {}): AcknowledgementPacket =>
  ({ ...{ type, packetId: 0x1234, reasonCode: 0, properties: {} }, ...change }) as never;

describe('PUBACK, PUBREC, PUBREL and PUBCOMP', () => {
  it.each<[MqttProtocolLevel, string, AcknowledgementPacket]>([
    [4, '40 02 1234', ack('puback')],
    [3, '50 02 1234', ack('pubrec')],
    [4, '62 02 1234', ack('pubrel')],
    [5, '70 02 1234', ack('pubcomp')],
    [5, '40 03 1234 10', ack('puback', { reasonCode: 0x10 })],
    [5, '62 03 1234 92', ack('pubrel', { reasonCode: 0x92 })],
    [
      5,
      "50 09 1234 97 05 1f 0002 'no'",
      ack('pubrec', { reasonCode: 0x97, properties: { reasonString: 'no' } }),
    ],
    [
      5,
      "70 0b 1234 00 07 26 0001 'k' 0001 'v'",
      ack('pubcomp', { properties: { userProperties: [['k', 'v']] } }),
    ],
  ])('at level %d: %s', (level, hex, expected) => {
    expect(encodeAcknowledgement(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level)).toEqual(expected);
  });

  it('may say that they say nothing', () => {
    expect(decodeHex('40 03 1234 00', 5)).toEqual(ack('puback'));
    expect(decodeHex('40 04 1234 00 00', 5)).toEqual(ack('puback'));
  });

  it('say nothing before MQTT 5', () => {
    expect(encodeAcknowledgement(ack('puback', { reasonCode: 0x87 }), 4)).toEqual(bytesOf('40 02 1234'));
  });

  it.each<Refusal>([
    ['packet identifier 0', 4, '40 02 0000', 'protocol-error: MQTT-2.2.1-3'],
    ['no packet identifier', 4, '40 00', 'malformed-packet: MQTT-4.13.1-1'],
    ['half a packet identifier', 5, '40 01 12', 'malformed-packet: MQTT-4.13.1-1'],
    ['a reason code in MQTT 3.1.1', 4, '40 03 1234 00', 'malformed-packet: MQTT-4.13.1-1'],
    ['a reason code that PUBACK has not', 5, '40 03 1234 92', 'protocol-error: MQTT-3.4.2-1'],
    ['a reason code that PUBREC has not', 5, '50 03 1234 92', 'protocol-error: MQTT-3.5.2-1'],
    ['a reason code that PUBREL has not', 5, '62 03 1234 80', 'protocol-error: MQTT-3.6.2-1'],
    ['a reason code that PUBCOMP has not', 5, '70 03 1234 10', 'protocol-error: MQTT-3.7.2-1'],
    [
      'a reason string given twice',
      5,
      "40 0c 1234 00 08 1f 0001 'a' 1f 0001 'b'",
      'protocol-error: MQTT-2.2.2.2',
    ],
    ['bytes behind the properties', 5, '40 05 1234 00 00 00', 'malformed-packet: MQTT-4.13.1-1'],
    ['PUBREL with flags 0', 4, '60 02 1234', 'malformed-packet: MQTT-2.1.3-1'],
    ['PUBREL with DUP', 4, '6a 02 1234', 'malformed-packet: MQTT-2.1.3-1'],
    ['PUBACK with flags', 5, '42 02 1234', 'malformed-packet: MQTT-2.1.3-1'],
  ])('refuse %s', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('PUBREL may have DUP in MQTT 3.1', () => {
    expect(decodeHex('6a 02 1234', 3)).toEqual(ack('pubrel'));
    expect(refusal('63 02 1234', 3)).toBe('malformed-packet: MQTT-2.1.3-1');
  });

  it.each([
    [ack('puback', { packetId: 0 })],
    [ack('puback', { packetId: 65_536 })],
    [ack('pubrel', { reasonCode: 0x80 })],
  ])('are not written: %j', (wrong) => {
    expect(() => encodeAcknowledgement(wrong, 5)).toThrow(expect.objectContaining({ code: 'invalid-value' }));
  });
});
