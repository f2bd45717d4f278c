import { describe, expect, it } from '@jest/globals';
import { parseTopicName, partitionTopicName, withoutPartition } from './topic-name.js';

describe('topic names', () => {
  it('completes short names', () => {
    expect(parseTopicName('x').full).toBe('persistent://public/default/x');
    expect(parseTopicName('t/n/x').full).toBe('persistent://t/n/x');
    expect(parseTopicName('non-persistent://t/n/x')).toMatchObject({
      domain: 'non-persistent',
      localName: 'x',
    });
  });

  it('knows partitions by their suffix only', () => {
    expect(parseTopicName('persistent://t/n/x-partition-12').partition).toBe(12);
    for (const name of ['x', 'x-partition-', 'x-partition-01', 'x-partition--1', 'x-partition-1a']) {
      expect(parseTopicName(name).partition).toBe(-1);
    }
    expect(partitionTopicName('persistent://t/n/x', 3)).toBe('persistent://t/n/x-partition-3');
    expect(withoutPartition('persistent://t/n/x-partition-3')).toBe('persistent://t/n/x');
    expect(withoutPartition('persistent://t/n/x')).toBe('persistent://t/n/x');
  });

  it.each([
    '',
    'persistent://',
    'persistent://x',
    'persistent://t/n/',
    't/n',
    'a/b/c/d',
    'http://t/n/x',
    'persistent://t !/n/x',
  ])('refuses %p', (text) => {
    expect(() => parseTopicName(text)).toThrow(expect.objectContaining({ code: 'InvalidTopicName' }));
  });
});
