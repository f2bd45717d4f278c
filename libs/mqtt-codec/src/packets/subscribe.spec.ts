import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, type Refusal, refusal } from '../testing/packet-hex.js';
import {
  encodeSubscribe,
  type MqttSubscriptionRequest,
  packetElementsMax,
  type SubscribePacket,
} from '../index.js';

const request = (filter: string, change: Partial<MqttSubscriptionRequest> = {}): MqttSubscriptionRequest => ({
  ...{ filter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
  ...change,
});
const packet = (...subscriptions: MqttSubscriptionRequest[]): SubscribePacket => ({
  ...{ type: 'subscribe', packetId: 10, subscriptions, properties: {} },
});

describe('SUBSCRIBE', () => {
  it('of MQTT 3.1.1', () => {
    const hex = "82 0e 000a 0003 'a/b' 01 0003 'c/d' 02";
    const expected = packet(request('a/b', { qos: 1 }), request('c/d', { qos: 2 }));
    expect(decodeHex(hex, 4)).toEqual(expected);
    expect(encodeSubscribe(expected, 4)).toEqual(bytesOf(hex));
  });

  it('of MQTT 5 with all options', () => {
    const hex = "82 1a 000a 03 0b 8001 0003 'a/b' 2d 000b '$share/g/+/' 18";
    const expected = {
      ...packet(
        request('a/b', { qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }),
        request('$share/g/+/', { retainAsPublished: true, retainHandling: 1 }),
      ),
      properties: { subscriptionIdentifiers: [128] },
    };
    expect(decodeHex(hex, 5)).toEqual(expected);
    expect(encodeSubscribe(expected, 5).toString('hex')).toBe(bytesOf(hex).toString('hex'));
  });

  it('of MQTT 3.1 may have DUP, and bits that are not used', () => {
    expect(decodeHex("8a 08 000a 0003 'a/b' f1", 3)).toEqual(packet(request('a/b', { qos: 1 })));
  });

  it.each<Refusal>([
    ['flags 0', 4, "80 08 0001 0003 'a/b' 00", 'malformed-packet: MQTT-2.1.3-1'],
    ['DUP', 4, "8a 08 0001 0003 'a/b' 00", 'malformed-packet: MQTT-2.1.3-1'],
    ['packet identifier 0', 4, "82 08 0000 0003 'a/b' 00", 'protocol-error: MQTT-2.2.1-3'],
    ['no filter', 4, '82 02 0001', 'protocol-error: MQTT-3.8.3-2'],
    ['no filter', 5, '82 03 0001 00', 'protocol-error: MQTT-3.8.3-2'],
    ['QoS 3', 4, "82 08 0001 0003 'a/b' 03", 'malformed-packet: MQTT-3-8.3-4 of 3.1.1'],
    ['QoS 3', 5, "82 09 0001 00 0003 'a/b' 03", 'protocol-error: MQTT-3.8.3.1'],
    ['options of MQTT 5', 4, "82 08 0001 0003 'a/b' 04", 'malformed-packet: MQTT-3-8.3-4 of 3.1.1'],
    ['reserved options', 5, "82 09 0001 00 0003 'a/b' 40", 'malformed-packet: MQTT-3.8.3-5'],
    ['reserved options', 5, "82 09 0001 00 0003 'a/b' 80", 'malformed-packet: MQTT-3.8.3-5'],
    ['retain handling 3', 5, "82 09 0001 00 0003 'a/b' 30", 'protocol-error: MQTT-3.8.3.1'],
    [
      'no local on a shared subscription',
      5,
      "82 10 0001 00 000a '$share/g/a' 04",
      'protocol-error: MQTT-3.8.3-4',
    ],
    ['a filter without options', 4, "82 07 0001 0003 'a/b'", 'malformed-packet: MQTT-4.13.1-1'],
    ['an empty filter', 4, '82 05 0001 0000 00', 'topic-filter-invalid: MQTT-4.7.3-1'],
    ['# in the middle', 4, "82 0a 0001 0005 'a/#/b' 00", 'topic-filter-invalid: MQTT-4.7.1-1'],
    ['+ beside a letter', 5, "82 08 0001 00 0002 'a+' 00", 'topic-filter-invalid: MQTT-4.7.1-2'],
    ['a share without a filter', 5, "82 0e 0001 00 0008 '$share/g' 00", 'topic-filter-invalid: MQTT-4.8.2-2'],
    ['subscription identifier 0', 5, "82 0b 0001 02 0b 00 0003 'a/b' 00", 'protocol-error: MQTT-3.8.2.1.2'],
    [
      'two subscription identifiers',
      5,
      "82 0d 0001 04 0b 01 0b 02 0003 'a/b' 00",
      'protocol-error: MQTT-2.2.2.2',
    ],
    ['a subscription identifier that is too long', 5, "82 0e 0001 05 0b 80808001 0003 'a/b' 00", 'read'],
    ['one of five bytes', 5, "82 0f 0001 06 0b 8080808001 0003 'a/b' 00", 'malformed-packet: MQTT-1.5.5'],
    ['one that is not minimal', 5, "82 0c 0001 03 0b 8100 0003 'a/b' 00", 'malformed-packet: MQTT-1.5.5-1'],
  ])('judges %s at level %d', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('has a limit on its filters', () => {
    const many = packet(...Array.from({ length: packetElementsMax }, () => request('a')));
    expect(refusal(encodeSubscribe(many, 4).toString('hex'), 4)).toBe('read');
    const more = packet(...many.subscriptions, request('a'));
    expect(refusal(encodeSubscribe(more, 4).toString('hex'), 4)).toBe('quota-exceeded: MQTT-4.13.1');
  });

  it.each([
    [packet()],
    [packet(request('a#'))],
    [packet(request('$share/g/a', { noLocal: true }))],
    [packet(request('a', { qos: 3 as never }))],
    [packet(request('a', { retainHandling: 3 as never }))],
    [{ ...packet(request('a')), packetId: 0 }],
    [{ ...packet(request('a')), properties: { subscriptionIdentifiers: [1, 2] } }],
  ])('is not written: %j', (wrong) => {
    expect(() => encodeSubscribe(wrong, 5)).toThrow(expect.objectContaining({ code: 'invalid-value' }));
  });
});
