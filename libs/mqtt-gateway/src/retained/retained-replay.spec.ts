import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MqttMessage } from '../message.js';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import { FakeRetainedState } from '../testing/fake-retained-state.js';
import { encodeRetained } from './retained-record.js';
import { RetainedReplay } from './retained-replay.js';
import { retainedDefaults } from './retained.options.js';
import { TenantRetained } from './tenant-retained.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class FakeSession implements TailSubscriber {
  readonly clientId = 'me';
  readonly got: MqttDelivery[] = [];
  room = Number.POSITIVE_INFINITY;
  allowed = (_topic: string) => true;
  #listener: (() => void) | undefined;

  deliver(delivery: MqttDelivery): boolean {
    if (this.room === 0) return false;
    this.room--;
    this.got.push(delivery);
    return true;
  }

  mayReceive(topic: string): boolean {
    return this.allowed(topic);
  }

  whenRoom(listener: () => void): void {
    this.#listener = listener;
  }

  makeRoom(messages: number): void {
    this.room = messages;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.();
  }

  get topics(): string[] {
    return this.got.map(({ message }) => message.topic);
  }
}

function subscription(filter: string, more: Partial<MqttSubscription> = {}): MqttSubscription {
  return {
    filter,
    qos: 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: undefined,
    checked: false,
    ...more,
  };
}

