import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, refusal } from '../testing/packet-hex.js';
import { type ConnectPacket, encodeConnect, MqttDecodeError, MqttPacketDecoder } from '../index.js';

const plain: ConnectPacket = {
  ...{ type: 'connect', protocolLevel: 4, cleanStart: true, keepAliveSeconds: 60, clientId: 'abc' },
  properties: {},
};

describe('CONNECT', () => {
  it('of MQTT 3.1.1', () => {
    const hex = "10 0f 0004 'MQTT' 04 02 003c 0003 'abc'";
    expect(decodeHex(hex, 4)).toEqual(plain);
    expect(encodeConnect(plain)).toEqual(bytesOf(hex));
  });

  it('of MQTT 3.1, which may leave out what its flags announce', () => {
    expect(decodeHex("10 11 0006 'MQIsdp' 03 02 003c 0003 'abc'", 3)).toEqual({ ...plain, protocolLevel: 3 });
    expect(decodeHex("10 11 0006 'MQIsdp' 03 c2 003c 0003 'abc'", 3)).toEqual({ ...plain, protocolLevel: 3 });
    expect(refusal("10 0f 0004 'MQTT' 04 c2 003c 0003 'abc'", 4)).toBe('malformed-packet: MQTT-4.13.1-1');
  });

  it('of MQTT 3.1 has a flag that is not used', () => {
    expect(decodeHex("10 11 0006 'MQIsdp' 03 03 003c 0003 'abc'", 3)).toEqual({ ...plain, protocolLevel: 3 });
  });

  it('of MQTT 5 with all that it may have', () => {
    const hex =
      "10 36 0004 'MQTT' 05 ee 0000 05 11 ffffffff 0000" +
      " 14 18 00000001 03 0001 't' 09 0001 ff 26 0001 'k' 0001 'v' 0003 'a/b' 0002 0102 0001 'u' 0001 'p'";
    const packet: ConnectPacket = {
      ...{ type: 'connect', protocolLevel: 5, cleanStart: true, keepAliveSeconds: 0, clientId: '' },
      will: {
        ...{ topic: 'a/b', payload: Buffer.from([1, 2]), qos: 1, retain: true },
        properties: {
          ...{ willDelayIntervalSeconds: 1, contentType: 't', correlationData: Buffer.from([255]) },
          userProperties: [['k', 'v']],
        },
      },
      ...{ userName: 'u', password: Buffer.from('p') },
      properties: { sessionExpiryIntervalSeconds: 0xffffffff },
    };
    expect(encodeConnect(packet).toString('hex')).toBe(bytesOf(hex).toString('hex'));
    expect(decodeHex(hex, 5)).toEqual(packet);
  });

  it('owns its bytes, because a will outlives the chunk', () => {
    const chunk = bytesOf("10 17 0004 'MQTT' 04 06 003c 0003 'abc' 0003 'a/b' 0001 'x'");
    const [packet] = new MqttPacketDecoder({ connectBytesMax: 99, packetBytesMax: 99 }).push(chunk);
    chunk.fill(0);
    expect(packet).toMatchObject({ will: { topic: 'a/b', payload: Buffer.from('x') } });
  });

  it.each([
    [
      'a protocol name that is none',
      "10 0f 0004 'MQTX' 04 02 003c 0003 'abc'",
      'unsupported-protocol-version: MQTT-3.1.2-1',
    ],
    ['level 6', "10 0f 0004 'MQTT' 06 02 003c 0003 'abc'", 'unsupported-protocol-version: MQTT-3.1.2-2'],
    [
      'level 3 of MQTT',
      "10 0f 0004 'MQTT' 03 02 003c 0003 'abc'",
      'unsupported-protocol-version: MQTT-3.1.2-2',
    ],
    [
      'level 4 of MQIsdp',
      "10 11 0006 'MQIsdp' 04 02 003c 0003 'abc'",
      'unsupported-protocol-version: MQTT-3.1.2-2',
    ],
    ['the reserved flag', "10 0f 0004 'MQTT' 04 03 003c 0003 'abc'", 'malformed-packet: MQTT-3.1.2-3'],
    ['will QoS without a will', "10 0f 0004 'MQTT' 04 0a 003c 0003 'abc'", 'malformed-packet: MQTT-3.1.2-13'],
    [
      'will retain without a will',
      "10 0f 0004 'MQTT' 04 22 003c 0003 'abc'",
      'malformed-packet: MQTT-3.1.2-15',
    ],
    [
      'will QoS 3',
      "10 17 0004 'MQTT' 04 1e 003c 0003 'abc' 0003 'a/b' 0001 'x'",
      'malformed-packet: MQTT-3.1.2-14',
    ],
    [
      'a password without a user name',
      "10 12 0004 'MQTT' 04 42 003c 0003 'abc' 0001 'p'",
      'malformed-packet: MQTT-3.1.2-22 of 3.1.1',
    ],
    [
      'no client id for a session that stays',
      "10 0c 0004 'MQTT' 04 00 003c 0000",
      'client-identifier-not-valid: MQTT-3.1.3-8 of 3.1.1',
    ],
    [
      'no client id in MQTT 3.1',
      "10 0e 0006 'MQIsdp' 03 02 003c 0000",
      'client-identifier-not-valid: MQTT 3.1, CONNECT',
    ],
    ['no client id at all', "10 0a 0004 'MQTT' 04 02 003c", 'malformed-packet: MQTT-4.13.1-1'],
    [
      'no will message',
      "10 14 0004 'MQTT' 04 06 003c 0003 'abc' 0003 'a/b'",
      'malformed-packet: MQTT-4.13.1-1',
    ],
    [
      'a wildcard in the will topic',
      "10 17 0004 'MQTT' 04 06 003c 0003 'abc' 0003 'a/#' 0001 'x'",
      'topic-name-invalid: MQTT-3.3.2-2',
    ],
    [
      'an empty will topic',
      "10 14 0004 'MQTT' 04 06 003c 0003 'abc' 0000 0001 'x'",
      'topic-name-invalid: MQTT-4.7.3-1',
    ],
    ['bytes behind its end', "10 10 0004 'MQTT' 04 02 003c 0003 'abc' 00", 'malformed-packet: MQTT-4.13.1-1'],
    [
      'ill-formed UTF-8 in the client id',
      "10 0f 0004 'MQTT' 04 02 003c 0003 'a' ff 'c'",
      'malformed-packet: MQTT-1.5.4-1',
    ],
    [
      'NUL in the client id',
      "10 0f 0004 'MQTT' 04 02 003c 0003 'a' 00 'c'",
      'malformed-packet: MQTT-1.5.4-2',
    ],
    ['receive maximum 0', "10 10 0004 'MQTT' 05 02 003c 03 21 0000 0000", 'protocol-error: MQTT-3.1.2.11.3'],
    [
      'maximum packet size 0',
      "10 12 0004 'MQTT' 05 02 003c 05 27 00000000 0000",
      'protocol-error: MQTT-3.1.2.11.4',
    ],
    [
      'request problem information 2',
      "10 0f 0004 'MQTT' 05 02 003c 02 17 02 0000",
      'protocol-error: MQTT-2.2.2.2',
    ],
    [
      'authentication data without a method',
      "10 11 0004 'MQTT' 05 02 003c 04 16 0001 ff 0000",
      'protocol-error: MQTT-3.1.2.11.10',
    ],
    ['no property length', "10 0a 0004 'MQTT' 05 02 003c", 'malformed-packet: MQTT-4.13.1-1'],
  ])('refuses %s', (_, hex, expected) => {
    expect(refusal(hex, 4)).toBe(expected);
  });

  it('of MQTT 5 may have a password and no user name', () => {
    expect(decodeHex("10 10 0004 'MQTT' 05 42 003c 00 0000 0001 'p'", 5)).toMatchObject({
      password: Buffer.from('p'),
    });
  });

  it.each([
    ["10 0f 0004 'MQTT' 06 02 003c 0003 'abc'", 5],
    ["10 0f 0004 'MQTT' 84 02 003c 0003 'abc'", 4],
    ["10 0f 0004 'MQTT' 85 02 003c 0003 'abc'", 5],
    ["10 0f 0004 'MQTT' 02 02 003c 0003 'abc'", 4],
    ["10 0f 0004 'MQTT' 05 03 003c 0003 'abc'", 5],
    ["10 0f 0004 'MQTT' 04 03 003c 0003 'abc'", 4],
    ["10 0f 0004 'MQTX' 05 03 003c 0003 'abc'", undefined],
    ["82 08 0001 0003 'a/b' 00", undefined],
  ])('%s: an answer is of level %s', (hex, level) => {
    const decoder = new MqttPacketDecoder({ connectBytesMax: 99, packetBytesMax: 99 });
    let caught: unknown;
    try {
      decoder.push(bytesOf(hex));
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MqttDecodeError);
    expect(caught).toMatchObject({ protocolLevel: level, duringConnect: true });
    expect(decoder.protocolLevel).toBeUndefined();
  });

  it.each<[string, Partial<ConnectPacket>]>([
    ['a password without a user name', { password: Buffer.from('p') }],
    ['a keep alive above 16 bits', { keepAliveSeconds: 65_536 }],
    ['NUL in a string', { clientId: 'a\0b' }],
    ['a lone surrogate', { clientId: '\ud800' }],
    ['a string above 16 bits', { clientId: 'é'.repeat(40_000) }],
  ])('is not written with %s', (_, change) => {
    expect(() => encodeConnect({ ...plain, ...change })).toThrow(
      expect.objectContaining({ name: 'MqttEncodeError' }),
    );
  });
});
