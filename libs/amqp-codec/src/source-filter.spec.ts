import { describe, expect, it } from '@jest/globals';
import { bytesOf, decoderIn, refusal } from './testing/amqp-hex.js';
import {
  type AmqpFields,
  type AmqpValue,
  amqpNull,
  amqpString,
  decodeFilters,
  decodeValue,
  encodeFrame,
  noLocalFilter,
  selectorFilter,
} from './index.js';

const filterOf = (hex: string): AmqpFields => new Map([['f', decodeValue(bytesOf(hex))]]);

describe('the filters of a source', () => {
  it('are known by the descriptor, a code or a symbol', () => {
    const selector = [{ kind: 'selector', name: 'f', selector: 'a = 1' }];
    expect(decodeFilters(filterOf("00 80 0000468c00000004 a1 05 'a = 1'"))).toEqual(selector);
    expect(decodeFilters(filterOf("00 a3 21 'apache.org:selector-filter:string' a1 05 'a = 1'"))).toEqual(
      selector,
    );
    const noLocal = [{ kind: 'no-local', name: 'f' }];
    expect(decodeFilters(filterOf('00 80 0000468c00000003 45'))).toEqual(noLocal);
    expect(decodeFilters(filterOf("00 a3 1f 'apache.org:no-local-filter:list' 45"))).toEqual(noLocal);
  });

  it.each([
    "00 80 0000468c00000001 a1 01 'x'",
    "00 80 0000468c00000004 a3 01 'x'",
    "00 a1 01 'x' 45",
    "a1 01 'x'",
  ])('are unknown otherwise: %s', (hex) => {
    expect(decodeFilters(filterOf(hex))).toEqual([{ kind: 'unknown', name: 'f' }]);
  });

  it('are none where the value is null', () => {
    expect(decodeFilters(new Map<string, AmqpValue>([['f', amqpNull]]))).toEqual([]);
  });

  it('are refused where a selector is not one value', () => {
    const broken = refusal(() => decodeFilters(filterOf('00 80 0000468c00000004 a1 02 c080')));
    expect(broken).toBe('message: amqp:decode-error: AMQP 1.6.20');
  });

  it('travel in an attach', () => {
    const filter: AmqpFields = new Map<string, AmqpValue>([
      ['selector', selectorFilter("colour = 'grün'")],
      ['own', noLocalFilter()],
      ['other', amqpString('x')],
    ]);
    const attach = {
      type: 'attach',
      name: 'l',
      handle: 0,
      role: true,
      source: { type: 'source', filter },
    } as const;
    const [frame] = decoderIn('amqp').push(encodeFrame(0, attach));
    if (frame?.type !== 'frame' || frame.performative.type !== 'attach') throw new Error('no attach');
    const { source } = frame.performative;
    expect(source?.type === 'source' && decodeFilters(source.filter!)).toEqual([
      { kind: 'selector', name: 'selector', selector: "colour = 'grün'" },
      { kind: 'no-local', name: 'own' },
      { kind: 'unknown', name: 'other' },
    ]);
  });
});
