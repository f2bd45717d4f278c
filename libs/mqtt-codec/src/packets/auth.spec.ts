import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import { type AuthPacket, encodeAuth, type MqttSender } from '../index.js';

const packet = (reasonCode: number, properties = {}): AuthPacket => ({
  ...{ type: 'auth', reasonCode, properties },
});
const properties = { authenticationMethod: 'M', authenticationData: Buffer.from([1, 2]) };

describe('AUTH', () => {
  it.each<[MqttSender, string, AuthPacket]>([
    ['client', "f0 0b 18 09 15 0001 'M' 16 0002 0102", packet(0x18, properties)],
    ['client', "f0 0b 19 09 15 0001 'M' 16 0002 0102", packet(0x19, properties)],
    ['server', "f0 0b 00 09 15 0001 'M' 16 0002 0102", packet(0, properties)],
    ['server', 'f0 00', packet(0)],
  ])('of a %s: %s', (sender, hex, expected) => {
    expect(encodeAuth(expected, 5).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, 5, sender)).toEqual(expected);
  });

  it.each<Refusal>([
    ['before MQTT 5', 4, 'f0 00', 'malformed-packet: MQTT-2.1.2'],
    ['with flags', 5, 'f1 00', 'malformed-packet: MQTT-2.1.3-1'],
    ['without a body', 5, 'f0 00', 'protocol-error: MQTT-3.15.2-1'],
    ['with success', 5, "f0 06 00 04 15 0001 'M'", 'protocol-error: MQTT-3.15.2-1'],
    ['without a method', 5, 'f0 06 18 04 16 0001 00', 'protocol-error: MQTT-3.15.2.2.2'],
    ['without properties', 5, 'f0 01 18', 'malformed-packet: MQTT-4.13.1-1'],
    ['with two methods', 5, "f0 0a 18 08 15 0001 'M' 15 0001 'N'", 'protocol-error: MQTT-2.2.2.2'],
    ['with bytes behind its end', 5, "f0 07 18 04 15 0001 'M' 00", 'malformed-packet: MQTT-4.13.1-1'],
  ])('of a client is refused %s', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('is not written before MQTT 5, without a method, or with another reason code', () => {
    const invalid = expect.objectContaining({ code: 'invalid-value' });
    expect(() => encodeAuth(packet(0x18, properties), 4)).toThrow(invalid);
    expect(() => encodeAuth(packet(0x18), 5)).toThrow(invalid);
    expect(() => encodeAuth(packet(0x87, properties), 5)).toThrow(invalid);
  });
});
