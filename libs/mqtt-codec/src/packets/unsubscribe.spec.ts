import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import { encodeUnsubscribe, type MqttProtocolLevel, type UnsubscribePacket } from '../index.js';

const packet = (filters: readonly string[], properties = {}): UnsubscribePacket => ({
  ...{ type: 'unsubscribe', packetId: 10, filters, properties },
});

describe('UNSUBSCRIBE', () => {
  it.each<[MqttProtocolLevel, string, UnsubscribePacket]>([
    [4, "a2 0c 000a 0003 'a/b' 0003 '+/#'", packet(['a/b', '+/#'])],
    [5, "a2 0f 000a 07 26 0001 'k' 0001 'v' 0003 'a/b'", packet(['a/b'], { userProperties: [['k', 'v']] })],
  ])('at level %d: %s', (level, hex, expected) => {
    expect(encodeUnsubscribe(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level)).toEqual(expected);
  });

  it.each<Refusal>([
    ['flags 0', 4, "a0 07 000a 0003 'a/b'", 'malformed-packet: MQTT-2.1.3-1'],
    ['packet identifier 0', 4, "a2 07 0000 0003 'a/b'", 'protocol-error: MQTT-2.2.1-3'],
    ['no filter', 4, 'a2 02 000a', 'protocol-error: MQTT-3.10.3-2'],
    ['no filter', 5, 'a2 03 000a 00', 'protocol-error: MQTT-3.10.3-2'],
    ['an empty filter', 4, 'a2 04 000a 0000', 'topic-filter-invalid: MQTT-4.7.3-1'],
    ['a filter longer than the packet', 4, "a2 07 000a 0004 'a/b'", 'malformed-packet: MQTT-4.13.1-1'],
    ['a subscription identifier', 5, "a2 0a 000a 02 0b 01 0003 'a/b'", 'malformed-packet: MQTT-2.2.2.2'],
  ])('refuses %s at level %d', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('may have DUP in MQTT 3.1', () => {
    expect(decodeHex("aa 07 000a 0003 'a/b'", 3)).toEqual(packet(['a/b']));
  });

  it.each([[packet([])], [packet(['a#'])], [{ ...packet(['a']), packetId: 0 }]])(
    'is not written: %j',
    (wrong) => {
      expect(() => encodeUnsubscribe(wrong, 5)).toThrow(expect.objectContaining({ code: 'invalid-value' }));
    },
  );
});
