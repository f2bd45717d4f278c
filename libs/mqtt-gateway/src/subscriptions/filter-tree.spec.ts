import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FilterTree } from './filter-tree.js';

/** The rules of MQTT 5 section 4.7, level by level. */
function matches(filter: string, topic: string): boolean {
  const want = filter.split('/');
  const have = topic.split('/');
  if (topic.startsWith('$') && (want[0] === '+' || want[0] === '#')) return false;
  for (const [at, level] of want.entries()) {
    if (level === '#') return true;
    if (at >= have.length || (level !== '+' && level !== have[at])) return false;
  }
  return want.length === have.length;
}

function found(tree: FilterTree<string, string>, topic: string): string[] {
  const values: string[] = [];
  tree.match(topic, (value) => values.push(value));
  return values.sort();
}

const level = fc.constantFrom('', 'a', 'b', '$x');
const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels.slice(1), '#'] : levels).join('/'));

describe('a tree of filters', () => {
  it('finds what the rules say, over additions and removals', () => {
    const change = fc.record({ filter, key: fc.constantFrom('x', 'y'), add: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 40 }),
        fc.array(topic, { maxLength: 10 }),
        (changes, topics) => {
          const tree = new FilterTree<string, string>();
          const model = new Map<string, string>();
          for (const { filter, key, add } of changes) {
            const value = `${filter} ${key}`;
            if (add) expect(tree.add(filter, key, value)).toBe(model.get(value));
            else expect(tree.remove(filter, key)).toBe(model.get(value));
            if (add) model.set(value, value);
            else model.delete(value);
            for (const each of topics) {
              const expected = [...model.keys()].filter((value) => matches(value.split(' ')[0]!, each));
              expect(found(tree, each)).toEqual(expected.sort());
            }
          }
          expect(tree.size).toBe(model.size);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['sport/#', 'sport', true],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/broker', false],
    ['+/broker', '$SYS/broker', false],
    ['$SYS/#', '$SYS/broker', true],
    ['a/#', 'a/$b', true],
  ])('%s and %s: %s (examples of MQTT 5, 4.7)', (filter, topic, expected) => {
    const tree = new FilterTree<string, string>();
    tree.add(filter, 'k', 'v');
    expect(found(tree, topic)).toEqual(expected ? ['v'] : []);
  });

  it('takes topics of 65,535 levels, and filters whose wildcards fit in many ways', () => {
    const tree = new FilterTree<number, number>();
    const deep = '/'.repeat(65_534);
    tree.add(deep, 0, 0);
    tree.add(`${'+/'.repeat(1_000)}#`, 1, 1);
    // Every prefix of every one of these matches: a search that tried each on its own would take 2^12 ways.
    for (let bits = 0; bits < 4_096; bits++) {
      const levels = Array.from({ length: 12 }, (_, at) => ((bits >> at) & 1 ? '+' : 'a'));
      tree.add(levels.join('/'), bits, bits);
    }
    const values: number[] = [];
    tree.match(deep, (value) => values.push(value));
    expect(values.sort()).toEqual([0, 1]);
    let count = 0;
    tree.match(Array.from({ length: 12 }, () => 'a').join('/'), () => count++);
    expect(count).toBe(4_096);
  });

  it('remembers results within bounds, and never an old one', () => {
    const tree = new FilterTree<string, string>(2);
    const held = tree as unknown as { remembered: Map<string, unknown> };
    tree.add('#', 'k', 'all');
    for (const topic of ['a', 'b', 'c', 'x'.repeat(513)]) {
      expect(found(tree, topic)).toEqual(['all']);
      expect(tree.matching(topic).length).toBe(1);
      expect(held.remembered.size).toBeLessThanOrEqual(2);
    }
    expect([...held.remembered.keys()]).toEqual(['c']);
    tree.add('c', 'k', 'c');
    expect(found(tree, 'c')).toEqual(['all', 'c']);
    tree.remove('#', 'k');
    expect(found(tree, 'c')).toEqual(['c']);
  });

  it('keeps nothing of what was removed', () => {
    const tree = new FilterTree<string, string>();
    for (const filter of ['a/b/c', 'a/+/c/#', '#', '+', 'a']) tree.add(filter, 'k', filter);
    for (const filter of ['a/b/c', 'a/+/c/#', '#', '+', 'a']) tree.remove(filter, 'k');
    expect(JSON.stringify((tree as unknown as { root: unknown }).root)).toBe('{"level":""}');
  });
});
