import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compositeArbitrary } from './testing/amqp-arbitraries.js';
import { bytesOf, decoderIn, frameOf, listOf, mapOf, refusal } from './testing/amqp-hex.js';
import {
  type AmqpCompositeInput,
  type AmqpCompositeName,
  AmqpEncodeError,
  type AmqpPerformativeName,
  type AmqpSaslPerformativeName,
  compositeTable,
  decodeComposite,
  describedComposite,
  encodeFrame,
  encodeSaslFrame,
} from './index.js';

type Performative = AmqpCompositeInput<AmqpPerformativeName>;
type SaslPerformative = AmqpCompositeInput<AmqpSaslPerformativeName>;

const amqp = (hex: string) => decoderIn('amqp').push(frameOf(bytesOf(hex), 0, 5));
/** With properties. */
const openWith = (properties: string) =>
  `00 53 10 ${listOf("a1 01 'c'", '40', '40', '40', '40', '40', '40', '40', '40', properties)}`;
const sasl = (hex: string) => decoderIn('sasl').push(frameOf(bytesOf(hex), 1));

describe('a performative', () => {
  it.each<[string, Performative]>([
    [
      "00 53 10 c0 04 01 a1 01 'c'",
      { type: 'open', containerId: 'c', maxFrameSize: 0xffff_ffff, channelMax: 0xffff },
    ],
    [
      `00 53 10 ${listOf("a1 01 'c'", "a1 01 'h'", '70 00010000', '60 00ff', '52 c8')}`,
      {
        type: 'open',
        containerId: 'c',
        hostname: 'h',
        maxFrameSize: 65_536,
        channelMax: 255,
        idleTimeOut: 200,
      },
    ],
    [
      '00 53 11 c0 08 04 40 52 01 52 02 52 03',
      { type: 'begin', nextOutgoingId: 1, incomingWindow: 2, outgoingWindow: 3, handleMax: 0xffff_ffff },
    ],
    [
      `00 53 13 ${listOf('40', '52 01', '43', '52 02', '43', '43', '52 0a')}`,
      {
        ...{
          type: 'flow',
          incomingWindow: 1,
          nextOutgoingId: 0,
          outgoingWindow: 2,
          handle: 0,
          deliveryCount: 0,
        },
        ...{ linkCredit: 10, drain: false, echo: false },
      },
    ],
    [
      `00 53 15 ${listOf('41', '52 01', '52 03', '41', '00 53 24 45')}`,
      {
        ...{ type: 'disposition', role: true, first: 1, last: 3, settled: true, state: { type: 'accepted' } },
        ...{ batchable: false },
      },
    ],
    [
      `00 53 16 ${listOf('43', '41', `00 53 1d ${listOf("a3 0b 'amqp:x:test'")}`)}`,
      { type: 'detach', handle: 0, closed: true, error: { type: 'error', condition: 'amqp:x:test' } },
    ],
    ['00 53 17 45', { type: 'end' }],
    ['00 53 18 45', { type: 'close' }],
  ])('%s', (hex, performative) => {
    expect(amqp(hex)).toEqual([{ type: 'frame', channel: 5, performative, payload: Buffer.alloc(0) }]);
    expect(encodeFrame(5, performative).toString('hex')).toBe(frameOf(bytesOf(hex), 0, 5).toString('hex'));
  });

  it('is known by its symbol, and by its code in eight bytes', () => {
    for (const hex of ["a3 0f 'amqp:close:list'", '80 0000000000000018', "b3 0000000f 'amqp:close:list'"]) {
      expect(amqp(`00 ${hex} 45`)).toMatchObject([{ performative: { type: 'close' } }]);
    }
  });

  it('has its defaults when they are null, absent and given', () => {
    const given = listOf("a1 01 'c'", '40', '70 ffffffff', '60 ffff');
    for (const fields of [listOf("a1 01 'c'"), listOf("a1 01 'c'", '40', '40'), given]) {
      expect(amqp(`00 53 10 ${fields}`)).toMatchObject([
        { performative: { maxFrameSize: 0xffff_ffff, channelMax: 0xffff } },
      ]);
    }
  });

  it('has capabilities as one symbol or an array of them', () => {
    expect(sasl(`00 53 40 ${listOf("a3 05 'PLAIN'")}`)).toMatchObject([
      { performative: { saslServerMechanisms: ['PLAIN'] } },
    ]);
    expect(sasl(`00 53 40 ${listOf("e0 08 02 a3 01 'A' 03 'B-C'")}`)).toMatchObject([
      { performative: { saslServerMechanisms: ['A', 'B-C'] } },
    ]);
    expect(sasl(`00 53 40 ${listOf('e0 02 00 a3')}`)).toMatchObject([
      { performative: { saslServerMechanisms: [] } },
    ]);
  });

  it('keeps filters of any descriptor, and states and termini that the specification does not know', () => {
    const filter = mapOf("a3 0c 'jms-selector'", "00 80 0000468c00000004 a1 05 'a = 1'");
    const source = `00 53 28 ${listOf('40', '40', '40', '40', '40', '40', '40', filter)}`;
    const target = "00 a3 03 'x:y' 45";
    const attach = `00 53 12 ${listOf("a1 01 'l'", '43', '41', '40', '40', source, target)}`;
    const frames = amqp(attach);
    expect(frames).toMatchObject([
      {
        performative: {
          source: { type: 'source', expiryPolicy: 'session-end', durable: 0, dynamic: false },
          target: { type: 'described', descriptor: { type: 'symbol', value: 'x:y' }, encoded: bytesOf('45') },
        },
      },
    ]);
    const [frame] = frames as unknown as [{ performative: { source: { filter: Map<string, unknown> } } }];
    expect(frame.performative.source.filter.get('jms-selector')).toEqual({
      type: 'described',
      descriptor: { type: 'ulong', value: 0x468c_0000_0004n },
      encoded: bytesOf("a1 05 'a = 1'"),
    });
  });

  it.each([
    ['a value that is not described', '45', 'decode-error: AMQP 1.3'],
    ['a descriptor of another type', '00 a1 01 41 45', 'decode-error: AMQP 1.2'],
    ['an unknown code', '00 53 19 45', 'not-implemented: AMQP 2.3.2'],
    ['an unknown symbol', "00 a3 03 'x:y' 45", 'not-implemented: AMQP 2.3.2'],
    ['a SASL performative', '00 53 44 c0 03 01 50 00', 'decode-error: AMQP 1.3'],
    ['a delivery state', '00 53 24 45', 'decode-error: AMQP 1.3'],
    ['a map', '00 53 18 c1 01 00', 'decode-error: AMQP 1.3'],
    ['no mandatory field', '00 53 10 45', 'invalid-field: AMQP 1.4'],
    ['null in a mandatory field', '00 53 16 c0 02 01 40', 'invalid-field: AMQP 1.4'],
    ['too many fields', '00 53 18 c0 03 02 40 40', 'decode-error: AMQP 1.4'],
    ['a field of another type', '00 53 16 c0 03 01 54 00', 'decode-error: AMQP 1.3'],
    ['a symbol for a string', "00 53 10 c0 04 01 a3 01 'c'", 'decode-error: AMQP 1.3'],
    ['a performative in a field', '00 53 18 c0 05 01 00 53 18 45', 'decode-error: AMQP 1.3'],
    ['an unknown error type', '00 53 18 c0 05 01 00 53 7f 45', 'decode-error: AMQP 2.8.14'],
    ['bytes behind the list', '00 53 18 45 40', 'decode-error: AMQP 2.3.2'],
    ['a list longer than the frame', '00 53 18 c0 05 01 40', 'decode-error: AMQP 1.6.22'],
    [
      'properties with equal keys',
      openWith(mapOf("a3 01 'k'", '40', "a3 01 'k'", '40')),
      'decode-error: AMQP 1.6.23',
    ],
    ['properties with a string as key', openWith(mapOf("a1 01 'k'", '40')), 'decode-error: AMQP 1.3'],
  ])('is refused: %s', (_, hex, expected) => {
    expect(refusal(() => amqp(hex))).toBe(`frame: amqp:${expected}`);
  });

  it('is not written without a mandatory field, nor with a number out of range', () => {
    expect(() => encodeFrame(0, { type: 'open' } as unknown as Performative)).toThrow(AmqpEncodeError);
    expect(() => encodeFrame(0, { type: 'open', containerId: 'c', channelMax: 65_536 })).toThrow(
      AmqpEncodeError,
    );
    expect(() => encodeFrame(65_536, { type: 'close' })).toThrow(AmqpEncodeError);
  });
});

