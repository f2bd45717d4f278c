import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RetainedTree } from './retained-tree.js';

interface Value {
  readonly topic: string;
}

function treeOf(topics: readonly string[]): RetainedTree<Value> {
  const tree = new RetainedTree<Value>();
  for (const topic of topics) tree.set(topic, { topic });
  return tree;
}

function found(tree: RetainedTree<Value>, filter: string, visits = 1): string[] {
  const walk = tree.matching(filter);
  const topics: string[] = [];
  while (!walk.isDone) {
    const next = walk.next(visits);
    if (next !== undefined) topics.push(next.topic);
  }
  return topics.sort();
}

/** Section 4.7 of MQTT 5, word by word. */
function matches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (let at = 0; at < wanted.length; at++) {
    if (wanted[at] === '#') return true;
    if (at >= levels.length) return false;
    if (wanted[at] !== '+' && wanted[at] !== levels[at]) return false;
    if (at === levels.length - 1 && wanted.length === at + 2 && wanted[at + 1] === '#') return true;
  }
  return wanted.length === levels.length;
}

const level = fc.constantFrom('', 'a', 'b', '$x', 'c d');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '');

describe('the tree of retained messages', () => {
  const sport = ['sport', 'sport/tennis', 'sport/tennis/player1', 'sport/tennis/player1/ranking', '/finance'];

  it.each([
    ['sport/tennis/player1/#', ['sport/tennis/player1', 'sport/tennis/player1/ranking']],
    ['sport/#', sport.filter((each) => each.startsWith('sport'))],
    ['#', sport],
    ['sport/tennis/+', ['sport/tennis/player1']],
    ['sport/+', ['sport/tennis']],
    ['+/+', ['/finance', 'sport/tennis']],
    ['/+', ['/finance']],
    ['+', ['sport']],
    ['+/tennis/#', ['sport/tennis', 'sport/tennis/player1', 'sport/tennis/player1/ranking']],
    ['sport', ['sport']],
    ['sport/', []],
    ['tennis', []],
  ])('%s finds what the specification says', (wanted, expected) => {
    expect(found(treeOf(sport), wanted)).toEqual([...expected].sort());
  });

  it('keeps topics that begin with $ from wildcards in the first level [MQTT-4.7.2-1]', () => {
    const tree = treeOf(['$SYS/broker/uptime', '$x', 'a/$x']);
    expect(found(tree, '#')).toEqual(['a/$x']);
    expect(found(tree, '+/broker/uptime')).toEqual([]);
    expect(found(tree, '$SYS/#')).toEqual(['$SYS/broker/uptime']);
    expect(found(tree, '$SYS/+/uptime')).toEqual(['$SYS/broker/uptime']);
  });

  it('finds for any filter what matches, whatever was set and deleted before', () => {
    const change = fc.record({ topic, isSet: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), filter, (changes, wanted) => {
        const tree = new RetainedTree<Value>();
        const model = new Set<string>();
        for (const { topic: name, isSet } of changes) {
          const levels = name.split('/').length;
          const [before, added] = [tree.nodes, tree.newNodes(name)];
          if (isSet) {
            tree.set(name, { topic: name });
            model.add(name);
            expect([tree.nodes, added <= levels]).toEqual([before + added, true]);
          } else {
            tree.delete(name);
            model.delete(name);
          }
        }
        expect(found(tree, wanted)).toEqual([...model].filter((name) => matches(wanted, name)).sort());
        for (const name of model) tree.delete(name);
        expect(tree.nodes).toBe(0);
      }),
    );
  });

  it('goes on when what it stands on is deleted and set anew', () => {
    const topics = Array.from({ length: 100 }, (_, at) => `a/${at}/x`);
    const tree = treeOf(topics);
    const walk = tree.matching('a/+/x');
    expect(walk.next(10)?.topic).toBe('a/0/x');
    for (const each of topics.slice(0, 50)) tree.delete(each);
    tree.set('a/1/x', { topic: 'a/1/x' });
    const rest: string[] = [];
    while (!walk.isDone) {
      const next = walk.next(10);
      if (next !== undefined) rest.push(next.topic);
    }
    expect(rest).toEqual(expect.arrayContaining(topics.slice(50)));
    expect(new Set(rest).size).toBe(rest.length);
  });

  it('has no trouble with topics of 65,535 levels', () => {
    const deep = '/'.repeat(65_534);
    const tree = treeOf([deep]);
    expect(found(tree, '#', 1_000)).toEqual([deep]);
    expect(found(tree, deep, 1_000)).toEqual([deep]);
    expect(found(tree, '+/+', 1_000)).toEqual([]);
    tree.delete(deep);
    expect(tree.nodes).toBe(0);
  });

  it('gives control back when nothing matches', () => {
    const tree = treeOf(Array.from({ length: 1_000 }, (_, at) => `a/${at}`));
    const walk = tree.matching('+/+/x');
    expect(walk.next(100)).toBeUndefined();
    expect(walk.isDone).toBe(false);
  });
});
