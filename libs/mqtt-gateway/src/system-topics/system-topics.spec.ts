import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import { isSystemFilter, SystemTopics } from './system-topics.js';
import { systemValues } from './system-values.js';

const uptime = '$SYS/broker/uptime';

function subscription(filter: string, more: Partial<MqttSubscription> = {}): MqttSubscription {
  const flags = { noLocal: false, retainAsPublished: false, retainHandling: 0, checked: false } as const;
  return { filter, qos: 2, identifier: undefined, ...flags, ...more };
}

function subscriber() {
  const got: MqttDelivery[] = [];
  const texts = () => got.splice(0).map(({ message }) => `${message.topic} ${message.payload.toString()}`);
  const hears: TailSubscriber = {
    clientId: 'c',
    deliver: (delivery) => got.push(delivery) > 0,
    mayReceive: (topic) => topic === uptime,
    whenRoom: () => {},
  };
  return { ...hears, got, texts };
}

describe('$SYS topics', () => {
  let system: SystemTopics;

  beforeEach(() => {
    jest.useFakeTimers();
    system = made(10_000);
  });

  afterEach(() => {
    system.close();
    jest.useRealTimers();
  });

  function made(systemTopicsIntervalMs: number): SystemTopics {
    const retainedCount = (tenant: string) => (tenant === 'acme' ? 3 : 0);
    return new SystemTopics({ systemTopicsIntervalMs }, { version: '1.2.3', retainedCount });
  }

  it('are all there on subscribing, as retained messages of QoS 0', () => {
    const one = subscriber();
    system.follow('acme', one, subscription('$SYS/#', { identifier: 9 }), false);
    expect(one.got.map(({ message }) => message.topic).sort()).toEqual(
      systemValues.map(({ topic }) => topic).sort(),
    );
    const flags = { qos: 0, retain: true, subscriptionIdentifiers: [9] };
    for (const { qos, retain, subscriptionIdentifiers } of one.got) {
      expect({ qos, retain, subscriptionIdentifiers }).toEqual(flags);
    }
    expect(one.texts()).toContain('$SYS/broker/version pulsegate 1.2.3');
  });

  it('come again at each interval with new values, until unsubscribed', () => {
    const one = subscriber();
    system.follow('acme', one, subscription(uptime), false);
    expect(one.texts()).toEqual([`${uptime} 0 seconds`]);
    jest.advanceTimersByTime(20_000);
    expect(one.got.map(({ retain }) => retain)).toEqual([false, false]);
    expect(one.texts()).toEqual([`${uptime} 10 seconds`, `${uptime} 20 seconds`]);
    system.unfollow('acme', one, uptime);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('count the tenant alone', () => {
    const [one, other] = [subscriber(), subscriber()];
    const traffic = system.traffic('acme');
    traffic.connected();
    traffic.connected();
    traffic.disconnected();
    traffic.publishMessagesReceived += 5;
    const filters = ['$SYS/broker/clients/+', '$SYS/broker/publish/messages/received'];
    for (const filter of [...filters, '$SYS/broker/retained messages/count']) {
      system.follow('acme', one, subscription(filter), false);
      system.follow('other', other, subscription(filter), false);
    }
    const all = (values: readonly number[]) => [
      `$SYS/broker/clients/active ${values[0]}`,
      `$SYS/broker/clients/connected ${values[0]}`,
      `$SYS/broker/clients/maximum ${values[1]}`,
      `$SYS/broker/publish/messages/received ${values[2]}`,
      `$SYS/broker/retained messages/count ${values[3]}`,
    ];
    expect(one.texts().sort()).toEqual(all([1, 2, 5, 3]));
    expect(other.texts().sort()).toEqual(all([0, 0, 0, 0]));
  });

  it('come once however many filters match, with all identifiers, and RETAIN where it is wanted as published', () => {
    const one = subscriber();
    system.follow('acme', one, subscription(uptime, { identifier: 1, retainHandling: 2 }), false);
    const more = { identifier: 2, retainHandling: 1, retainAsPublished: true } as const;
    system.follow('acme', one, subscription('$SYS/broker/+', more), true);
    expect(one.got).toEqual([]);
    jest.advanceTimersByTime(10_000);
    const found = one.got.filter(({ message }) => message.topic === uptime);
    expect(found.map(({ retain, subscriptionIdentifiers }) => [retain, subscriptionIdentifiers])).toEqual([
      [true, [1, 2]],
    ]);
  });

  it('are asked for one by one where a rule denies a part', () => {
    const one = subscriber();
    system.follow('acme', one, subscription('$SYS/#', { checked: true }), false);
    jest.advanceTimersByTime(10_000);
    expect(one.got.map(({ message }) => message.topic)).toEqual([uptime, uptime]);
  });

  it('cost nothing while nobody listens, and none are there where they are switched off', () => {
    const one = subscriber();
    expect(jest.getTimerCount()).toBe(0);
    system.follow('acme', one, subscription(uptime), false);
    system.drop('acme', one);
    expect(jest.getTimerCount()).toBe(0);
    made(0).follow('acme', one, subscription(uptime, {}), false);
    expect([jest.getTimerCount(), one.texts().length]).toEqual([0, 1]);
  });

  it.each([
    ['$SYS/#', true],
    ['$SYS', true],
    ['$SYSTEM/a', false],
    ['#', false],
    ['a/$SYS/b', false],
  ])('%s is one: %s', (filter, expected) => {
    expect(isSystemFilter(filter)).toBe(expected);
  });
});
