import { afterEach, describe, expect, it } from '@jest/globals';
import { PulsarAdminError, SubscriptionMemories } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { FakeSourceParts } from '../testing/fake-source-parts.js';
import { FakeSubscription } from '../testing/fake-subscription.js';
import { LeftSubscriptions } from './left-subscriptions.js';

const opened: LeftSubscriptions[] = [];

afterEach(() => {
  for (const left of opened.splice(0)) left.close();
});

function leaving(answer: (subscription: string) => Promise<void> = async () => {}) {
  const asked: string[] = [];
  const used = new Set<string>();
  const there: string[] = [];
  const left = new LeftSubscriptions({
    ...{ log: silentLog, answerMs: 10, retryMs: 5, isUsed: (_, subscription) => used.has(subscription) },
    admin: {
      deleteSubscription: (_topic, subscription) => {
        asked.push(subscription);
        return answer(subscription);
      },
      subscriptions: async () => there,
    },
  });
  opened.push(left);
  const until = async (times: number) => {
    const endsAt = performance.now() + 5_000;
    while (asked.length < times && performance.now() < endsAt)
      await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { asked, used, there, left, until };
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a subscription that was left', () => {
  it('is deleted at once, or when everybody would be back; not where somebody is there again', async () => {
    const { asked, used, left, until } = leaving();
    await left.end('t', 'a', true);
    expect(asked).toEqual(['a']);
    await left.end('t', 'b', false);
    expect(asked).toEqual(['a']);
    await until(2);
    expect(asked).toEqual(['a', 'b']);
    used.add('a');
    await left.end('t', 'a', true);
    await left.end('t', 'a', false);
    await moment();
    expect(asked).toEqual(['a', 'b']);
  });

  it.each([404, 412])("is others', or gone, by the answer %i", async (status) => {
    const { asked, left } = leaving(() => Promise.reject(new PulsarAdminError(status, 'no', 't')));
    await left.end('t', 'a', true);
    await moment();
    expect(asked).toEqual(['a']);
  });

  it('is tried again until Pulsar answers, and no more after the end', async () => {
    let faults = 3;
    const { asked, left, until } = leaving(async () => {
      if (faults-- > 0) throw new PulsarAdminError(503, 'away', 't');
    });
    await left.end('t', 'a', true);
    await until(4);
    await moment();
    expect(asked).toHaveLength(4);
    await left.end('t', 'a', false);
    left.close();
    await moment();
    expect(asked).toHaveLength(4);
  });

  it('is looked for where Pulsar does not answer who deletes it', async () => {
    const { asked, there, left, until } = leaving(() => new Promise(() => {}));
    await left.end('t', 'a', true);
    await moment();
    expect(asked).toEqual(['a']);
    there.push('a');
    await left.end('t', 'a', true);
    await until(3);
    expect(asked).toHaveLength(3);
  });

  it('is deleted with a few others at a time', async () => {
    let running = 0;
    let most = 0;
    const { asked, left } = leaving(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    await Promise.all(Array.from({ length: 50 }, (_, at) => left.end('t', String(at), true)));
    expect([asked.length, most]).toEqual([50, 8]);
  });
});

describe('the receivers of a subscription that ends with the last of them', () => {
  const sink = { onDelivery() {}, onEnded() {} };

  it('leave it to that one', async () => {
    const parts = new FakeSourceParts(new FakeSubscription());
    const plan = { name: 'v', endsWhen: 'left' } as const;
    const [one, two, kept] = [
      await parts.open(sink, plan),
      await parts.open(sink, plan),
      await parts.open(sink, { name: 'kept', endsWhen: 'closed' }),
    ];
    await one.close(true);
    expect(parts.left).toEqual([]);
    await Promise.all([two.close(false), kept.close(false)]);
    expect(parts.left).toEqual([['v', true]]);
  });

  it('end it once when they go together, and say whether all are known to be there', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const plan = { name: 'v', endsWhen: 'left' } as const;
    const receivers = await Promise.all([1, 2, 3].map(() => parts.open(sink, plan)));
    subscription.cut();
    await Promise.all(receivers.map((receiver) => receiver.close(false)));
    expect(parts.left).toEqual([['v', false]]);
  });

  it('wait for the deletion before they come again', async () => {
    const memories = new SubscriptionMemories(1_000);
    const first = memories.use('t', 'v');
    const steps: string[] = [];
    let deleted = () => {};
    const deletion = new Promise<void>((resolve) => {
      deleted = resolve;
    });
    const left = first.leave(Promise.resolve(), async () => {
      await deletion;
      steps.push('deleted');
    });
    const second = memories.use('t', 'v');
    // It came before the first had left: nothing is deleted.
    await left;
    expect(steps).toEqual([]);
    const again = second.leave(Promise.resolve(), async () => {
      await deletion;
      steps.push('deleted');
    });
    await moment();
    const third = memories.use('t', 'v');
    const opening = third.left().then(() => steps.push('opened'));
    deleted();
    await Promise.all([again, opening]);
    expect(steps).toEqual(['deleted', 'opened']);
    memories.close();
  });
});
