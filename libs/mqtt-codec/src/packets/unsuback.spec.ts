import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import { encodeUnsuback, type MqttProtocolLevel, type UnsubackPacket } from '../index.js';

const packet = (reasonCodes: readonly number[], properties = {}): UnsubackPacket => ({
  ...{ type: 'unsuback', packetId: 10, reasonCodes, properties },
});

describe('UNSUBACK', () => {
  it.each<[MqttProtocolLevel, string, UnsubackPacket]>([
    [4, 'b0 02 000a', packet([])],
    [5, 'b0 05 000a 00 00 11', packet([0, 0x11])],
    [5, "b0 09 000a 05 1f 0002 'no' 87", packet([0x87], { reasonString: 'no' })],
  ])('at level %d: %s', (level, hex, expected) => {
    expect(encodeUnsuback(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level, 'server')).toEqual(expected);
  });

  it('says nothing before MQTT 5', () => {
    expect(encodeUnsuback(packet([0x11]), 4)).toEqual(bytesOf('b0 02 000a'));
  });

  it.each<Refusal>([
    ['a body in MQTT 3.1.1', 4, 'b0 03 000a 00', 'malformed-packet: MQTT-4.13.1-1'],
    ['no reason code in MQTT 5', 5, 'b0 03 000a 00', 'protocol-error: MQTT-3.11.3-1'],
    ['a reason code that it has not', 5, 'b0 04 000a 00 01', 'protocol-error: MQTT-3.11.3-2'],
    ['packet identifier 0', 4, 'b0 02 0000', 'protocol-error: MQTT-2.2.1-3'],
  ])('refuses %s', (_, level, hex, expected) => {
    expect(refusal(hex, level, 'server')).toBe(expected);
  });

  it.each([[packet([])], [packet([1])], [{ ...packet([0]), packetId: 0 }]])('is not written: %j', (wrong) => {
    expect(() => encodeUnsuback(wrong, 5)).toThrow(expect.objectContaining({ code: 'invalid-value' }));
  });
});
