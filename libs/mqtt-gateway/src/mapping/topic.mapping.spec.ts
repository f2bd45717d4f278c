import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { topicNameFault as pulsarNameFault } from '#libs/auth';
import type { MqttTopicRule } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import type { PulsarPlace } from './pulsar-place.js';
import { TopicMapping } from './topic.mapping.js';
import { topicRuleFaults } from './topic-rule-faults.js';

const rules: readonly MqttTopicRule[] = [
  { filter: 'devices/+/data', topic: 'sensors', key: '$1' },
  { filter: 'sites/+/+/#', topic: 'site-$1', key: '$2/$3' },
  { filter: 'logs/#', topic: 'all-logs' },
  { filter: '+/alarm', topic: 'alarms', key: 'alarm/$1' },
];

const place = (mapping: TopicMapping, topic: string) => {
  const found = mapping.toPulsar(topic);
  return found instanceof MqttError ? found.reasonName : `${found.topic} ${found.key}`;
};

describe('the default rule', () => {
  const mapping = new TopicMapping([]);

  it.each([
    ['devices/1/temperature', 'devices devices/1/temperature'],
    ['devices', 'devices devices'],
    ['/devices', '.x /devices'],
    ['größe/1', 'gr.xC3.xB6.xC3.x9Fe größe/1'],
    ['__secret/1', '.x5F_secret __secret/1'],
    [`${'x'.repeat(250)}/1`, 'topic-name-invalid'],
  ])('%.40s', (topic, expected) => {
    expect(place(mapping, topic)).toBe(expected);
  });

  it.each([
    ['devices/1', 'devices', true],
    ['orders/1', 'devices', false],
    ['devices/#', 'devices', false],
    ['$SYS/x', '.x24SYS', false],
    ['', '.x', false],
  ])('%s is on %s: %s', (topic, name, expected) => {
    expect(mapping.isOn(topic, name)).toBe(expected);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['orders', undefined, 'orders'],
    ['orders', 'k', 'orders/k'],
    ['orders', '', 'orders/'],
    ['orders', 'orders/7', 'orders/7'],
    ['orders', 'other/7', 'orders/other/7'],
    ['orders', '+49', 'orders'],
    ['orders', 'a\0b', 'orders'],
    ['orders', 'x'.repeat(70_000), 'orders'],
    ['gr.xC3.xBCn', 'k', 'grün/k'],
    ['.x', 'k', '/k'],
    ['.x', undefined, undefined],
    ['a.x41', 'k', undefined],
    ['.x24SYS', 'k', undefined],
    ['a.x2Bb', 'k', undefined],
  ])('gives what others wrote to %s with key %.20j the topic %j', (name, key, topic) => {
    expect(mapping.fromPulsar(name, key)).toBe(topic);
  });

  it.each<[string, string[], boolean]>([
    ['devices/1', ['devices'], false],
    ['devices/#', ['devices'], false],
    ['/+', ['.x'], false],
    ['+/1', [], true],
    ['#', [], true],
  ])('%s reads %j', (filter, names, all) => {
    expect(mapping.pulsarTopicsOf(filter)).toEqual({ names, all });
  });
});

