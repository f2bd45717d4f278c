import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evaluated, partsOf, typed } from '../testing/selector-sample.js';
import { SelectorError } from './selector-error.js';
import { SelectorMessage } from './selector-message.js';
import { parseSelector } from './selector-parser.js';

function refusal(selector: string): string {
  try {
    parseSelector(selector);
  } catch (error) {
    expect(error).toBeInstanceOf(SelectorError);
    return (error as Error).message;
  }
  throw new Error(`${selector} was taken`);
}

describe('texts that are no selectors', () => {
  it.each([
    ['', 'expected a property, a value or "(" at character 1'],
    ['n =', 'expected a property, a value or "(" at character 4'],
    ['n = 5 5', 'expected the end, AND or OR at character 7'],
    ['n == 5', 'expected a property, a value or "(" at character 4'],
    ['n = 5 AND', 'expected a property, a value or "(" at character 10'],
    ['(n = 5', 'expected ")" at character 7'],
    ['n NOT = 5', 'expected BETWEEN, IN or LIKE at character 7'],
    ['n IS 5', 'expected NULL at character 6'],
    ['s LIKE 5', 'expected a text at character 8'],
    ["s LIKE 'a' ESCAPE 'ab'", 'ESCAPE is followed by one character at character 12'],
    ["s LIKE 'a!' ESCAPE '!'", 'the pattern ends with its escape character at character 13'],
    ['s IN ()', 'expected a text at character 7'],
    ["s IN ('a'", 'expected ")" at character 10'],
    ["'a' IN ('a')", 'expected a property at character 1'],
    ['5 IS NULL', 'expected a property at character 1'],
    ["'abc", 'unexpected character at character 1'],
    ['n ; 5', 'unexpected character at character 3'],
    ['5', 'a number is no condition at character 1'],
    ["'a'", 'a string is no condition at character 1'],
    ['n + 1', 'a number is no condition at character 1'],
    ["NOT 'a'", 'a string is no condition at character 1'],
    ['n = 5 OR 6', 'a number is no condition at character 10'],
    ["n > 'a'", 'only numbers have an order at character 3'],
    ['n > TRUE', 'only numbers have an order at character 3'],
    ["s BETWEEN 'a' AND 'b'", 'only numbers have an order at character 11'],
    ["1 + 'a' = 2", 'what is calculated with is a number at character 5'],
    ['1 + TRUE = 2', 'what is calculated with is a number at character 5'],
    ['1 + (n = 2) = 2', 'what is calculated with is a number at character 5'],
    ['9223372036854775808 = n', 'a number is larger than 64 bits hold at character 1'],
    ['n = 99999999999999999999', 'a number is larger than 64 bits hold at character 5'],
    ['n = 08', 'an octal number has digits from 0 to 7 at character 5'],
    ['1a = 2', 'unexpected character at character 1'],
    ['JMSReplyTo IS NULL', 'a selector does not name JMSReplyTo at character 1'],
    [`${'('.repeat(65)}TRUE${')'.repeat(65)}`, 'nested deeper than 64 at character 66'],
    [`${'NOT '.repeat(65)}TRUE`, 'nested deeper than 64 at character 261'],
    ['x'.repeat(4_097), 'more than 4096 characters, the first too many at character 4097'],
  ])('%s', (selector, message) => {
    expect(refusal(selector)).toBe(message);
  });

  it('the largest numbers are taken', () => {
    expect(evaluated('-9223372036854775808 < 9223372036854775807')).toBe(true);
    expect(evaluated(`${'('.repeat(60)}TRUE${')'.repeat(60)}`)).toBe(true);
    expect(evaluated(Array.from({ length: 400 }, () => 'TRUE').join(' AND '))).toBe(true);
    expect(evaluated(`0 ${'+ 1 '.repeat(900)} = 900`)).toBe(true);
  });

  it('are refused by that error and no other, and what is taken gives a value', () => {
    const part = fc.constantFrom(
      ...[
        'AND',
        'OR',
        'NOT',
        'BETWEEN',
        'IN',
        'LIKE',
        'ESCAPE',
        'IS',
        'NULL',
        'TRUE',
        'n',
        's',
        'missing',
        '5',
        '2.5',
      ],
      ...[
        "'a'",
        "'%'",
        '"n"',
        '=',
        '<>',
        '<',
        '>=',
        '+',
        '-',
        '*',
        '/',
        '(',
        ')',
        ',',
        'JMSType',
        '0x1',
        '1e400',
        "'",
      ],
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 14 }).map((parts) => parts.join(' ')),
    );
    const message = new SelectorMessage(partsOf(typed));
    let taken = 0;
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect([true, false, undefined, 'abc']).toContain(
            looselyBoolean(parseSelector(text).evaluate(message)),
          );
          taken++;
        } catch (error) {
          if (!(error instanceof SelectorError)) throw error;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(5);
  });
});

/** A property alone is taken for a condition and gives what it is. */
function looselyBoolean(value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'number' ? undefined : value;
}
