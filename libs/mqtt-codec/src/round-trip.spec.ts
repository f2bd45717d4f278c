import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packetArbitrary } from './testing/packet-arbitraries.js';
import { bytesOf, decoderFor } from './testing/packet-hex.js';
import { packetSamples } from './testing/packet-samples.js';
import { encodePacket, type MqttProtocolLevel, type MqttSender } from './index.js';

const levels: readonly MqttProtocolLevel[] = [3, 4, 5];
const senders: readonly MqttSender[] = ['client', 'server'];

describe.each(levels)('at protocol level %d', (level) => {
  it.each(senders)('a packet of a %s survives encode and decode', (sender) => {
    fc.assert(
      fc.property(packetArbitrary(level, sender), (packet) => {
        const bytes = encodePacket(packet, level);
        const decoded = decoderFor(bytes, level, sender).push(bytes);
        expect(decoded).toEqual([packet]);
        expect(encodePacket(decoded[0]!, level).equals(bytes)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });
});

describe('the samples', () => {
  it.each(packetSamples)('at level %d of a %s: %s', (level, sender, hex) => {
    const bytes = bytesOf(hex);
    const packets = decoderFor(bytes, level, sender).push(bytes);
    expect(packets).toHaveLength(1);
    expect(encodePacket(packets[0]!, level).toString('hex')).toBe(bytes.toString('hex'));
  });
});
