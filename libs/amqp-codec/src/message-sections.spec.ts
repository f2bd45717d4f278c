import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compositeArbitrary, scalarArbitrary, valueArbitrary } from './testing/amqp-arbitraries.js';
import { bytesOf, listOf, mapOf, refusal } from './testing/amqp-hex.js';
import {
  type AmqpAnnotations,
  type AmqpScalar,
  amqpString,
  amqpSymbol,
  amqpUint,
  bareMessage,
  decodeApplicationProperties,
  decodeBody,
  decodeComposite,
  decodeDeliveryAnnotations,
  decodeFooter,
  decodeHeader,
  decodeMessageAnnotations,
  decodeProperties,
  describedComposite,
  encodeApplicationProperties,
  encodeDataHead,
  encodeDeliveryAnnotations,
  encodeFooter,
  encodeHeader,
  encodeMessageAnnotations,
  encodeProperties,
  encodeSequence,
  encodeValueSection,
  findSections,
} from './index.js';

const HEADER = `00 53 70 ${listOf('41')}`;
const DELIVERY = `00 53 71 ${mapOf("a3 01 'd'", '43')}`;
const MESSAGE = `00 53 72 ${mapOf("a3 01 'm'", '43')}`;
const PROPERTIES = `00 53 73 ${listOf('53 07')}`;
const APPLICATION = `00 53 74 ${mapOf("a1 01 'a'", '54 05')}`;
const DATA = "00 53 75 a0 02 'hi'";
const SEQUENCE = `00 53 76 ${listOf('43')}`;
const VALUE = "00 53 77 a1 02 'hi'";
const FOOTER = `00 53 78 ${mapOf("a3 01 'f'", '43')}`;

const sectionsOf = (...hex: string[]) => findSections(bytesOf(hex.join(' ')));

