import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import {
  type DisconnectPacket,
  encodeDisconnect,
  type MqttProtocolLevel,
  type MqttSender,
} from '../index.js';

const packet = (reasonCode = 0, properties = {}): DisconnectPacket => ({
  ...{ type: 'disconnect', reasonCode, properties },
});

describe('DISCONNECT', () => {
  it.each<[MqttProtocolLevel, MqttSender, string, DisconnectPacket]>([
    [3, 'client', 'e0 00', packet()],
    [4, 'client', 'e0 00', packet()],
    [5, 'client', 'e0 00', packet()],
    [5, 'client', 'e0 01 04', packet(4)],
    [5, 'client', 'e0 07 00 05 11 00000e10', packet(0, { sessionExpiryIntervalSeconds: 3600 })],
    [5, 'server', 'e0 01 8e', packet(0x8e)],
    [5, 'server', "e0 0b 9c 09 1c 0006 'host:1'", packet(0x9c, { serverReference: 'host:1' })],
  ])('at level %d of a %s: %s', (level, sender, hex, expected) => {
    expect(encodeDisconnect(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level, sender)).toEqual(expected);
  });

  it('may say that it says nothing', () => {
    expect(decodeHex('e0 01 00', 5)).toEqual(packet());
    expect(decodeHex('e0 02 00 00', 5)).toEqual(packet());
  });

  it.each<Refusal>([
    ['flags', 4, 'e1 00', 'malformed-packet: MQTT-2.1.3-1'],
    ['a reason code in MQTT 3.1.1', 4, 'e0 01 00', 'malformed-packet: MQTT-4.13.1-1'],
    ['a reason code of a server', 5, 'e0 01 8e', 'protocol-error: MQTT-3.14.2-1'],
    ['a server reference', 5, "e0 06 00 04 1c 0001 'h'", 'protocol-error: MQTT-3.14.2.2.5'],
    [
      'a session expiry given twice',
      5,
      'e0 0c 00 0a 11 00000000 11 00000000',
      'protocol-error: MQTT-2.2.2.2',
    ],
    ['bytes behind its end', 5, 'e0 03 00 00 00', 'malformed-packet: MQTT-4.13.1-1'],
  ])('of a client is refused with %s', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('of a server is refused with what only clients say', () => {
    expect(refusal('e0 01 04', 5, 'server')).toBe('protocol-error: MQTT-3.14.2-1');
    expect(refusal('e0 07 00 05 11 00000e10', 5, 'server')).toBe('protocol-error: MQTT-3.14.2-2');
    expect(refusal('e0 00', 4, 'server')).toBe('protocol-error: MQTT-2.1.2');
  });

  it('is not written with what its level has not', () => {
    expect(() => encodeDisconnect(packet(0x8b), 4)).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    );
    expect(() => encodeDisconnect(packet(0x85), 5)).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    );
  });
});
