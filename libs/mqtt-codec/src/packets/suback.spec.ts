import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import { encodeSuback, type MqttProtocolLevel, type SubackPacket, subackReturnCode } from '../index.js';

const packet = (reasonCodes: readonly number[], properties = {}): SubackPacket => ({
  ...{ type: 'suback', packetId: 10, reasonCodes, properties },
});

describe('SUBACK', () => {
  it.each<[MqttProtocolLevel, string, SubackPacket]>([
    [4, '90 06 000a 00 01 02 80', packet([0, 1, 2, 0x80])],
    [3, '90 03 000a 01', packet([1])],
    [5, '90 05 000a 00 02 a2', packet([2, 0xa2])],
    [5, "90 09 000a 05 1f 0002 'no' 87", packet([0x87], { reasonString: 'no' })],
  ])('at level %d: %s', (level, hex, expected) => {
    expect(encodeSuback(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level, 'server')).toEqual(expected);
  });

  it.each<Refusal>([
    ['a return code that is reserved', 4, '90 03 000a 87', 'protocol-error: MQTT-3.9.3-2'],
    ['a reason code that it has not', 5, '90 04 000a 00 11', 'protocol-error: MQTT-3.9.3-2'],
    ['no reason code', 4, '90 02 000a', 'protocol-error: MQTT-3.8.4-6'],
    ['packet identifier 0', 4, '90 03 0000 00', 'protocol-error: MQTT-2.2.1-3'],
    ['flags', 4, '91 03 000a 00', 'malformed-packet: MQTT-2.1.3-1'],
  ])('refuses %s', (_, level, hex, expected) => {
    expect(refusal(hex, level, 'server')).toBe(expected);
  });

  it('has one word for all that failed before MQTT 5', () => {
    expect([0, 1, 2, 0x80, 0x87, 0xa2].map(subackReturnCode)).toEqual([0, 1, 2, 0x80, 0x80, 0x80]);
  });

  it.each<[SubackPacket, MqttProtocolLevel]>([
    [packet([0x87]), 4],
    [packet([3]), 5],
    [packet([]), 5],
    [{ ...packet([0]), packetId: 0 }, 5],
  ])('is not written: %j at level %d', (wrong, level) => {
    expect(() => encodeSuback(wrong, level)).toThrow(expect.objectContaining({ code: 'invalid-value' }));
  });
});