describe('retained messages for a new subscription', () => {
  let state: FakeRetainedState;
  let retained: TenantRetained;
  let session: FakeSession;
  let replay: RetainedReplay;
  let now: number;

  beforeEach(() => {
    now = 1_000_000;
    state = new FakeRetainedState();
    retained = new TenantRetained({ state, options: retainedDefaults, nowMs: () => now });
    session = new FakeSession();
    replay = new RetainedReplay(retained, session, () => now);
  });

  afterEach(() => retained.close());

  function retain(topic: string, more: Partial<MqttMessage> = {}): void {
    const message = { topic, payload: Buffer.from(topic), qos: 1, retain: true, properties: {} } as const;
    retained.set({ ...message, expiresAtMs: undefined, publisherId: undefined, ...more }, (error) => {
      if (error !== undefined) throw error;
    });
  }

  async function settled(): Promise<void> {
    for (let turns = 0; turns < 50; turns++) await turn();
  }

  async function added(
    filter: string,
    more: Partial<MqttSubscription> = {},
    existed = false,
  ): Promise<string[]> {
    session.got.length = 0;
    replay.add(subscription(filter, more), existed);
    await settled();
    return session.topics.sort();
  }

  it('are all that match, with RETAIN set, the lower QoS and the subscription identifier', async () => {
    for (const [at, topic] of ['a/1', 'a/2', 'b/1'].entries()) retain(topic, { qos: at as 0 | 1 | 2 });
    expect(await added('a/+', { qos: 1, identifier: 7 })).toEqual(['a/1', 'a/2']);
    expect(session.got.map(({ qos, retain: flag }) => [qos, flag])).toEqual([
      [0, true],
      [1, true],
    ]);
    expect(session.got[0]?.subscriptionIdentifiers).toEqual([7]);
    expect(session.got[0]?.message.payload.toString()).toBe('a/1');
    expect(await added('b/1', { qos: 0 })).toEqual(['b/1']);
    expect([session.got[0]?.qos, session.got[0]?.subscriptionIdentifiers]).toEqual([0, []]);
    expect(replay.isIdle).toBe(true);
  });

  it.each([
    [0, false, 1],
    [0, true, 1],
    [1, false, 1],
    [1, true, 0],
    [2, false, 0],
    [2, true, 0],
  ] as [0 | 1 | 2, boolean, number][])(
    'with Retain Handling %i to one that existed (%s): %i',
    async (retainHandling, existed, count) => {
      retain('a');
      expect(await added('a', { retainHandling }, existed)).toHaveLength(count);
    },
  );

  it('are not for shared subscriptions, not what the client published with No Local, not what it may not read', async () => {
    retain('a', { publisherId: 'me' });
    retain('b', { publisherId: 'other' });
    expect(await added('$share/g/#')).toEqual([]);
    expect(await added('#', { noLocal: true })).toEqual(['b']);
    session.allowed = (topic) => topic !== 'b';
    expect(await added('#', { checked: true })).toEqual(['a']);
    expect(await added('#')).toEqual(['a', 'b']);
  });

  it('are what is known after the log was asked: what another gateway stored before is among it', async () => {
    state.isAway = true;
    replay.add(subscription('a'), false);
    await settled();
    expect(session.topics).toEqual([]);
    retain('a');
    state.isAway = false;
    while (session.topics.length === 0) await turn();
    expect(session.topics).toEqual(['a']);
  });

  it('asks the log once for many subscriptions, and again for those that came meanwhile', async () => {
    for (let at = 0; at < 10; at++) retain(`a/${at}`);
    for (let at = 0; at < 10; at++) replay.add(subscription(`a/${at}`), false);
    await settled();
    expect(session.got).toHaveLength(10);
    expect(state.asked).toBe(2);
  });

  it('come as fast as the session takes them, and each once', async () => {
    const topics = Array.from({ length: 1_000 }, (_, at) => `a/${at}`);
    for (const topic of topics) retain(topic);
    session.room = 300;
    await added('#');
    expect(session.got).toHaveLength(300);
    expect(replay.isIdle).toBe(false);
    for (let rounds = 0; session.got.length < 1_000; rounds++) {
      expect(rounds).toBeLessThan(20);
      session.makeRoom(100);
      await settled();
    }
    session.makeRoom(100);
    await settled();
    expect(new Set(session.topics).size).toBe(1_000);
    expect([session.got.length, replay.isIdle]).toEqual([1_000, true]);
  });

  it('leave the event loop to others: many at once, and many that do not match', async () => {
    const payload = Buffer.from('x');
    for (let at = 0; at < 20_000; at++) {
      const message = { topic: `a/${at}`, payload, qos: 1, retain: true, properties: {} } as const;
      state.write(`/a/${at}`, encodeRetained({ ...message, expiresAtMs: undefined, publisherId: undefined }));
    }
    replay.add(subscription('+/+/none'), false);
    let turns = 0;
    while (!replay.isIdle) {
      await turn();
      turns++;
    }
    expect(turns).toBeGreaterThan(1);
    replay.add(subscription('#'), false);
    let most = 0;
    while (!replay.isIdle) {
      const before = session.got.length;
      await turn();
      most = Math.max(most, session.got.length - before);
    }
    expect(session.got).toHaveLength(20_000);
    expect(most).toBeLessThanOrEqual(200);
  });

  it('end with the subscription, or the connection', async () => {
    for (let at = 0; at < 500; at++) retain(`a/${at}`);
    session.room = 1;
    await added('a/+');
    replay.remove('a/+');
    session.makeRoom(1_000);
    await settled();
    expect([session.got.length, replay.isIdle]).toEqual([1, true]);
    session.room = 2;
    await added('a/+');
    replay.stop();
    session.makeRoom(1_000);
    replay.add(subscription('a/+'), false);
    await settled();
    expect(session.got).toHaveLength(2);
  });

  it('cost little for ten thousand subscriptions, which the client makes again and again', async () => {
    retain('a/1');
    const began = process.cpuUsage();
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 10_000; at++) replay.add(subscription(`a/${at}`), false);
      await turn();
    }
    while (!replay.isIdle) await turn();
    expect(session.topics.length).toBeGreaterThan(0);
    // To look through all of them for each takes ten seconds.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(3_000);
  });

  it('are not those that have expired', async () => {
    retain('a', { expiresAtMs: now + 1_000 });
    retain('b', { expiresAtMs: now + 2_000 });
    now += 1_000;
    expect(await added('#')).toEqual(['b']);
  });
});
