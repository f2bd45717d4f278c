import { describe, expect, it } from '@jest/globals';
import { keyHash, murmur2 } from './key-partition.js';

describe("Kafka's murmur2", () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('is not negative where it chooses a partition', () => {
    expect(keyHash('21')).toBe(-973932308 & 0x7fffffff);
  });
});
