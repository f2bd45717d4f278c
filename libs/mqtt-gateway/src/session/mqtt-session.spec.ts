import { describe, expect, it } from '@jest/globals';
import type { PublishPacket } from '#libs/mqtt-codec';
import { deliveryOf, FakeSessionStore, FakeSink, fakeScope, messageOf } from '../testing/session-bed.js';
import type { DeliveryOutcome } from './mqtt-delivery.js';
import { MqttSession, type MqttSessionOptions } from './mqtt-session.js';
import type { SessionScope } from './session-scope.js';

function bed(settings: { scope?: Partial<SessionScope>; inFlight?: MqttSessionOptions['inFlight'] } = {}) {
  const store = new FakeSessionStore();
  const scope = fakeScope(settings.scope);
  const session = new MqttSession({ clientId: 'c', store, scope, inFlight: settings.inFlight ?? [] });
  return { session, store, scope };
}

const brief = ({ packetId, qos, dup, payload }: PublishPacket) =>
  `${payload}${qos === 0 ? '' : ` #${packetId}`}${dup ? ' dup' : ''}`;

describe('MqttSession, at most once', () => {
  it('sends while there is a connection, and nothing else', () => {
    const { session } = bed();
    expect(session.deliver(deliveryOf('early', 0))).toBe(false);
    const sink = new FakeSink();
    session.attach(sink);
    expect(session.deliver(deliveryOf('now', 0))).toBe(true);
    session.detach();
    expect(session.deliver(deliveryOf('late', 0))).toBe(false);
    expect(sink.takePublishes().map(brief)).toEqual(['now']);
  });

  it('gives many sessions at one level the same bytes, once encoded', () => {
    const { session, scope } = bed();
    const other = new MqttSession({ clientId: 'd', store: new FakeSessionStore(), scope });
    const sinks = [new FakeSink(), new FakeSink()] as const;
    session.attach(sinks[0]);
    other.attach(sinks[1]);
    const delivery = deliveryOf('x'.repeat(5_000), 0);
    session.deliver(delivery);
    other.deliver(delivery);
    expect(sinks[0].chunks[0]![0]).toBe(sinks[1].chunks[0]![0]);
    expect(sinks[0].chunks[0]![1]).toBe(delivery.message.payload);
  });

  it('tells levels and RETAIN apart', () => {
    const { session } = bed();
    const delivery = deliveryOf('m', 0);
    for (const level of [3, 4, 5] as const) {
      const sink = new FakeSink({ level });
      session.attach(sink);
      session.deliver(delivery);
      session.deliver({ ...delivery, retain: true });
      expect(sink.takePublishes().map(({ retain }) => retain)).toEqual([false, true]);
    }
  });

  it('waits while the send buffer is full, up to its limit', () => {
    const { session, scope } = bed({ scope: { outboundQueueMessagesMax: 2 } });
    const sink = new FakeSink({ room: false });
    session.attach(sink);
    const taken = ['1', '2', '3', '4'].map((payload) => session.deliver(deliveryOf(payload, 0)));
    expect(taken).toEqual([true, true, true, false]);
    expect(sink.takePublishes().map(brief)).toEqual(['1']);
    sink.room = true;
    session.onWritable();
    expect(sink.takePublishes().map(brief)).toEqual(['2', '3']);
    expect(scope.counters.publishesSent[0]).toBe(3);
  });
});

describe('the limit on bytes', () => {
  const userProperties = Array.from({ length: 100 }, () => ['name', 'value'] as const);

  it.each([
    ['payloads', deliveryOf('x'.repeat(6_000), 0)],
    ['user properties', { ...deliveryOf('', 0), message: messageOf('', { properties: { userProperties } }) }],
    ['subscription identifiers', deliveryOf('', 0, { subscriptionIdentifiers: new Array(1_000).fill(1) })],
  ])('counts %s', (_what, delivery) => {
    const { session } = bed({ scope: { outboundQueueBytesMax: 10_000 } });
    session.attach(new FakeSink({ room: false }));
    expect([1, 2, 3, 4].map(() => session.deliver(delivery))).toEqual([true, true, true, false]);
  });
});

