import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { escapePattern, PermissionPattern, permissionPatternFault } from './permission-pattern.js';

const atoms = fc.constantFrom(
  'a',
  'b',
  '.',
  '-',
  '\\.',
  '\\d',
  '\\W',
  '\\s',
  '[ab]',
  '[^a-c]',
  '[\\d_-]',
  '^',
  '$',
  '(?=a)',
  '(?!ab|b)',
);
const repeats = fc.constantFrom('', '', '', '*', '+', '?', '*?', '{2}', '{0,2}', '{1,}');
const patterns = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    atoms,
    fc
      .tuple(
        fc.oneof(
          atoms,
          tie('pattern').map((inner) => `(${inner})`),
        ),
        repeats,
      )
      .map(repeated),
    fc.tuple(tie('pattern'), tie('pattern')).map(([first, second]) => first + second),
    fc.tuple(tie('pattern'), tie('pattern')).map(([first, second]) => `(?:${first}|${second})`),
  ),
})).pattern;

/** JavaScript repeats no assertion. */
function repeated([atom, repeat]: [string, string]): string {
  return /^(?:\^|\$|\(\?[=!].*)$/.test(atom) ? `(?:${atom})${repeat}` : atom + repeat;
}

describe('a permission pattern', () => {
  it('finds what a regular expression of JavaScript finds', () => {
    const names = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', '-', '_', ' '), maxLength: 8 });
    fc.assert(
      fc.property(patterns, fc.array(names, { minLength: 5, maxLength: 20 }), (text, each) => {
        const pattern = new PermissionPattern(text);
        const oracle = new RegExp(text, 'u');
        for (const name of each)
          expect([text, name, pattern.matches(name)]).toEqual([text, name, oracle.test(name)]);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['', '', true],
    ['', 'q', false],
    ['.*', '', true],
    ['.*', 'amq.gen-1', true],
    ['^(orders|payments)\\..*$', 'orders.new', true],
    ['^(orders|payments)\\..*$', 'old.orders.new', false],
    ['^(?!amq\\.)', 'amq.gen-1', false],
    ['^(?!amq\\.)', 'mine', true],
    ['^amq\\.gen.*|^mine$', 'amq.gen-1', true],
    ['(?i)^Orders', 'oRDERS', true],
    ['[[:alpha:]]+-[[:digit:]]', 'x-1', true],
    ['^a\\z', 'a\n', false],
    ['^ü.$', 'ü😀', true],
    ['x{2,3}$', 'xx', true],
    ['^x{2,3}$', 'xxxx', false],
  ])('%j finds in %j: %j', (text, name, expected) => {
    expect(new PermissionPattern(text).matches(name)).toBe(expected);
  });

  it.each([
    ['(', 'a "(" without its ")"'],
    [')', 'a ")" without its "("'],
    ['*a', 'nothing to repeat'],
    ['a**', 'nothing to repeat'],
    ['a*+', 'possessive repeats are not supported'],
    ['[a', 'it ends too early'],
    ['[b-a]', 'a range out of order'],
    ['a\\', 'it ends too early'],
    ['(a)\\1', '"\\1" is not supported'],
    ['(?<=a)b', 'groups of the kind "(?<" are not supported'],
    ['(?>a)', 'groups of the kind "(?>" are not supported'],
    ['a{5000}', 'a repeat is of 0 to 1000'],
    ['((a{500}){500}){500}', 'it is too large'],
    ['('.repeat(100), 'over 50 groups inside of each other'],
    ['a'.repeat(2_000), 'over 1024 characters'],
    ['[[:odd:]]', 'no class [:odd:]'],
  ])('%.20s is none', (text, fault) => {
    expect(permissionPatternFault(text)).toBe(fault);
  });

  it.each(['^(a+)+$', '^(a|a)*$', '^(a?){100}a{100}$', '(.*)*x', '(?=(a+)+b)a', '^([a-z]+)*!'])(
    'takes no longer for %s than for others',
    (text) => {
      const pattern = new PermissionPattern(text);
      const before = performance.now();
      for (let times = 0; times < 2; times++) expect(pattern.matches(`${'a'.repeat(254)}~`)).toBe(false);
      expect(performance.now() - before).toBeLessThan(2_000);
    },
  );

  it('takes what is escaped for itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const pattern = new PermissionPattern(`^${escapePattern(text)}$`);
        expect(pattern.matches(text)).toBe(true);
        expect(pattern.matches(`${text}x`)).toBe(false);
      }),
    );
  });
});
