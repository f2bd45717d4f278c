import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { filterCovers, filterHead, filterMatches, filtersOverlap, mqttFilterFault } from './mqtt-filter.js';

const levels = (filter: string) => filter.split('/');

describe('filterMatches', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/', false],
    ['a/b', 'a', false],
    ['a/+', 'a/', true],
    ['a/+', 'a', false],
    ['+/+', '/a', true],
    ['+', '/a', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+/c', 'a/b/d', false],
    ['#', 'a/b', true],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
    ['a//b', 'a//b', true],
    ['a/+/b', 'a//b', true],
  ])('%s and %s: %s', (filter, topic, expected) => {
    expect(filterMatches(levels(filter), topic)).toBe(expected);
  });
});

const level = fc.constantFrom('a', 'b', '', '$x');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
  .filter(([parts, hash]) => parts.length > 0 || hash)
  .map(([parts, hash]) => (hash ? [...parts, '#'] : parts).join('/'));

// All topic names that the filters above can tell apart: up to one level more than a filter has.
const names = ['a', 'b', '', '$x', 'c'];
const everyTopic: string[] = [];
const grow = (start: string, left: number) => {
  for (const name of names) {
    const grown = start === '\n' ? name : `${start}/${name}`;
    everyTopic.push(grown);
    if (left > 1) grow(grown, left - 1);
  }
};
grow('\n', 4);
const topicsOf = (text: string) => everyTopic.filter((each) => filterMatches(levels(text), each));

describe('filters compared', () => {
  it('match what the definition says, level by level', () => {
    const byDefinition = (wanted: readonly string[], given: readonly string[]): boolean => {
      const [first, ...rest] = wanted;
      if (first === '#') return true;
      if (first === undefined || given.length === 0) return wanted.length === given.length;
      return (first === '+' || first === given[0]) && byDefinition(rest, given.slice(1));
    };
    fc.assert(
      fc.property(filter, topic, (wanted, given) => {
        const hidden = /^[+#]/.test(wanted) && given.startsWith('$');
        expect(filterMatches(levels(wanted), given)).toBe(
          !hidden && byDefinition(levels(wanted), levels(given)),
        );
      }),
    );
  });

  it('overlap exactly where there is a topic that both say', () => {
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const shared = topicsOf(one).filter((each) => filterMatches(levels(other), each));
        expect(filtersOverlap(levels(one), levels(other))).toBe(shared.length > 0);
        expect(filtersOverlap(levels(other), levels(one))).toBe(shared.length > 0);
      }),
      { numRuns: 300 },
    );
  });

  it('never cover what has a topic of its own, and cover themselves', () => {
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        if (!filterCovers(levels(one), levels(other))) return;
        for (const each of topicsOf(other)) expect(filterMatches(levels(one), each)).toBe(true);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(filter, (each) => {
        expect(filterCovers(levels(each), levels(each))).toBe(true);
        expect(filterCovers(['#'], levels(each))).toBe(!each.startsWith('$'));
      }),
    );
  });

  it('have a head that each of their topics begins with', () => {
    fc.assert(
      fc.property(filter, (each) => {
        for (const name of topicsOf(each)) expect(name.startsWith(filterHead(each))).toBe(true);
      }),
    );
    expect(filterHead('a/#')).toBe('a');
    expect(filterHead('a/+/b')).toBe('a/');
  });
});

describe('mqttFilterFault', () => {
  it.each(['#', '+', '/', 'a/+/b/#', '$SYS/#', 'a b', ' '])('takes %j', (text) => {
    expect(mqttFilterFault(text)).toBeUndefined();
  });

  it.each(['', 'a/#/b', 'a#', 'a+/b', '+a', '$share/g/a', 'a\0'])('refuses %j', (text) => {
    expect(mqttFilterFault(text)).toEqual(expect.any(String));
  });
});