describe('MqttSession, at least once', () => {
  it('sends up to the Receive Maximum, and goes on with each PUBACK', () => {
    const { session, store } = bed();
    const sink = new FakeSink({ receiveMaximum: 2 });
    session.attach(sink);
    for (const payload of ['1', '2', '3', '4']) session.deliver(deliveryOf(payload, 1));
    expect(sink.takePublishes().map(brief)).toEqual(['1 #1', '2 #2']);
    session.onPuback(2);
    expect(sink.takePublishes().map(brief)).toEqual(['3 #3']);
    session.onPuback(1);
    session.onPuback(3);
    expect(sink.takePublishes().map(brief)).toEqual(['4 #4']);
    expect(store.completions.map(({ packetId }) => packetId)).toEqual([2, 1, 3]);
  });

  it('lets nothing overtake: QoS 0 waits behind QoS 1 in the queue', () => {
    const { session } = bed();
    const sink = new FakeSink({ receiveMaximum: 1 });
    session.attach(sink);
    session.deliver(deliveryOf('1', 1));
    session.deliver(deliveryOf('2', 1));
    session.deliver(deliveryOf('3', 0));
    expect(sink.takePublishes().map(brief)).toEqual(['1 #1']);
    session.onPuback(1);
    expect(sink.takePublishes().map(brief)).toEqual(['2 #2', '3']);
  });

  it('sends what is in flight again: in order, with DUP, its packet ids, and within the new Receive Maximum', () => {
    const { session } = bed();
    session.attach(new FakeSink());
    for (const payload of ['1', '2', '3']) session.deliver(deliveryOf(payload, 1));
    session.onPuback(2);
    session.detach();
    const sink = new FakeSink({ receiveMaximum: 1 });
    session.attach(sink);
    session.deliver(deliveryOf('4', 1));
    expect(sink.takePublishes().map(brief)).toEqual(['1 #1 dup']);
    session.onPuback(1);
    expect(sink.takePublishes().map(brief)).toEqual(['3 #3 dup']);
    session.onPuback(3);
    expect(sink.takePublishes().map(brief)).toEqual(['4 #4']);
  });

  it('does not take an acknowledgement for what this connection was not sent', () => {
    const { session, scope, store } = bed();
    session.attach(new FakeSink());
    session.deliver(deliveryOf('1', 1));
    session.deliver(deliveryOf('2', 1));
    session.attach(new FakeSink({ receiveMaximum: 1 }));
    session.onPuback(2);
    session.onPuback(77);
    expect(scope.counters.strayAcknowledgements).toBe(2);
    expect(store.completions).toEqual([]);
  });

  it('ends the connection of a client that answers QoS 1 with PUBREC, or QoS 2 with PUBACK', () => {
    const { session } = bed();
    session.attach(new FakeSink());
    session.deliver(deliveryOf('1', 1));
    session.deliver(deliveryOf('2', 2));
    expect(() => session.onPubrec(1, 0)).toThrow(expect.objectContaining({ reasonCode: 0x82 }));
    expect(() => session.onPuback(2)).toThrow(expect.objectContaining({ reasonCode: 0x82 }));
  });
});