describe('rules', () => {
  const mapping = new TopicMapping(rules);

  it.each([
    ['devices/7/data', 'sensors 7', 0],
    ['devices/7/other', 'devices devices/7/other', undefined],
    ['sites/berlin/hall/3/door', 'site-berlin hall/3/door', 1],
    ['sites/a b/hall/', 'site-a.x20b hall/', 1],
    ['sites/a b/hall', 'sites sites/a b/hall', undefined],
    ['logs', 'all-logs logs', 2],
    ['logs/a/b', 'all-logs logs/a/b', 2],
    ['logs/alarm', 'all-logs logs/alarm', 2],
    ['x/alarm', 'alarms alarm/x', 3],
  ])('%s is %s, by rule %s', (topic, expected, rule) => {
    expect(place(mapping, topic)).toBe(expected);
    expect(mapping.ruleOf(topic)).toBe(rule);
    const { topic: name, key } = mapping.toPulsar(topic) as PulsarPlace;
    expect(mapping.fromPulsar(name, key)).toBe(topic);
    expect(mapping.pulsarTopicsOf(topic)).toEqual({ names: [name], all: false });
  });

  it('refuses a topic whose place is that of another', () => {
    // Rule 1 gives that key to devices/sensors/data.
    expect(place(mapping, 'sensors')).toBe('topic-name-invalid');
    expect(place(mapping, 'sensors/x')).toBe('sensors sensors/x');
  });

  it.each<[string, string[], boolean]>([
    ['devices/+/data', ['sensors', 'devices'], false],
    ['devices/7/+', ['sensors', 'devices'], false],
    ['sites/berlin/+/#', ['site-berlin', 'sites'], false],
    ['sites/+/hall/3', ['sites'], true],
    ['logs/#', ['all-logs', 'alarms', 'logs'], false],
    ['+/alarm', ['all-logs', 'alarms'], true],
    ['#', ['sensors', 'all-logs', 'alarms'], true],
    ['x/+', ['alarms', 'x'], false],
  ])('%s reads %j', (filter, names, all) => {
    expect(mapping.pulsarTopicsOf(filter)).toEqual({ names, all });
  });

  it('name the topics that filters with a wildcard in front match', () => {
    expect(['sensors', 'site-x', 'devices'].map((name) => mapping.isNamed(name))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('lead back to the topic from every place', () => {
    const level = fc.constantFrom(
      'devices',
      'sites',
      'logs',
      'alarm',
      'data',
      'sensors',
      'site-x',
      '',
      '7',
      'a.x',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), (levels) => {
        const topic = levels.join('/');
        if (topic === '') return;
        const found = mapping.toPulsar(topic);
        if (found instanceof MqttError) return;
        expect(pulsarNameFault(found.topic)).toBeUndefined();
        expect(mapping.fromPulsar(found.topic, found.key)).toBe(topic);
        for (const filter of [
          '#',
          `${levels[0]}/#`,
          [...levels.slice(0, -1), '+'].join('/'),
          ['+', ...levels.slice(1)].join('/'),
        ]) {
          const { names, all } = mapping.pulsarTopicsOf(filter);
          expect(all || names.includes(found.topic)).toBe(true);
        }
      }),
    );
  });
});

describe('faults of rules', () => {
  it('has none in rules that lead back', () => {
    expect(topicRuleFaults(rules)).toEqual([]);
  });

  it.each<[string, MqttTopicRule]>([
    ['# that is not the whole last level', { filter: 'a/#/b', topic: 'a' }],
    ['topics that begin with "$"', { filter: '$share/g/a', topic: 'a' }],
    ['"$" is followed by the number', { filter: 'a/+', topic: 'a-$x' }],
    ['there is no $2: the filter has 1 wildcards', { filter: 'a/+', topic: 'a', key: '$2' }],
    ['a topic name is of', { filter: 'a/+', topic: 'a/$1' }],
    ['topic names that start with "pulsegate."', { filter: 'a/+', topic: 'pulsegate.$1' }],
    ['$2 is in neither topic nor key', { filter: 'a/+/+', topic: 'a', key: '$1' }],
    ['at most one wildcard may be in the topic alone', { filter: 'a/+/+', topic: '$1-$2', key: 'k' }],
    ['a wildcard stands in the key once', { filter: 'a/+', topic: 'a', key: '$1/$1' }],
    ['between two wildcards of a key there is a "/"', { filter: 'a/+/+', topic: 'a', key: '$1-$2' }],
  ])('%s', (message, rule) => {
    expect(topicRuleFaults([rule])).toMatchObject([{ index: 0, message: expect.stringContaining(message) }]);
  });

  it('has one where two rules give one place', () => {
    const pair = (key: string) => [
      { filter: 'a/+', topic: 't', key: '$1' },
      { filter: 'b/+', topic: 't', key },
    ];
    expect(topicRuleFaults(pair('$1'))).toMatchObject([{ index: 1, key: 'key' }]);
    expect(topicRuleFaults(pair('$1').map((rule, at) => ({ ...rule, key: `${at}/$1` })))).toEqual([]);
  });
});
