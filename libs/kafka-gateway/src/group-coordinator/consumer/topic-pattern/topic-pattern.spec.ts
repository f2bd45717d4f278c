import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PatternFault } from './pattern-syntax.js';
import { TopicPattern } from './topic-pattern.js';

const names = [
  '',
  'a',
  'A',
  'ab',
  'abc',
  'orders',
  'orders-eu',
  'orders.eu',
  'Orders_1',
  'a{2',
  '2024',
  'x-',
  'aaaa',
];

/** Patterns that JavaScript reads as RE2 does. */
const patterns = [
  'orders.*',
  '^orders$',
  '(orders|abc)',
  'a+',
  'a*b?c?',
  '[a-z]+',
  '[^a-z]*',
  '[-a]+',
  '[a\\-]+',
  '\\d{4}',
  '\\w+-?',
  '(?:a|ab)(?:c|)',
  'a{2,}',
  'a{2,4}',
  'a{2',
  '.{1,3}',
  'orders[.-]eu',
  '',
  'a|',
  '(a|b)*c?',
  '\\.|x-',
  '[\\w-]+',
  '[]a]+',
  'a??b',
  '\\x61+',
  '^a|c$',
  '(?<name>a)b',
  '[\\D]+',
  '\\S+',
  '\\W*',
];

describe('a pattern of topics', () => {
  it.each(patterns)('%s matches whole names as a backtracking engine would', (text) => {
    const pattern = new TopicPattern(text);
    // JavaScript takes []a] for an empty class followed by a]: RE2 and Java take ] at the start for itself.
    const oracle = new RegExp(`^(?:${text === '[]a]+' ? '[\\]a]+' : text})$`);
    for (const name of names) expect(`${name} ${pattern.matches(name)}`).toBe(`${name} ${oracle.test(name)}`);
  });

  it.each([
    ['(?i)ORDERS', 'orders', true],
    ['(?i:o)rders', 'Orders', true],
    ['(?i:o)rders', 'ORDERS', false],
    ['((?i)o)rders', 'Orders', true],
    ['((?i)o)rders', 'ORDERS', false],
    ['\\Qa.b\\E+', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['[[:alpha:]_]+', 'Orders_', true],
    ['(?P<all>.*)', 'anything', true],
    ['\\Aorders\\z', 'orders', true],
  ])('%s is what RE2 says for %s', (text, name, wanted) => {
    expect(new TopicPattern(text).matches(name)).toBe(wanted);
  });

  it.each([
    '(',
    ')',
    'a)',
    '[a',
    '*',
    'a**',
    'a*+',
    'a++',
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    '(?>a)',
    '(a)\\1',
    '\\',
    'a{3,2}',
    'a{1001}',
    '[z-a]',
    '\\pL',
    '^*',
    '((a{100}){100}){100}',
    '(?-',
    'a'.repeat(1_025),
    '('.repeat(500) + ')'.repeat(500),
  ])('%s is refused', (text) => {
    expect(() => new TopicPattern(text)).toThrow(PatternFault);
  });

  it('takes linear time where a backtracking engine takes exponential time', () => {
    const name = `${'a'.repeat(248)}!`;
    for (const text of ['(a+)+', '(a*)*b', '(a|a)*b', '(a|aa)+', '(?:a?){60}a{60}', '(.*)(.*)(.*)(.*)b']) {
      expect(new TopicPattern(text).matches(name)).toBe(false);
    }
  });

  it('agrees with a backtracking engine on whatever is made of letters, choices and repetitions', () => {
    const { node } = fc.letrec<{ node: string; atom: string }>((tie) => ({
      atom: fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', 'ab'),
      node: fc.oneof(
        { maxDepth: 4 },
        tie('atom'),
        fc.tuple(tie('node'), tie('node')).map(([one, other]) => `(?:${one}|${other})`),
        fc.tuple(tie('node'), tie('node')).map(([one, other]) => one + other),
        fc
          .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{0,2}', '{2}'))
          .map(([one, times]) => `(?:${one})${times}`),
      ),
    }));
    const name = fc
      .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 })
      .map((letters) => letters.join(''));
    fc.assert(
      fc.property(node, fc.array(name, { maxLength: 10 }), (text, some) => {
        const pattern = new TopicPattern(text);
        const oracle = new RegExp(`^(?:${text})$`);
        for (const each of some) expect(pattern.matches(each)).toBe(oracle.test(each));
      }),
    );
  });
});
