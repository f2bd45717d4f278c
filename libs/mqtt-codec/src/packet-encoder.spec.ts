import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { decodeHex } from './testing/packet-hex.js';
import { encodePacket, encodePacketWithin, type MqttPacket } from './index.js';

const puback: MqttPacket = {
  ...{ type: 'puback', packetId: 1, reasonCode: 0x87 },
  properties: { reasonString: 'not yours', userProperties: [['key', 'value']] },
};

describe('encodePacketWithin', () => {
  it('leaves out the reason string, then the user properties', () => {
    const whole = encodePacket(puback, 5);
    const kept = (bytesMax: number) => {
      const bytes = encodePacketWithin(puback, 5, bytesMax);
      if (bytes === undefined) return undefined;
      expect(bytes.length).toBeLessThanOrEqual(bytesMax);
      const packet = decodeHex(bytes.toString('hex'), 5);
      return 'properties' in packet ? Object.keys(packet.properties) : [];
    };
    expect(kept(whole.length)).toEqual(['reasonString', 'userProperties']);
    expect(kept(whole.length - 1)).toEqual(['userProperties']);
    expect(kept(whole.length - 12)).toEqual(['userProperties']);
    expect(kept(whole.length - 13)).toEqual([]);
    expect(kept(5)).toEqual([]);
    expect(kept(4)).toBeUndefined();
  });

  it('never changes a PUBLISH', () => {
    const publish: MqttPacket = {
      ...{
        type: 'publish',
        topic: 't',
        payload: Buffer.alloc(0),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
      },
      properties: { userProperties: [['key', 'value']] },
    };
    const whole = encodePacket(publish, 5);
    expect(encodePacketWithin(publish, 5, whole.length)).toEqual(whole);
    expect(encodePacketWithin(publish, 5, whole.length - 1)).toBeUndefined();
  });

  it('has nothing to leave out before MQTT 5', () => {
    expect(encodePacketWithin({ type: 'pingresp' }, 4, 2)).toEqual(Buffer.from([0xd0, 0]));
    expect(encodePacketWithin({ type: 'pingresp' }, 4, 1)).toBeUndefined();
    expect(encodePacketWithin(puback, 4, 3)).toBeUndefined();
  });
});