describe('the sections of a message', () => {
  it('are found, all of them', () => {
    const all = [HEADER, DELIVERY, MESSAGE, PROPERTIES, APPLICATION, DATA, FOOTER];
    const sections = sectionsOf(...all);
    const found = [
      sections.header,
      sections.deliveryAnnotations,
      sections.messageAnnotations,
      sections.properties,
      sections.applicationProperties,
      sections.body,
      sections.footer,
    ];
    expect(found.map((section) => sections.message.subarray(section?.start, section?.end))).toEqual(
      all.map(bytesOf),
    );
    expect(sections.bodyKind).toBe('data');
    expect(bareMessage(sections)).toEqual(bytesOf(PROPERTIES + APPLICATION + DATA));
    expect(decodeHeader(sections)).toMatchObject({ durable: true, priority: 4, deliveryCount: 0 });
    expect(decodeDeliveryAnnotations(sections)).toEqual(new Map([['d', amqpUint(0)]]));
    expect(decodeMessageAnnotations(sections)).toEqual(new Map([['m', amqpUint(0)]]));
    expect(decodeProperties(sections)).toEqual({
      type: 'properties',
      messageId: { type: 'ulong', value: 7n },
    });
    expect(decodeApplicationProperties(sections)).toEqual(new Map([['a', { type: 'int', value: 5 }]]));
    expect(decodeBody(sections)).toEqual({ kind: 'data', parts: [Buffer.from('hi')] });
    expect(decodeFooter(sections)).toEqual(new Map([['f', amqpUint(0)]]));
  });

  it('may be only a body, or not even that', () => {
    const sections = sectionsOf(VALUE);
    expect(bareMessage(sections)).toEqual(bytesOf(VALUE));
    expect(decodeHeader(sections)).toBeUndefined();
    expect(decodeProperties(sections)).toBeUndefined();
    expect(decodeApplicationProperties(sections)).toBeUndefined();
    expect(decodeMessageAnnotations(sections)).toBeUndefined();
    expect(decodeBody(sections)).toEqual({ kind: 'value', value: amqpString('hi') });
    for (const hex of ['', HEADER, FOOTER]) {
      const bodiless = sectionsOf(hex);
      expect(bodiless.bodyKind).toBe('none');
      expect(decodeBody(bodiless)).toEqual({ kind: 'none' });
      expect(bareMessage(bodiless)).toHaveLength(0);
    }
  });

  it('may be known by their symbols', () => {
    const sections = sectionsOf("00 a3 10 'amqp:header:list' 45", "00 a3 10 'amqp:data:binary' a0 01 'x'");
    expect(decodeHeader(sections)).toMatchObject({ type: 'header', durable: false });
    expect(decodeBody(sections)).toEqual({ kind: 'data', parts: [Buffer.from('x')] });
  });

  it('of a body may be many where it is data or sequences', () => {
    expect(decodeBody(sectionsOf(DATA, DATA, "00 53 75 b0 00000001 '!'", FOOTER))).toEqual({
      kind: 'data',
      parts: [Buffer.from('hi'), Buffer.from('hi'), Buffer.from('!')],
    });
    expect(decodeBody(sectionsOf(HEADER, SEQUENCE, '00 53 76 45'))).toEqual({
      kind: 'sequence',
      lists: [[amqpUint(0)], []],
    });
  });

  it('hold views', () => {
    const sections = sectionsOf(HEADER, DATA);
    const body = decodeBody(sections);
    expect(body.kind === 'data' && body.parts[0]!.buffer).toBe(sections.message.buffer);
    expect(bareMessage(sections).buffer).toBe(sections.message.buffer);
  });

  it('are found without a look at what they hold', () => {
    // A body that no decoder would take, of a sender who will be told by who receives it.
    const bare = '00 53 73 c0 03 01 ff ff 00 53 77 c0 03 09 ff ff';
    const sections = sectionsOf(HEADER, bare);
    expect(bareMessage(sections)).toEqual(bytesOf(bare));
    expect(refusal(() => decodeProperties(sections))).toBe('message: amqp:decode-error: AMQP 1.6');
    expect(refusal(() => decodeBody(sections))).toBe('message: amqp:decode-error: AMQP 1.6.22');
  });

  it.each([
    ['no section', '40', 'AMQP 1.3'],
    ['an unknown section', '00 53 79 45', 'AMQP 3.2'],
    ['an unknown symbol', "00 a3 03 'x:y' 45", 'AMQP 3.2'],
    ['a descriptor of another type', "00 a1 03 'x:y' 45", 'AMQP 1.2'],
    ['two headers', `${HEADER} ${HEADER}`, 'AMQP 3.2'],
    ['annotations before the header', `${MESSAGE} ${HEADER}`, 'AMQP 3.2'],
    ['a header behind the body', `${DATA} ${HEADER}`, 'AMQP 3.2'],
    ['properties behind application properties', `${APPLICATION} ${PROPERTIES}`, 'AMQP 3.2'],
    ['a body behind the footer', `${DATA} ${FOOTER} ${DATA}`, 'AMQP 3.2'],
    ['two values', `${VALUE} ${VALUE}`, 'AMQP 3.2'],
    ['data and a value', `${DATA} ${VALUE}`, 'AMQP 3.2'],
    ['a sequence and data', `${SEQUENCE} ${DATA}`, 'AMQP 3.2'],
    ['data that is a string', "00 53 75 a1 02 'hi'", 'AMQP 1.3'],
    ['data that is described', "00 53 75 00 43 a0 02 'hi'", 'AMQP 1.3'],
    ['a header that is a map', '00 53 70 c1 01 00', 'AMQP 1.3'],
    ['annotations that are null', '00 53 72 40', 'AMQP 1.3'],
    ['a section cut off', "00 53 75 a0 03 'hi'", 'AMQP 1.2'],
    ['a descriptor without a value', '00 53 75', 'AMQP 1.2'],
    ['a length of 4 GB', '00 53 75 b0 ffffffff', 'AMQP 1.2'],
    ['a value of nothing but descriptors', `00 53 77 ${'00 43 '.repeat(5_000)}`, 'AMQP 1.2'],
  ])('are refused: %s', (_, hex, clause) => {
    expect(refusal(() => sectionsOf(hex))).toMatch(
      new RegExp(`^message: amqp:(decode-error|resource-limit-exceeded): ${clause}$`),
    );
  });

  it.each([
    ['a list as value', `00 53 74 ${mapOf("a1 01 'a'", '45')}`, 'decode-error: AMQP 1.3'],
    ['a symbol as name', `00 53 74 ${mapOf("a3 01 'a'", '43')}`, 'decode-error: AMQP 1.3'],
    ['an array as value', `00 53 74 ${mapOf("a1 01 'a'", 'e0 02 00 43')}`, 'decode-error: AMQP 1.3'],
    ['a described value', `00 53 74 ${mapOf("a1 01 'a'", '00 43 43')}`, 'decode-error: AMQP 1.3'],
    ['equal names', `00 53 74 ${mapOf("a1 01 'a'", '43', "a1 01 'a'", '44')}`, 'decode-error: AMQP 1.6.23'],
  ])('are refused when they are decoded: %s', (_, hex, expected) => {
    expect(refusal(() => decodeApplicationProperties(sectionsOf(hex)))).toBe(`message: amqp:${expected}`);
  });

  it('refuse strings among the keys of annotations, and message ids of other types', () => {
    const annotated = sectionsOf(`00 53 72 ${mapOf("a1 01 'm'", '43')}`);
    expect(refusal(() => decodeMessageAnnotations(annotated))).toBe('message: amqp:decode-error: AMQP 1.3');
    const named = sectionsOf(`00 53 73 ${listOf('52 07')}`);
    expect(refusal(() => decodeProperties(named))).toBe('message: amqp:decode-error: AMQP 3.2.4');
  });
});