describe('SASL frames', () => {
  it.each<[string, SaslPerformative]>([
    [
      `00 53 41 ${listOf("a3 05 'PLAIN'", "a0 04 00 'a' 00 'b'")}`,
      { type: 'sasl-init', mechanism: 'PLAIN', initialResponse: Buffer.from('\0a\0b') },
    ],
    ["00 53 42 c0 04 01 a0 01 'c'", { type: 'sasl-challenge', challenge: Buffer.from('c') }],
    ["00 53 43 c0 04 01 a0 01 'r'", { type: 'sasl-response', response: Buffer.from('r') }],
    ['00 53 44 c0 03 01 50 01', { type: 'sasl-outcome', code: 1 }],
  ])('%s', (hex, performative) => {
    expect(sasl(hex)).toEqual([{ type: 'sasl-frame', performative }]);
    expect(encodeSaslFrame(performative).toString('hex')).toBe(frameOf(bytesOf(hex), 1).toString('hex'));
  });

  it.each([
    ['an AMQP performative', '00 53 18 45', 'decode-error: AMQP 1.3'],
    ['nothing', '', 'decode-error: AMQP 1.2'],
    [
      'two performatives',
      "00 53 42 c0 04 01 a0 01 'c' 00 53 42 c0 04 01 a0 01 'c'",
      'decode-error: AMQP 5.3.1',
    ],
  ])('are refused: %s', (_, hex, expected) => {
    expect(refusal(() => sasl(hex))).toBe(`frame: amqp:${expected}`);
  });
});

