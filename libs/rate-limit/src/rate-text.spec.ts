import { describe, expect, it } from '@jest/globals';
import { parseRate, RateTextError, type RateUnit } from './rate-text.js';

describe('parseRate', () => {
  it.each<[string, RateUnit, number, number]>([
    ['10MB/s', 'bytes', 1e7, 1e7],
    ['10 MB/s', 'bytes', 1e7, 1e7],
    ['1.5KiB/s', 'bytes', 1_536, 1_536],
    ['100B/10s', 'bytes', 10, 100],
    ['5MB/s burst 20MB', 'bytes', 5e6, 2e7],
    ['5MB/s burst 100KB', 'bytes', 5e6, 1e5],
    ['6GB/1m', 'bytes', 1e8, 6e9],
    ['1000/10s', 'count', 100, 1_000],
    ['50/m', 'count', 50 / 60, 50],
    ['1/h', 'count', 1 / 3_600, 1],
    ['0.5/s burst 3', 'count', 0.5, 3],
  ])('%j of %s', (text, unit, perSecond, burst) => {
    expect(parseRate(text, unit)).toEqual({ perSecond, burst });
  });

  it.each<[string, RateUnit]>([
    ['', 'bytes'],
    ['10', 'bytes'],
    ['10/s', 'bytes'],
    ['10MB', 'bytes'],
    ['10mb/s', 'bytes'],
    ['10MB/0s', 'bytes'],
    ['0MB/s', 'bytes'],
    ['-1MB/s', 'bytes'],
    ['10MB/s burst', 'bytes'],
    ['10MB/s burst 5', 'bytes'],
    ['10MB/s burst 0MB', 'bytes'],
    ['10MB/d', 'bytes'],
    ['10MB/s ', 'bytes'],
    ['9999999999999GB/s', 'bytes'],
    ['10MB/s', 'count'],
    ['1e3/s', 'count'],
    ['Infinity/s', 'count'],
    ['10/s burst 5MB', 'count'],
    [`${'1'.repeat(400)}/s`, 'count'],
  ])('%.20j is no rate of %s', (text, unit) => {
    expect(() => parseRate(text, unit)).toThrow(RateTextError);
  });
});
