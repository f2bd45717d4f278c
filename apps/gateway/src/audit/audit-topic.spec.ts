import { describe, expect, it } from '@jest/globals';
import { type OutgoingEntry, PulsarError } from '#libs/pulsar';
import { type AuditEntry, silentLog } from '#libs/telemetry';
import { AuditTopic } from './audit-topic.js';

type Done = (error: PulsarError | undefined) => void;

const entry = (name: string): AuditEntry => ({
  ...{ kind: 'access', outcome: 'denied', action: 'produce', resource: { type: 'topic', name } },
  ...{ tenant: 'acme', timeMs: 0 },
});
const away = new PulsarError('Timeout', 'Pulsar is away');

/** A Pulsar that takes what it is given when it is told to. */
class FakeBrokers {
  readonly sent: { name: string; done: Done }[] = [];
  opened = 0;
  refuses = false;
  #closed: (error: PulsarError) => void = () => {};
  readonly admin = { createTopic: async () => {} };

  async createProducer() {
    this.opened++;
    if (this.refuses) throw away;
    return {
      send: ({ buffer, payloadStart, payloadEnd }: OutgoingEntry, done: Done) => {
        const { resource, action } = JSON.parse(
          buffer.toString('utf8', payloadStart, payloadEnd),
        ) as AuditEntry;
        this.sent.push({ name: resource?.name ?? action, done });
      },
      onClosed: (listener: (error: PulsarError) => void) => (this.#closed = listener),
      close: async () => {},
    } as never;
  }

  end(): void {
    this.#closed(away);
  }
}

function bed(waitingMax = 4) {
  const brokers = new FakeBrokers();
  const options = { topic: 'persistent://a/b/audit', gateway: () => ({ nodeId: 1 }), log: silentLog };
  const topic = new AuditTopic({ ...options, waitingMax, retryMs: 5 });
  const until = async (isSo: () => boolean) => {
    for (let count = 0; !isSo(); count++) {
      if (count > 400) throw new Error(`never: ${isSo}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { brokers, topic, until };
}

describe('AuditTopic', () => {
  it('keeps what comes before there is a Pulsar, and sends it in its order', async () => {
    const { brokers, topic, until } = bed();
    for (const name of ['a', 'b', 'c']) topic.write(entry(name));
    topic.start(brokers as never);
    await until(() => brokers.sent.length === 3);
    expect(brokers.sent.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    for (const { done } of brokers.sent) done(undefined);
    expect([topic.waiting, topic.lost]).toEqual([0, 0]);
    await topic.close();
  });

  it('loses the newest where there is no room, counts them, and tells it when there is', async () => {
    const { brokers, topic, until } = bed(2);
    for (const name of ['a', 'b', 'c', 'd']) topic.write(entry(name));
    expect([topic.waiting, topic.lost]).toEqual([2, 2]);
    topic.start(brokers as never);
    await until(() => brokers.sent.length === 2);
    brokers.sent[0]!.done(undefined);
    await until(() => brokers.sent.length === 3);
    expect(brokers.sent.map(({ name }) => name)).toEqual(['a', 'b', 'store']);
    await topic.close();
  });

  it('opens again, and sends again, what Pulsar did not take', async () => {
    const { brokers, topic, until } = bed();
    brokers.refuses = true;
    topic.start(brokers as never);
    topic.write(entry('a'));
    await until(() => brokers.opened > 2);
    brokers.refuses = false;
    await until(() => brokers.sent.length === 1);
    brokers.sent[0]!.done(away);
    await until(() => brokers.sent.length === 2);
    expect(brokers.sent[1]!.name).toBe('a');
    for (const name of ['a1', 'a2', 'a3']) topic.write(entry(name));
    for (const { done } of brokers.sent.slice(1)) done(away);
    await until(() => brokers.sent.length === 9);
    expect(brokers.sent.slice(5).map(({ name }) => name)).toEqual(['a', 'a1', 'a2', 'a3']);
    for (const { done } of brokers.sent.slice(5)) done(undefined);
    brokers.sent.length = 2;
    brokers.end();
    topic.write(entry('b'));
    await until(() => brokers.sent.length === 3);
    await topic.close();
    topic.write(entry('late'));
    expect(topic.lost).toBeGreaterThan(0);
  });
});
