import { describe, expect, it } from '@jest/globals';
import { isSharedFilter, splitSharedFilter, topicFilterFault, topicNameFault } from './index.js';

describe('topic names', () => {
  it.each(['a', '/', '//', '/a', 'a/', 'a b/c', '$SYS/x', '$share/g/a', 'é/\u{1F600}', ' '])(
    'allow %j',
    (name) => {
      expect(topicNameFault(name)).toBeUndefined();
    },
  );

  it.each([
    ['', 'MQTT-4.7.3-1'],
    ['+', 'MQTT-4.7.0-1'],
    ['a/#', 'MQTT-4.7.0-1'],
    ['a+b', 'MQTT-4.7.0-1'],
  ])('refuse %j', (name, clause) => {
    expect(topicNameFault(name)?.clause).toBe(clause);
  });
});

describe('topic filters', () => {
  it.each([
    ...['#', '+', '/', '+/+', '/+', '+/', 'a/#', '/#', 'sport/tennis/+', '+/tennis/#', '//#', 'a//b'],
    ...['$SYS/#', '$share', '$shared/a', '$share/g/a', '$share/g//', '$share/g/#', '$share/g/+/b'],
    '$share/g/$share/h/a',
  ])('allow %j', (filter) => {
    expect(topicFilterFault(filter)).toBeUndefined();
  });

  it.each([
    ['', 'MQTT-4.7.3-1'],
    ['a#', 'MQTT-4.7.1-1'],
    ['#/', 'MQTT-4.7.1-1'],
    ['a/#/b', 'MQTT-4.7.1-1'],
    ['##', 'MQTT-4.7.1-1'],
    ['a/#/#', 'MQTT-4.7.1-1'],
    ['+#', 'MQTT-4.7.1-1'],
    ['a+', 'MQTT-4.7.1-2'],
    ['+a', 'MQTT-4.7.1-2'],
    ['a/+b/c', 'MQTT-4.7.1-2'],
    ['++', 'MQTT-4.7.1-2'],
    ['+/a+/#', 'MQTT-4.7.1-2'],
    ['$share/', 'MQTT-4.8.2-1'],
    ['$share//a', 'MQTT-4.8.2-1'],
    ['$share/g', 'MQTT-4.8.2-2'],
    ['$share/g/', 'MQTT-4.8.2-2'],
    ['$share/+/a', 'MQTT-4.8.2-2'],
    ['$share/g#/a', 'MQTT-4.8.2-2'],
    ['$share/#', 'MQTT-4.8.2-2'],
    ['$share/g/a#', 'MQTT-4.7.1-1'],
    ['$share/g/a+/b', 'MQTT-4.7.1-2'],
  ])('refuse %j', (filter, clause) => {
    expect(topicFilterFault(filter)?.clause).toBe(clause);
  });

  it('of shared subscriptions have two parts', () => {
    expect(splitSharedFilter('$share/group/a/+/#')).toEqual({ shareName: 'group', filter: 'a/+/#' });
    expect(splitSharedFilter('$share/g//')).toEqual({ shareName: 'g', filter: '/' });
    expect(splitSharedFilter('$shared/g/a')).toBeUndefined();
    expect(splitSharedFilter('$share/g')).toBeUndefined();
    expect(isSharedFilter('$share/g/a')).toBe(true);
    expect(isSharedFilter('a/$share/g/a')).toBe(false);
  });
});
