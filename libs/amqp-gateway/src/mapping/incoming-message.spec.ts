import { cursorOf, newBuilder, storedBatch } from '#libs/pulsar';
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AmqpValue,
  bareMessage,
  encodeApplicationProperties,
  encodeMessageAnnotations,
  findSections,
} from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import { data, decode, nowMs, properties } from '../testing/mapping-bed.js';
import {
  body,
  named,
  names,
  optional,
  propertiesSection,
  scalar,
  symbol,
  value,
} from '../testing/message-arbitraries.js';
import { appendMessage, linkFields } from './message.mapping.js';
import { type AmqpMessage, deliveryParts, messageFromPulsar } from './stored-message.mapping.js';

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

describe('any bytes', () => {
  it('are a message, or refused with a condition of AMQP', () => {
    const whole = fc
      .tuple(
        optional(propertiesSection),
        optional(named(names, scalar)),
        optional(named(symbol, value)),
        body,
      )
      .map(([ofMessage, application, said, content]) =>
        Buffer.concat([
          ...(said ? [encodeMessageAnnotations(said)] : []),
          ...(ofMessage ? [ofMessage] : []),
          ...(application ? [encodeApplicationProperties(application)] : []),
          content,
        ]),
      );
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(whole, damage, (message, changes) => {
        for (const [at, byte] of changes) if (message.length > 0) message[at % message.length] = byte;
        const builder = newBuilder();
        try {
          appendMessage(builder, decode(message), linkFields('c'));
        } catch (error) {
          expect(error).toBeInstanceOf(AmqpError);
          return;
        }
        const cursor = cursorOf(storedBatch(builder.finish('none')));
        cursor.next();
        const parts = deliveryParts(messageFromPulsar(cursor) as AmqpMessage, { redeliveries: 0, nowMs });
        const bare = bareMessage(findSections(message));
        expect(bareMessage(findSections(Buffer.concat(parts))).equals(bare)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
