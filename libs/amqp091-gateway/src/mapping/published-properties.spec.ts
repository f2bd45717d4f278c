import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import {
  Amqp091Error,
  decodeBasicProperties,
  decodeFieldTable,
  encodeBasicProperties,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  textField,
} from '#libs/amqp091-codec';
import { afterDelay, decodePublished } from './published-properties.js';

function withHeaders(headers: FieldTable) {
  return decodePublished(encodeBasicProperties({ messageId: 'm', headers: encodeFieldTable(headers) }));
}

function headersIn(raw: Buffer): FieldTable {
  const { headers } = decodeBasicProperties(raw);
  return headers === undefined ? [] : decodeFieldTable(headers);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Amqp091Error) return `${error.level} ${error.replyText}`;
    throw error;
  }
  return 'nothing was refused';
}

const list = (...routes: FieldValue[]): FieldValue => ({ tag: 'A', value: routes });

describe('the properties of a message that is published', () => {
  it.each<[string, number | string]>([
    ['0', 0],
    ['60000', 60_000],
    ['+5', 5],
    ['4294967295', 4_294_967_295],
    ['4294967296', '{value_too_big,4294967296}'],
    ['-1', '{value_negative,-1}'],
    ['', 'no_integer'],
    ['soon', 'no_integer'],
    ['5s', '{leftover_string,"s"}'],
  ])('have the expiration %j, or are refused for it', (expiration, expected) => {
    const decode = () => decodePublished(encodeBasicProperties({ expiration }));
    if (typeof expected === 'number') expect(decode().expirationMs).toBe(expected);
    else {
      expect(refusal(decode)).toBe(
        `channel PRECONDITION_FAILED - invalid expiration '${expiration}': ${expected}`,
      );
    }
  });

  it('have routing keys in CC and BCC, and nobody learns of BCC', () => {
    const headers: FieldTable = [
      ['CC', list(textField('a'), { tag: 'I', value: 1 }, textField('b'))],
      ['BCC', list(textField('c'))],
      ['kept', { tag: 'V' }],
    ];
    const decoded = withHeaders(headers);
    expect(decoded.routes).toEqual(['a', 'b', 'c']);
    expect(headersIn(decoded.raw)).toEqual([headers[0], headers[2]]);
    expect(decodeBasicProperties(decoded.raw).messageId).toBe('m');
    expect(decoded.headers).toEqual([headers[0], headers[2]]);
    const alone = withHeaders([['BCC', list()]]);
    expect(alone.raw).toEqual(encodeBasicProperties({ messageId: 'm' }));
    expect(refusal(() => withHeaders([['CC', textField('a')]]))).toBe(
      'channel PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}',
    );
  });

  it('are what came where there is nothing to take out', () => {
    const raw = encodeBasicProperties({ headers: encodeFieldTable([['CC', list()]]) });
    expect(decodePublished(raw).raw).toBe(raw);
  });

  it.each<[FieldValue, number | undefined, FieldValue]>([
    [{ tag: 'I', value: 500 }, 500, { tag: 'I', value: -500 }],
    [{ tag: 'l', value: 500n }, 500, { tag: 'l', value: -500n }],
    [{ tag: 'u', value: 500 }, 500, { tag: 'l', value: -500n }],
    [{ tag: 'd', value: 1.5 }, 1, { tag: 'd', value: -1.5 }],
    [{ tag: 'I', value: -500 }, undefined, { tag: 'I', value: -500 }],
    [{ tag: 'I', value: 0 }, undefined, { tag: 'I', value: 0 }],
    [{ tag: 'l', value: 2n ** 63n - 1n }, undefined, { tag: 'l', value: 2n ** 63n - 1n }],
    [{ tag: 'd', value: Number.NaN }, undefined, { tag: 'd', value: Number.NaN }],
    [textField('500'), undefined, textField('500')],
  ])('have a delay that is negative afterwards, of any numeric type (%#)', (value, delayMs, after) => {
    const decoded = withHeaders([['x-delay', value]]);
    expect(decoded.delayMs).toBe(delayMs);
    const delayed = afterDelay(decoded);
    expect(headersIn(delayed.raw)).toEqual([['x-delay', after]]);
    expect(delayed.delayMs).toBeUndefined();
  });

  it('close the connection where they are malformed', () => {
    const bad = encodeBasicProperties({ headers: Buffer.from([1, 0x61, 0x7a]) });
    expect(refusal(() => decodePublished(bad))).toMatch(/^connection SYNTAX_ERROR/);
  });
});
