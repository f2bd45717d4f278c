import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHex, refusal } from '../testing/packet-hex.js';
import { encodePing, pingreq, pingresp } from '../index.js';

describe.each([3, 4, 5] as const)('PINGREQ and PINGRESP at level %d', (level) => {
  it('have no body', () => {
    expect(decodeHex('c0 00', level)).toEqual({ type: 'pingreq' });
    expect(decodeHex('d0 00', level, 'server')).toEqual({ type: 'pingresp' });
    expect(encodePing(pingreq)).toEqual(bytesOf('c0 00'));
    expect(encodePing(pingresp)).toEqual(bytesOf('d0 00'));
    expect(refusal('c0 01 00', level)).toBe('malformed-packet: MQTT-4.13.1-1');
    expect(refusal('c1 00', level)).toBe('malformed-packet: MQTT-2.1.3-1');
  });

  it('have one sender each', () => {
    expect(refusal('c0 00', level, 'server')).toBe('protocol-error: MQTT-2.1.2');
    expect(refusal('d0 00', level)).toBe('protocol-error: MQTT-2.1.2');
  });
});
