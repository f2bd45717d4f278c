import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf, refusalOf } from './testing/frame-hex.js';
import { propertiesArbitrary } from './testing/method-arbitraries.js';
import { type BasicProperties, decodeBasicProperties, encodeBasicProperties } from './index.js';

describe('basic properties', () => {
  it('are read as amqplib 2.3.1 writes them', () => {
    const hex =
      'fffc026374026365000000040161620102030263690272740165026d6900000000499602d201740175016102636c';
    const expected = {
      ...{ contentType: 'ct', contentEncoding: 'ce', headers: bytesOf("01 'a' 'b' 01"), deliveryMode: 2 },
      ...{ priority: 3, correlationId: 'ci', replyTo: 'rt', expiration: 'e', messageId: 'mi' },
      ...{ timestamp: 1_234_567_890n, type: 't', userId: 'u', appId: 'a', clusterId: 'cl' },
    };
    expect(decodeBasicProperties(bytesOf(hex))).toEqual(expected);
    expect(encodeBasicProperties(expected).toString('hex')).toBe(hex);
  });

  it.each<[string, string, BasicProperties]>([
    ['none', '0000', {}],
    ['a delivery mode', '1000 02', { deliveryMode: 2 }],
    ['an empty string', '8000 00', { contentType: '' }],
    ['text that is not ASCII', "8000 02 'é'", { contentType: 'é' }],
    ['a correlation id of bytes', '0400 02 c0ff', { correlationId: Buffer.from([0xc0, 0xff]) }],
    ['a correlation id with NUL', '0400 02 6100', { correlationId: 'a\0' }],
    ['the highest timestamp', '0040 ffffffffffffffff', { timestamp: 18_446_744_073_709_551_615n }],
  ])('are %s', (_, hex, expected) => {
    expect(decodeBasicProperties(bytesOf(hex))).toEqual(expected);
    expect(encodeBasicProperties(expected)).toEqual(bytesOf(hex));
  });

  it('may have words of flags without any', () => {
    expect(decodeBasicProperties(bytesOf('1001 0000 02'))).toEqual({ deliveryMode: 2 });
    expect(decodeBasicProperties(bytesOf('1001 0001 0000 02'))).toEqual({ deliveryMode: 2 });
  });

  it('read what they write', () => {
    fc.assert(
      fc.property(propertiesArbitrary, (properties) => {
        expect(decodeBasicProperties(encodeBasicProperties(properties))).toEqual(properties);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, string]>([
    ['no flags', '00'],
    ['a fifteenth property', '0002 00'],
    ['a sixteenth property', '0001 8000 00'],
    ['a property of a later word', '0001 0002 00'],
    ['words of flags without end', '0001 0001 0001 0001 0000'],
    ['bytes behind the last', '1000 02 00'],
    ['a value that is missing', '1000'],
    ['a string that is too long', "8000 05 'ab'"],
    ['a table that is too long', '2000 ffffffff'],
  ])('are refused with %s', (_, hex) => {
    expect(refusalOf(() => decodeBasicProperties(bytesOf(hex)))).toBe('502 connection: 0.0');
  });

  it.each<[string, BasicProperties, string]>([
    ['a string of 256 bytes', { appId: 'x'.repeat(256) }, 'too-large'],
    ['a lone surrogate', { appId: '\udc00' }, 'invalid-string'],
    ['a priority of 256', { priority: 256 }, 'invalid-value'],
    ['a timestamp of 2^64', { timestamp: 2n ** 64n }, 'invalid-value'],
  ])('are not written with %s', (_, properties, code) => {
    expect(() => encodeBasicProperties(properties)).toThrow(expect.objectContaining({ code }));
  });
});
