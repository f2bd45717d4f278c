import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, decoderAt, type Refusal, refusal } from '../testing/packet-hex.js';
import { encodePublish, encodePublishHead, type MqttProtocolLevel, type PublishPacket } from '../index.js';

const packet = (change: Partial<PublishPacket> = {}): PublishPacket => ({
  ...{ type: 'publish', topic: 'a/b', payload: Buffer.from('hello'), qos: 0, retain: false, dup: false },
  ...{ packetId: 0, properties: {} },
  ...change,
});

describe('PUBLISH', () => {
  it.each<[MqttProtocolLevel, string, PublishPacket]>([
    [4, "30 0a 0003 'a/b' 'hello'", packet()],
    [3, "31 0a 0003 'a/b' 'hello'", packet({ retain: true })],
    [4, "3a 0c 0003 'a/b' ffff 'hello'", packet({ qos: 1, dup: true, packetId: 65_535 })],
    [5, "34 0d 0003 'a/b' 0001 00 'hello'", packet({ qos: 2, packetId: 1 })],
    [5, "30 0b 0000 03 23 0007 'hello'", packet({ topic: '', properties: { topicAlias: 7 } })],
    [4, "30 05 0003 'a/b'", packet({ payload: Buffer.alloc(0) })],
    [4, '30 06 0004 efbbbf 61', packet({ topic: '\uFEFFa', payload: Buffer.alloc(0) })],
  ])('at level %d: %s', (level, hex, expected) => {
    expect(encodePublish(expected, level).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, level)).toEqual(expected);
  });

  it('keeps the order of user properties, repeated names too', () => {
    const hex = "30 1b 0003 'a/b' 15 26 0001 'k' 0001 '1' 26 0001 'j' 0001 '2' 26 0001 'k' 0001 '3'";
    const userProperties = [
      ['k', '1'],
      ['j', '2'],
      ['k', '3'],
    ] as const;
    const expected = packet({ payload: Buffer.alloc(0), properties: { userProperties } });
    expect(decodeHex(hex, 5)).toEqual(expected);
    expect(encodePublish(expected, 5)).toEqual(bytesOf(hex));
  });

  it('has a payload that is a view of the chunk', () => {
    const chunk = bytesOf("30 0a 0003 'a/b' 'hello'");
    const [decoded] = decoderAt(4).push(chunk) as [PublishPacket];
    expect(decoded.payload.buffer).toBe(chunk.buffer);
  });

  it('has a head that the payload can follow', () => {
    for (const level of [3, 4, 5] as const) {
      for (const bytes of [0, 1, 200, 70_000]) {
        const large = packet({ qos: 1, packetId: 9, payload: Buffer.alloc(bytes, 'x') });
        const parts = Buffer.concat([encodePublishHead(large, level), large.payload]);
        expect(parts.equals(encodePublish(large, level))).toBe(true);
      }
    }
  });

  it.each<Refusal>([
    ['QoS 3', 4, "36 07 0003 'a/b' 0001", 'malformed-packet: MQTT-3.3.1-4'],
    ['DUP with QoS 0', 4, "38 05 0003 'a/b'", 'protocol-error: MQTT-3.3.1-2'],
    ['packet identifier 0', 4, "32 07 0003 'a/b' 0000", 'protocol-error: MQTT-2.2.1-3'],
    ['no packet identifier', 4, "32 05 0003 'a/b'", 'malformed-packet: MQTT-4.13.1-1'],
    ['+ in the topic', 4, "30 05 0003 'a/+'", 'topic-name-invalid: MQTT-3.3.2-2'],
    ['# in the topic', 5, "30 06 0003 'a/#' 00", 'topic-name-invalid: MQTT-3.3.2-2'],
    ['no topic', 4, '30 02 0000', 'topic-name-invalid: MQTT-4.7.3-1'],
    ['neither topic nor alias', 5, '30 03 0000 00', 'protocol-error: MQTT-3.3.2.1'],
    ['topic alias 0', 5, '30 06 0000 03 23 0000', 'topic-alias-invalid: MQTT-3.3.2-8'],
    ['a topic longer than the packet', 4, "30 05 0004 'a/b'", 'malformed-packet: MQTT-4.13.1-1'],
    ['NUL in the topic', 4, "30 05 0003 'a' 00 'b'", 'malformed-packet: MQTT-1.5.4-2'],
    ['a surrogate in the topic', 4, '30 05 0003 eda080', 'malformed-packet: MQTT-1.5.4-1'],
    ['an overlong form in the topic', 4, '30 04 0002 c080', 'malformed-packet: MQTT-1.5.4-1'],
    [
      'a subscription identifier from a client',
      5,
      "30 08 0003 'a/b' 02 0b 01",
      'protocol-error: MQTT-3.3.4-6',
    ],
    [
      'a wildcard in the response topic',
      5,
      "30 0a 0003 'a/b' 04 08 0001 '#'",
      'protocol-error: MQTT-3.3.2-14',
    ],
    ['payload format indicator 2', 5, "30 08 0003 'a/b' 02 01 02", 'protocol-error: MQTT-2.2.2.2'],
    ['no property length', 5, "30 05 0003 'a/b'", 'malformed-packet: MQTT-4.13.1-1'],
    ['properties longer than the packet', 5, "30 08 0003 'a/b' 03 01 01", 'malformed-packet: MQTT-2.2.2'],
  ])('refuses %s', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('may be DUP with QoS 0 in MQTT 3.1', () => {
    expect(decodeHex("38 05 0003 'a/b'", 3)).toMatchObject({ dup: true, qos: 0 });
  });

  it('of a server may have several subscription identifiers', () => {
    const expected = packet({ properties: { subscriptionIdentifiers: [1, 268_435_455] } });
    expect(decodeHex("30 12 0003 'a/b' 07 0b 01 0b ffffff7f 'hello'", 5, 'server')).toEqual(expected);
    expect(refusal("30 08 0003 'a/b' 02 0b 00", 5, 'server')).toBe('protocol-error: MQTT-3.8.2.1.2');
  });

  it.each<[string, Partial<PublishPacket>]>([
    ['a packet identifier with QoS 0', { packetId: 1 }],
    ['no packet identifier with QoS 1', { qos: 1 }],
    ['DUP with QoS 0', { dup: true }],
    ['a wildcard', { topic: 'a/+' }],
    ['neither topic nor alias', { topic: '' }],
    ['a property that is out of range', { properties: { topicAlias: 0 } }],
    ['a subscription identifier of 0', { properties: { subscriptionIdentifiers: [0] } }],
  ])('is not written with %s', (_, change) => {
    expect(() => encodePublish(packet(change), 5)).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    );
  });

  it('is not written where a length field is too small', () => {
    const tooLarge = expect.objectContaining({ name: 'MqttEncodeError', code: 'too-large' });
    const correlationData = Buffer.alloc(65_536);
    expect(() => encodePublish(packet({ properties: { correlationData } }), 5)).toThrow(tooLarge);
    expect(() => encodePublish(packet({ topic: 'é'.repeat(32_768) }), 5)).toThrow(tooLarge);
    // Only its length matters to the head, so it need not be there: 5 bytes of topic, and the payload.
    const payloadOf = (length: number) => packet({ payload: { length } as Buffer });
    expect(encodePublishHead(payloadOf(268_435_450), 4)).toEqual(bytesOf("30 ffffff7f 0003 'a/b'"));
    expect(() => encodePublishHead(payloadOf(268_435_451), 4)).toThrow(tooLarge);
  });

  it('is not written with a property of another packet', () => {
    const properties = { reasonString: 'no' } as object;
    expect(() => encodePublish(packet({ properties }), 5)).toThrow(
      expect.objectContaining({ code: 'not-in-packet' }),
    );
  });
});
