import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { type AmqpValue, encodeMessageAnnotations } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import { data, decode, properties } from '../testing/mapping-bed.js';

function refusal(...parts: readonly Buffer[]): string {
  try {
    decode(...parts);
    return 'taken';
  } catch (error) {
    return error instanceof AmqpError ? `${error.condition} ${error.scope}` : String(error);
  }
}

describe('what is refused', () => {
  const payload = data(Buffer.from('v'));
  const said = (name: string, of: AmqpValue) => encodeMessageAnnotations(new Map([[name, of]]));

  const cases: [string, Buffer[], string][] = [
    ['bytes that are no sections', [Buffer.from('no')], 'amqp:decode-error link'],
    ['a section that ends too early', [payload.subarray(0, -1)], 'amqp:decode-error link'],
    [
      'a property that is a list',
      [Buffer.from('005374c10a02a1016bd0000000040000', 'hex'), payload],
      'amqp:decode-error link',
    ],
    ['another user', [properties({ userId: Buffer.from('eve') }), payload], 'amqp:unauthorized-access link'],
    [
      'a key that is a list',
      [said('x-opt-partition-key', { type: 'list', value: [] }), payload],
      'amqp:invalid-field link',
    ],
    [
      'a delay that is a text',
      [said('x-opt-delivery-delay', { type: 'string', value: '5' }), payload],
      'amqp:invalid-field link',
    ],
    [
      'a delay below zero',
      [said('x-opt-delivery-delay', { type: 'long', value: -1n }), payload],
      'amqp:invalid-field link',
    ],
    [
      'a time beyond all calendars',
      [said('x-opt-delivery-time', { type: 'long', value: 2n ** 60n }), payload],
      'amqp:invalid-field link',
    ],
    [
      'nothing: the names of the user that authentication knows',
      [properties({ userId: Buffer.from('ada@acme') }), payload],
      'taken',
    ],
    ['nothing: in several parts', [payload.subarray(0, 3), payload.subarray(3)], 'taken'],
  ];

  it.each(cases)('%s', (_name, parts, outcome) => {
    expect(refusal(...parts)).toBe(outcome);
  });
});
