import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { deliveryOf, FakeSessionStore, FakeSink, fakeScope, messageOf } from '../testing/session-bed.js';
import { MqttSession } from './mqtt-session.js';

function bed() {
  return { session: new MqttSession({ clientId: 'c', store: new FakeSessionStore(), scope: fakeScope() }) };
}

describe('OutboundAliases', () => {
  it('names each topic once, and the least used anew when there are no more', () => {
    const { session } = bed();
    const sink = new FakeSink({ topicAliasMaximum: 2 });
    session.attach(sink);
    for (const topic of ['a', 'a', 'b', 'a', 'c', 'b', 'a']) {
      session.deliver(deliveryOf('m', 0, { message: messageOf('m', { topic }) }));
    }
    const sent = sink.takePublishes().map(({ topic, properties }) => `${topic}=${properties.topicAlias}`);
    expect(sent).toEqual(['a=1', '=1', 'b=2', '=1', 'c=2', 'b=1', 'a=2']);
  });

  it('begins anew with each connection, and names none that was not sent', () => {
    const { session } = bed();
    const sink = new FakeSink({ topicAliasMaximum: 2, maximumPacketSizeBytes: 40 });
    session.attach(sink);
    const give = (payload: string) =>
      session.deliver(deliveryOf(payload, 1, { message: messageOf(payload, { topic: 'a' }) }));
    give('x'.repeat(100));
    give('small');
    expect(sink.takePublishes().map(({ topic }) => topic)).toEqual(['a']);
    const next = new FakeSink({ topicAliasMaximum: 2 });
    session.attach(next);
    give('more');
    expect(next.takePublishes().map(({ topic }) => topic)).toEqual(['a', '']);
    expect(Buffer.isBuffer(next.chunks[0]![0])).toBe(true);
  });
});