describe('MqttSession, exactly once', () => {
  it('goes from PUBLISH over PUBREC and PUBREL to PUBCOMP', () => {
    const { session, store } = bed();
    const sink = new FakeSink();
    session.attach(sink);
    session.deliver(deliveryOf('1', 2, { ref: { sequence: 7 } }));
    expect(sink.takePublishes().map(brief)).toEqual(['1 #1']);
    session.onPubrec(1, 0);
    expect(sink.take()).toEqual([expect.objectContaining({ type: 'pubrel', packetId: 1, reasonCode: 0 })]);
    expect(store.completions).toEqual([]);
    session.onPubcomp(1);
    expect(store.completions).toEqual([{ ref: { sequence: 7 }, packetId: 1 }]);
    expect(session.inFlight).toBe(0);
  });

  it('sends neither PUBLISH nor PUBREL before what it says is durable, and keeps the order', () => {
    const { session, store } = bed();
    store.holds2 = true;
    const sink = new FakeSink();
    session.attach(sink);
    for (const payload of ['1', '2']) session.deliver(deliveryOf(payload, 2));
    session.deliver(deliveryOf('3', 1));
    session.deliver(deliveryOf('4', 0));
    expect(store.sent.map(({ packetId }) => packetId)).toEqual([1, 2]);
    store.waiting[1]!();
    expect(sink.take()).toEqual([]);
    store.waiting[0]!();
    expect(sink.takePublishes().map(brief)).toEqual(['1 #1', '2 #2', '3 #3', '4']);
    store.waiting.length = 0;
    session.onPubrec(2, 0);
    expect(sink.take()).toEqual([]);
    store.waiting[0]!();
    expect(sink.take()).toMatchObject([{ type: 'pubrel', packetId: 2 }]);
  });

  it('repeats PUBLISH with DUP before PUBREC, and PUBREL after it', () => {
    const { session } = bed();
    session.attach(new FakeSink());
    for (const payload of ['1', '2', '3']) session.deliver(deliveryOf(payload, 2));
    session.onPubrec(3, 0);
    session.onPubrec(1, 0);
    const sink = new FakeSink();
    session.attach(sink);
    const packets = sink.take();
    expect(
      packets.filter(({ type }) => type === 'publish').map((each) => brief(each as PublishPacket)),
    ).toEqual(['2 #2 dup']);
    const released = packets.filter((packet) => packet.type === 'pubrel');
    expect(released.map(({ packetId }) => packetId)).toEqual([3, 1]);
    session.onPubcomp(3);
    session.onPubcomp(1);
    session.onPubrec(2, 0);
    session.onPubcomp(2);
    expect(session.inFlight).toBe(0);
  });

  it('sends PUBREL to the connection that is there when PUBREC is durable', () => {
    const { session, store } = bed();
    session.attach(new FakeSink());
    session.deliver(deliveryOf('1', 2));
    store.holds2 = true;
    session.onPubrec(1, 0);
    const sink = new FakeSink();
    session.attach(sink);
    expect(sink.take()).toEqual([]);
    store.waiting[0]!();
    expect(sink.take()).toMatchObject([{ type: 'pubrel', packetId: 1 }]);
  });

  it('is over when the client refuses the message [MQTT-4.4.0-2]', () => {
    const { session, store } = bed();
    const sink = new FakeSink({ receiveMaximum: 1 });
    session.attach(sink);
    for (const payload of ['1', '2']) session.deliver(deliveryOf(payload, 2));
    session.onPubrec(1, 0x97);
    expect(sink.takePublishes().map(brief)).toEqual(['1 #1', '2 #2']);
    expect(store.completions).toEqual([{ ref: undefined, packetId: 1 }]);
    expect(store.receivedIds).toEqual([]);
  });

  it('tells a client that releases nothing: PUBREL 0x92 for an unknown PUBREC, PUBREL again for a known one', () => {
    const { session } = bed();
    const sink = new FakeSink();
    session.attach(sink);
    session.deliver(deliveryOf('1', 2));
    sink.take();
    session.onPubrec(1, 0);
    session.onPubrec(1, 0);
    session.onPubrec(9, 0);
    expect(sink.take()).toMatchObject([
      { type: 'pubrel', packetId: 1, reasonCode: 0 },
      { type: 'pubrel', packetId: 1, reasonCode: 0 },
      { type: 'pubrel', packetId: 9, reasonCode: 0x92 },
    ]);
  });

  it('tells its connection when its store fails', () => {
    const { session, store } = bed();
    store.holds2 = true;
    const sink = new FakeSink();
    session.attach(sink);
    session.deliver(deliveryOf('1', 2));
    store.waiting[0]!(Object.assign(new Error('lost'), { reasonCode: 0x88, reasonName: 'x' }) as never);
    expect(sink.losses).toHaveLength(1);
    expect(sink.take()).toEqual([]);
  });
});

describe('MqttSession after a restart', () => {
  it('goes on where it was', () => {
    const { session } = bed({
      inFlight: [
        { packetId: 10, state: 'sent', delivery: deliveryOf('1', 1) },
        { packetId: 12, state: 'sent', delivery: deliveryOf('2', 2) },
        { packetId: 11, state: 'received' },
      ],
    });
    const sink = new FakeSink();
    session.attach(sink);
    const packets = sink.take();
    expect(packets.map(({ type }) => type)).toEqual(['publish', 'publish', 'pubrel']);
    expect(packets.slice(0, 2).map((each) => brief(each as PublishPacket))).toEqual([
      '1 #10 dup',
      '2 #12 dup',
    ]);
    session.onPubcomp(11);
    session.onPuback(10);
    session.onPubrec(12, 0);
    session.onPubcomp(12);
    expect(session.inFlight).toBe(0);
  });
});

