import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import { type ConnackPacket, type MqttProtocolLevel, encodeConnack } from '../index.js';

const packet = (change: Partial<ConnackPacket> = {}): ConnackPacket => ({
  ...{ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} },
  ...change,
});

describe('CONNACK', () => {
  it.each<[MqttProtocolLevel, string, ConnackPacket]>([
    [4, '20 02 01 00', packet({ sessionPresent: true })],
    [4, '20 02 00 05', packet({ reasonCode: 5 })],
    [3, '20 02 00 00', packet()],
    [5, '20 03 00 87 00', packet({ reasonCode: 0x87 })],
    [
      5,
      "20 15 01 00 12 12 0002 'id' 13 001e 21 0014 22 000a 24 01 2a 00",
      packet({
        sessionPresent: true,
        properties: {
          ...{ assignedClientIdentifier: 'id', serverKeepAliveSeconds: 30, receiveMaximum: 20 },
          ...{ topicAliasMaximum: 10, maximumQos: 1, sharedSubscriptionAvailable: false },
        },
      }),
    ],
  ])('at level %d: %s', (level, hex, expected) => {
    expect(encodeConnack(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level, 'server')).toEqual(expected);
  });

  it('of MQTT 3.1 has a first byte that is not used', () => {
    expect(decodeHex('20 02 01 00', 3, 'server')).toEqual(packet());
    expect(decodeHex('20 02 ff 02', 3, 'server')).toEqual(packet({ reasonCode: 2 }));
  });

  it('leaves out what its level does not have', () => {
    const rich = packet({ sessionPresent: true, properties: { reasonString: 'hello' } });
    expect(encodeConnack(rich, 4)).toEqual(bytesOf('20 02 01 00'));
    expect(encodeConnack(rich, 3)).toEqual(bytesOf('20 02 00 00'));
  });

  it.each<Refusal>([
    ['reserved flags', 4, '20 02 02 00', 'malformed-packet: MQTT-3.2.2-1'],
    ['session present with a refusal', 4, '20 02 01 05', 'protocol-error: MQTT-3.2.2-6'],
    ['return code 6', 4, '20 02 00 06', 'protocol-error: MQTT-3.2.2-8'],
    ['a reason code of another packet', 5, '20 03 00 8e 00', 'protocol-error: MQTT-3.2.2-8'],
    ['maximum QoS 2', 5, '20 05 00 00 02 24 02', 'protocol-error: MQTT-2.2.2.2'],
    ['a property of CONNECT', 5, '20 05 00 00 02 17 01', 'malformed-packet: MQTT-2.2.2.2'],
    ['bytes behind its end', 4, '20 03 00 00 00', 'malformed-packet: MQTT-4.13.1-1'],
  ])('refuses %s', (_, level, hex, expected) => {
    expect(refusal(hex, level, 'server')).toBe(expected);
  });

  it.each<[ConnackPacket, MqttProtocolLevel]>([
    [packet({ reasonCode: 0x87 }), 4],
    [packet({ reasonCode: 5 }), 5],
    [packet({ reasonCode: 0x87, sessionPresent: true }), 5],
    [packet({ properties: { receiveMaximum: 0 } }), 5],
  ])('is not written: %j at level %d', (wrong, level) => {
    expect(() => encodeConnack(wrong, level)).toThrow(expect.objectContaining({ code: 'invalid-value' }));
  });
});
