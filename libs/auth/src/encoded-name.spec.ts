import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeName, encodeName } from './encoded-name.js';
import { topicNameFault } from './topic-name.js';

describe('names as names of Pulsar topics', () => {
  it.each([
    ['sensors', 'sensors'],
    ['a.b_c-D9', 'a.b_c-D9'],
    ['', '.x'],
    ['.', '.x2E'],
    ['..', '.x2E.'],
    ['a b', 'a.x20b'],
    ['grün', 'gr.xC3.xBCn'],
    ['a.x20b', 'a.x2Ex20b'],
    ['.x', '.x2Ex'],
    ['__consumer_offsets', '.x5F_consumer_offsets'],
    ['pulsegate.lease', '.x70ulsegate.lease'],
    ['a-partition-12', 'a-partition.x2D12'],
    ['a__transaction_pending_ack', 'a__transaction_pending.x5Fack'],
    ['%41', '.x2541'],
  ])('%j is %j', (level, name) => {
    expect(encodeName(level)).toBe(name);
    expect(topicNameFault(name)).toBeUndefined();
    expect(decodeName(name)).toBe(level);
  });

  it.each(['a.x41', '.xZZ', 'a.x', '.x20.x', 'a.xff', '.xFF', '__x', 'a-partition-0', 'a/b', ''])(
    '%j is the name of none',
    (name) => {
      expect(decodeName(name)).toBeUndefined();
    },
  );

  it('gives back what is longer than any name, which is the name of nothing', () => {
    const level = 'ü'.repeat(1_025);
    expect(encodeName(level)).toBe(level);
    expect(topicNameFault(encodeName(level))).toEqual(expect.any(String));
  });

  it('has one name for each level, and one level for each name', () => {
    const tricky = fc.constantFrom(
      '.x',
      '.',
      '_',
      '__',
      '-partition-',
      '0',
      'pulsegate.',
      'ack',
      'ü',
      '\u{1f600}',
    );
    const level = fc
      .array(fc.oneof(tricky, fc.string({ unit: 'grapheme', maxLength: 3 })), { maxLength: 6 })
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(level, (text) => {
        const name = encodeName(text);
        expect(decodeName(name)).toBe(text);
        if (name.length <= 249) expect(topicNameFault(name)).toBeUndefined();
      }),
    );
  });
});