describe('the table', () => {
  const names = Object.keys(compositeTable) as AmqpCompositeName[];

  it('has unlike codes, and symbols that are their names', () => {
    expect(new Set(names.map((name) => compositeTable[name].code)).size).toBe(names.length);
    for (const name of names) expect(compositeTable[name].symbol).toBe(`amqp:${name}:list`);
  });

  it.each(names)('%s survives encode and decode', (name) => {
    fc.assert(
      fc.property(compositeArbitrary(name), (composite) => {
        const described = describedComposite(composite);
        const decoded = decodeComposite(described);
        expect(decoded).toEqual(composite);
        expect(describedComposite(decoded!)).toEqual(described);
      }),
      { numRuns: 100 },
    );
  });

  it('is found by symbol too, and only where it has the descriptor', () => {
    const encoded = bytesOf('45');
    const of = (type: 'symbol' | 'ulong', value: unknown) =>
      decodeComposite({ type: 'described', descriptor: { type, value } as never, encoded });
    expect(of('symbol', 'amqp:delete-on-close:list')).toEqual({ type: 'delete-on-close' });
    expect(of('ulong', 0x2bn)).toEqual({ type: 'delete-on-close' });
    expect(of('ulong', 0x2an)).toBeUndefined();
    expect(of('ulong', 2n ** 64n - 1n)).toBeUndefined();
    expect(of('symbol', 'delete-on-close')).toBeUndefined();
  });
});
