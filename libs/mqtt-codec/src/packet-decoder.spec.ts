import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, decoderAt, type Refusal, refusal } from './testing/packet-hex.js';
import {
  encodePublish,
  MqttDecodeError,
  type MqttPacket,
  MqttPacketDecoder,
  type MqttProtocolLevel,
} from './index.js';

const connect = bytesOf("10 0f 0004 'MQTT' 04 02 003c 0003 'abc'");
const ping = bytesOf('c0 00');

function failureOf(run: () => unknown): MqttDecodeError {
  try {
    run();
  } catch (error) {
    if (error instanceof MqttDecodeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** A QoS 0 PUBLISH of so many bytes in all. */
function publishOf(packetBytes: number, level: MqttProtocolLevel = 4): Buffer {
  const publish = (payloadBytes: number) => {
    const flags = { qos: 0, retain: false, dup: false, packetId: 0 } as const;
    const payload = Buffer.alloc(payloadBytes, 'x');
    return encodePublish({ type: 'publish', topic: 't', payload, ...flags, properties: {} }, level);
  };
  const bytes = publish(2 * packetBytes - publish(packetBytes).length);
  expect(bytes).toHaveLength(packetBytes);
  return bytes;
}

describe('MqttPacketDecoder', () => {
  it('takes its level from CONNECT', () => {
    const decoder = new MqttPacketDecoder({ connectBytesMax: 100, packetBytesMax: 100 });
    expect(decoder.protocolLevel).toBeUndefined();
    expect(decoder.push(Buffer.concat([connect, ping])).map(({ type }) => type)).toEqual([
      'connect',
      'pingreq',
    ]);
    expect(decoder.protocolLevel).toBe(4);
  });

  it('refuses what comes before CONNECT at its first byte', () => {
    for (const first of ['30', '82', 'c0', 'e0', 'f0', '00', '47', '50']) {
      const decoder = new MqttPacketDecoder({ connectBytesMax: 100, packetBytesMax: 100 });
      expect(failureOf(() => decoder.push(bytesOf(first)))).toMatchObject({
        ...{ code: 'protocol-error', reasonCode: 0x82, clause: 'MQTT-3.1.0-1', duringConnect: true },
        protocolLevel: undefined,
      });
    }
  });

  it('refuses a second CONNECT at its first byte', () => {
    expect(failureOf(() => decoderAt(4).push(bytesOf('10')))).toMatchObject({
      ...{ code: 'protocol-error', clause: 'MQTT-3.1.0-2', duringConnect: false, protocolLevel: 4 },
    });
  });

  it.each<Refusal>([
    ['packet type 0', 4, '00 00', 'malformed-packet: MQTT-2.1.2'],
    ['packet type 15 before MQTT 5', 4, 'f0 00', 'malformed-packet: MQTT-2.1.2'],
    ['a CONNACK of a client', 5, '20 03 00 00 00', 'protocol-error: MQTT-2.1.2'],
    ['a SUBACK of a client', 4, '90 03 0001 00', 'protocol-error: MQTT-2.1.2'],
    ['an UNSUBACK of a client', 4, 'b0 02 0001', 'protocol-error: MQTT-2.1.2'],
    ['a remaining length of 5 bytes', 4, '30 80808080', 'malformed-packet: MQTT-2.1.4'],
    ['a remaining length of 5 bytes', 4, '30 ffffffff7f', 'malformed-packet: MQTT-2.1.4'],
    ['100 MB announced', 4, '30 80c2d72f', 'packet-too-large: MQTT-3.2.2-15'],
    ['a remaining length that is not minimal', 5, 'c0 8000', 'malformed-packet: MQTT-1.5.5-1'],
    [
      'a remaining length that is not minimal',
      5,
      "30 868000 0003 'a/b' 00",
      'malformed-packet: MQTT-1.5.5-1',
    ],
  ])('refuses %s at level %d', (_, level, hex, expected) => {
    expect(refusal(hex, level)).toBe(expected);
  });

  it('allows remaining lengths that are not minimal before MQTT 5, which was the first to forbid them', () => {
    expect(decodeHex("30 858000 0003 'a/b'", 4)).toMatchObject({ topic: 'a/b' });
    expect(decodeHex("10 8f00 0004 'MQTT' 04 02 003c 0003 'abc'", 4)).toMatchObject({ clientId: 'abc' });
    expect(refusal("10 9000 0004 'MQTT' 05 02 003c 00 0003 'abc'", 5)).toBe('malformed-packet: MQTT-1.5.5-1');
  });

  it('has one maximum before CONNECT and one after, for whole packets', () => {
    const options = { connectBytesMax: connect.length, packetBytesMax: 1_000 };
    const decoder = new MqttPacketDecoder(options);
    expect(decoder.push(connect)).toHaveLength(1);
    expect(decoder.push(publishOf(1_000))).toHaveLength(1);
    expect(failureOf(() => decoder.push(publishOf(1_001)))).toMatchObject({
      ...{ code: 'packet-too-large', reasonCode: 0x95, protocolLevel: 4 },
    });
    const smaller = new MqttPacketDecoder({ ...options, connectBytesMax: connect.length - 1 });
    expect(failureOf(() => smaller.push(connect.subarray(0, 2)))).toMatchObject({
      ...{ code: 'packet-too-large', protocolLevel: undefined, duringConnect: true },
    });
  });

  it('gives what came before a fault, and then only the fault', () => {
    const decoder = decoderAt(5);
    const packets: MqttPacket[] = [];
    const error = failureOf(() =>
      decoder.push(Buffer.concat([ping, publishOf(20, 5), bytesOf('36 00'), ping]), packets),
    );
    expect(error).toMatchObject({
      code: 'malformed-packet',
      clause: 'MQTT-3.3.1-4',
      reasonCode: 0x81,
      protocolLevel: 5,
    });
    expect(failureOf(() => decoder.push(ping, packets)).code).toBe('malformed-packet');
    expect(packets.map(({ type }) => type)).toEqual(['pingreq', 'publish']);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('says nothing of the peer in its errors', () => {
    const error = failureOf(() => decoderAt(4).push(bytesOf("30 08 0006 'secr#t'")));
    expect(error.message).toBe('wildcard in a topic name [MQTT-3.3.2-2]');
  });

  it('holds what arrived, whatever length is announced', () => {
    const bytesMax = 268_435_460;
    const decoders = Array.from({ length: 200 }, () => decoderAt(4, 'client', bytesMax));
    const before = process.memoryUsage().arrayBuffers;
    for (const decoder of decoders) {
      decoder.push(bytesOf("30 ffffff7f 0001 't'"));
      for (let i = 0; i < 100; i++) decoder.push(Buffer.from('0123456789'));
      expect(decoder.bufferedBytes).toBe(1_008);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(decoders.length * 3_000 + 500_000);
  });

  it('does not keep the chunk of a packet that is not whole', () => {
    const chunk = Buffer.concat([publishOf(50), publishOf(50).subarray(0, 30)]);
    const decoder = decoderAt(4);
    expect(decoder.push(chunk)).toHaveLength(1);
    chunk.fill(0);
    expect(decoder.push(publishOf(50).subarray(30))).toMatchObject([{ topic: 't' }]);
  });

  it('gathers large packets from small and large chunks', () => {
    const packet = publishOf(200_000);
    for (const steps of [[1, 5_000, 3], [16_384, 1], [65_536], [199_999, 1]]) {
      const decoder = decoderAt(4);
      const received = [];
      for (let at = 0, turn = 0; at < packet.length; turn++) {
        const length = steps[turn % steps.length]!;
        received.push(...decoder.push(packet.subarray(at, at + length)));
        at += length;
      }
      expect(received).toHaveLength(1);
      expect(received[0]).toMatchObject({ topic: 't', payload: packet.subarray(7) });
    }
  });

  it.each<[MqttProtocolLevel]>([[3], [4], [5]])('of a server takes its level from outside: %d', (level) => {
    const decoder = new MqttPacketDecoder({ connectBytesMax: 0, packetBytesMax: 100, serverLevel: level });
    expect(decoder.protocolLevel).toBe(level);
    expect(decoder.push(bytesOf(level === 5 ? '20 03 00 00 00' : '20 02 00 00'))).toMatchObject([
      { type: 'connack' },
    ]);
    expect(failureOf(() => decoder.push(connect)).clause).toBe('MQTT-2.1.2');
  });
});