describe('MqttSession, what is not sent', () => {
  it('drops what is larger than the client takes, as if it were delivered [MQTT-3.1.2-24, -25]', () => {
    const { session, store, scope } = bed();
    const sink = new FakeSink({ maximumPacketSizeBytes: 50 });
    session.attach(sink);
    const outcomes: DeliveryOutcome[] = [];
    const onDone = (outcome: DeliveryOutcome) => outcomes.push(outcome);
    for (const qos of [0, 1, 2] as const) session.deliver(deliveryOf('x'.repeat(100), qos, { onDone }));
    session.deliver(deliveryOf('small', 1));
    expect(sink.takePublishes().map(brief)).toEqual(['small #3']);
    expect(outcomes).toEqual(['completed', 'completed', 'completed']);
    expect(store.completions.map(({ packetId }) => packetId)).toEqual([1, 2]);
    expect(scope.counters.dropped['too-large']).toBe(3);
  });

  it('drops what no packet can hold, and goes on', () => {
    const { session, scope } = bed();
    const sink = new FakeSink();
    session.attach(sink);
    const userProperties = [['name', 'x'.repeat(70_000)]] as const;
    for (const qos of [0, 1] as const) {
      session.deliver(deliveryOf('m', qos, { message: messageOf('m', { properties: { userProperties } }) }));
    }
    session.deliver(deliveryOf('next', 1));
    expect(sink.takePublishes().map(({ payload }) => payload.toString())).toEqual(['next']);
    expect(scope.counters.dropped['too-large']).toBe(2);
  });

  it('drops what has expired in the queue, and says what is left to those before', () => {
    let nowMs = 0;
    const { session, scope } = bed({ scope: { nowMs: () => nowMs } });
    const sink = new FakeSink({ receiveMaximum: 1 });
    session.attach(sink);
    session.deliver(deliveryOf('1', 1, { message: messageOf('1', { expiresAtMs: 10_000 }) }));
    session.deliver(deliveryOf('2', 1, { message: messageOf('2', { expiresAtMs: 4_000 }) }));
    session.deliver(deliveryOf('3', 1, { message: messageOf('3', { expiresAtMs: 9_500 }) }));
    nowMs = 5_000;
    session.onPuback(1);
    const sent = sink.takePublishes();
    expect(sent.map(brief)).toEqual(['1 #1', '3 #2']);
    expect(sent.map(({ properties }) => properties.messageExpiryIntervalSeconds)).toEqual([10, 5]);
    expect(scope.counters.dropped.expired).toBe(1);
  });

  it('drops what the client may not receive any more', () => {
    const { session, scope } = bed();
    const sink = new FakeSink({ permissionsChanged: true, mayReceive: () => false });
    session.attach(sink);
    session.deliver(deliveryOf('1', 0));
    session.deliver(deliveryOf('2', 1));
    expect(sink.take()).toEqual([]);
    expect(scope.counters.dropped['not-permitted']).toBe(2);
  });
});

describe('MqttSession and who waits for it', () => {
  it('has room again when its queue is half empty', () => {
    const { session } = bed({ scope: { outboundQueueMessagesMax: 4 } });
    session.attach(new FakeSink({ receiveMaximum: 1 }));
    let delivered = 0;
    while (session.deliver(deliveryOf(`${delivered}`, 1))) delivered++;
    expect(delivered).toBe(5);
    let told = 0;
    session.whenRoom(() => told++);
    for (let packetId = 1; packetId <= 5; packetId++) {
      session.onPuback(packetId);
      expect(told).toBe(packetId < 2 ? 0 : 1);
    }
  });

  it('counts what nobody keeps', () => {
    const { session, scope } = bed();
    const sink = new FakeSink();
    session.attach(sink);
    session.overflowed();
    session.detach();
    session.overflowed();
    expect(scope.counters.dropped).toMatchObject({ 'queue-full': 1, detached: 1 });
    expect(sink.traffic.publishMessagesDropped).toBe(1);
  });

  it('counts what is on its way against the bytes of its queue', () => {
    const { session } = bed({ scope: { outboundQueueBytesMax: 10_000 } });
    session.attach(new FakeSink({ receiveMaximum: 1 }));
    const big = () => session.deliver(deliveryOf('x'.repeat(6_000), 1));
    expect([big(), big(), big()]).toEqual([true, true, false]);
  });

  it('returns what a client has not got, and completes what it may have at QoS 2 [MQTT-4.8.2-4, -5]', () => {
    const { session } = bed();
    session.attach(new FakeSink({ receiveMaximum: 3 }));
    const outcomes: Record<string, DeliveryOutcome> = {};
    const give = (name: string, qos: 0 | 1 | 2) =>
      session.deliver(deliveryOf(name, qos, { onDone: (outcome) => (outcomes[name] = outcome) }));
    give('sent at 0', 0);
    give('sent at 1', 1);
    give('sent at 2', 2);
    give('received', 2);
    give('queued', 1);
    session.onPubrec(3, 0);
    session.detach();
    expect(outcomes).toEqual({ 'sent at 0': 'completed', 'sent at 1': 'returned', queued: 'returned' });
    session.end();
    expect(outcomes).toMatchObject({ 'sent at 2': 'completed', received: 'completed' });
  });
});