describe('an encoded message', () => {
  const annotations: fc.Arbitrary<AmqpAnnotations> = fc
    .uniqueArray(
      fc.tuple(
        fc.oneof(fc.stringMatching(/^x-opt-[a-z]{0,8}$/), fc.bigInt({ min: 0n, max: 300n })),
        valueArbitrary,
      ),
      { maxLength: 3, selector: ([key]) => key },
    )
    .map((entries) => new Map(entries));
  const properties = fc
    .uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), scalarArbitrary), { selector: ([key]) => key })
    .map((entries) => new Map<string, AmqpScalar>(entries));

  it('is read as it was written, every section', () => {
    const parts = [annotations, annotations, annotations, properties, valueArbitrary] as const;
    fc.assert(
      fc.property(
        ...parts,
        compositeArbitrary('header'),
        compositeArbitrary('properties'),
        (delivery, message, footer, application, value, header, bare) => {
          const bytes = [
            encodeHeader(header),
            encodeDeliveryAnnotations(delivery),
            encodeMessageAnnotations(message),
            encodeProperties(bare),
            encodeApplicationProperties(application),
            encodeValueSection(value),
            encodeFooter(footer),
          ];
          const sections = findSections(Buffer.concat(bytes));
          expect(decodeHeader(sections)).toEqual(header);
          expect(decodeDeliveryAnnotations(sections)).toEqual(delivery);
          expect(decodeMessageAnnotations(sections)).toEqual(message);
          expect(decodeProperties(sections)).toEqual(bare);
          expect(decodeApplicationProperties(sections)).toEqual(application);
          expect(decodeBody(sections)).toEqual({ kind: 'value', value });
          expect(decodeFooter(sections)).toEqual(footer);
          expect(bareMessage(sections).equals(Buffer.concat(bytes.slice(3, 6)))).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('may have data of any length, and sequences', () => {
    for (const bytes of [0, 255, 256, 70_000]) {
      const data = Buffer.alloc(bytes, 'x');
      const body = decodeBody(findSections(Buffer.concat([encodeDataHead(bytes), data])));
      expect(body.kind === 'data' && body.parts[0]!.equals(data)).toBe(true);
    }
    const list = [amqpSymbol('s'), amqpString('t')];
    expect(decodeBody(findSections(encodeSequence(list)))).toEqual({ kind: 'sequence', lists: [list] });
  });

  it('may tell a coordinator what to do', () => {
    const discharge = { type: 'discharge', txnId: Buffer.from('t1'), fail: true } as const;
    const body = decodeBody(findSections(encodeValueSection(describedComposite(discharge))));
    if (body.kind !== 'value' || body.value.type !== 'described') throw new Error('no described value');
    expect(decodeComposite(body.value)).toEqual(discharge);
  });
});
