import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { temporaryNodeName } from '../address.js';
import type { DeliveryOutcome, EnlistedOutcome, MessageSink, OutgoingDelivery } from '../node.js';
import type { SubscriptionPlan } from '../nodes/node-plan.js';
import { noTransactions } from '../transactions/no-transactions.js';
import { CheckedLink, turns } from '../testing/checked-link.js';
import { FakeSourceParts, textOf } from '../testing/fake-source-parts.js';
import { FakeSubscription } from '../testing/fake-subscription.js';
import { until } from '../testing/until.js';

const accepted: DeliveryOutcome = { type: 'accepted' };
const outcomes: readonly DeliveryOutcome[] = [
  accepted,
  { type: 'released' },
  { type: 'modified', deliveryFailed: true },
  { type: 'rejected' },
];

const opened: CheckedLink[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ source }) => source.close(false)));
});

async function link(
  parts: FakeSourceParts,
  subscription: Partial<SubscriptionPlan> = {},
  plan: Parameters<FakeSourceParts['open']>[2] = {},
): Promise<CheckedLink> {
  const made = new CheckedLink();
  made.source = await parts.open(made, subscription, plan);
  opened.push(made);
  return made;
}

type Command =
  | { readonly kind: 'publish'; readonly messages: number }
  | { readonly kind: 'credit' | 'turns'; readonly count: number }
  | { readonly kind: 'settle'; readonly at: number; readonly outcome: number }
  | { readonly kind: 'cut'; readonly hears: boolean }
  | { readonly kind: 'drain' };

function record(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Command> {
  return fc.record(fields) as unknown as fc.Arbitrary<Command>;
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: record({ kind: fc.constant('publish'), messages: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: record({ kind: fc.constant('credit'), count: fc.integer({ min: 0, max: 8 }) }) },
  { weight: 2, arbitrary: record({ kind: fc.constant('turns'), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 8, arbitrary: record({ kind: fc.constant('settle'), at: fc.nat(8), outcome: fc.nat(3) }) },
  { weight: 1, arbitrary: record({ kind: fc.constant('cut'), hears: fc.boolean() }) },
  { weight: 1, arbitrary: record({ kind: fc.constant('drain') }) },
);

class Run {
  readonly subscription = new FakeSubscription();
  readonly parts = new FakeSourceParts(this.subscription);
  link!: CheckedLink;
  published = 0;

  async execute(each: Command): Promise<void> {
    const { link: to, subscription } = this;
    switch (each.kind) {
      case 'publish':
        subscription.add(...Array.from({ length: each.messages }, () => `m${this.published++}`));
        break;
      case 'credit':
        to.setCredit(each.count);
        break;
      case 'settle':
        to.settle(each.at, outcomes[each.outcome] as DeliveryOutcome);
        break;
      case 'cut':
        subscription.hearsLostAcks = each.hears;
        subscription.cut();
        break;
      case 'drain':
        to.source.drain(() => {});
        break;
      default:
        await turns(each.count);
    }
    await turns(2);
  }

  /** Takes all that is left. */
  async finish(): Promise<void> {
    await until(() => {
      this.link.setCredit(20);
      while (this.link.held.length > 0) this.link.settle(0, accepted);
      return this.subscription.backlog === 0;
    }, 'all to be acknowledged');
  }
}

describe.each(['Shared', 'Exclusive'] as const)('a link on a subscription of type %s', (type) => {
  it('gets every message while it has credit, none twice at a time, and none after it was accepted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 80 }), async (commands) => {
        const run = new Run();
        run.link = await link(run.parts, { type });
        for (const each of commands) await run.execute(each);
        await run.finish();
        expect(run.link.faults).toEqual([]);
        // Nothing is gone that the client has not accepted or rejected.
        expect(run.link.decided.size).toBe(run.published);
        const [consumer] = run.subscription.consumers;
        // Of an exclusive one, what it has comes again before the rest.
        if (type === 'Shared') expect(consumer?.grantedMax).toBeLessThanOrEqual(20 + 3);
        await run.link.source.close(false);
        expect([run.parts.waiting.total, run.subscription.consumers.size]).toEqual([0, 0]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('a link on a shared subscription', () => {
  it('settles a thousand while Pulsar is away: nothing is given twice, and all is acknowledged when it is back', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const receiver = await link(parts);
    for (let at = 0; at < 1_000; at++) subscription.add(`m${at}`);
    receiver.setCredit(1_000);
    await until(() => receiver.held.length === 1_000, 'all messages');
    const errors: unknown[] = [];
    for (const { delivery } of receiver.held) {
      receiver.source.settle(delivery as never, accepted, (error) => errors.push(error?.condition));
    }
    subscription.hearsLostAcks = false;
    expect(errors).toEqual([]);
    subscription.cut();
    expect(errors).toEqual(Array(1_000).fill(undefined));
    expect([receiver.given, subscription.backlog]).toEqual([1_000, 0]);

    subscription.forgetAcks();
    receiver.setCredit(10);
    await until(() => subscription.backlog === 0, 'all to be acknowledged');
    expect([receiver.given, parts.counters.acknowledgedAgain]).toEqual([1_000, 1_000]);
  });

  it('does not ask beyond its window, however much credit there is and however large the messages are', async () => {
    const subscription = new FakeSubscription();
    const receiver = await link(new FakeSourceParts(subscription, { prefetchMessagesMax: 50 }));
    receiver.setCredit(1_000_000);
    const [consumer] = subscription.consumers;
    expect(consumer?.grantedMax).toBe(32);
    for (let at = 0; at < 40; at++) subscription.add('small');
    receiver.faults.length = 0;
    await until(() => receiver.given === 40, 'the small ones');
    expect(consumer?.grantedMax).toBe(50);
    for (let at = 0; at < 100; at++) subscription.add('x'.repeat(200_000));
    await until(() => receiver.given === 140, 'the large ones');
    await turns(3);
    // One mebibyte of them.
    expect(consumer?.grantedMessages).toBeLessThanOrEqual(10);
  });

  it('asks for no more while what it was given is not sent', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const sent: OutgoingDelivery[] = [];
    const sink: MessageSink = { onDelivery: (delivery) => void sent.push(delivery), onEnded: () => {} };
    const source = await parts.open(sink);
    for (let at = 0; at < 100; at++) subscription.add('x'.repeat(100_000));
    source.setCredit(1_000);
    await turns(20);
    const before = sent.length;
    expect(before).toBeLessThanOrEqual(32 + 10);
    await turns(20);
    expect(sent.length).toBe(before);
    for (let at = 0; at < 100; at++) {
      sent[at]?.sent();
      if (at >= before - 2) await turns(5);
    }
    expect(sent.length).toBe(100);
    expect(sent[0]?.parts).toEqual([]);
    await source.close(false);
    expect(parts.waiting.total).toBe(0);
  });

  it('does not give what waited for credit when its connection was lost: others may have it', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription, { idleGiveBackMs: 60_000 });
    const receiver = await link(parts);
    receiver.setCredit(1);
    subscription.add('a', 'b', 'c');
    await until(() => receiver.held.length === 1, 'the first');
    const other = await link(parts);
    other.setCredit(10);
    subscription.cut();
    await until(() => other.held.length === 3, 'the entry at the other');
    receiver.setCredit(5);
    await turns(5);
    // The first is with both, as Pulsar has it: whoever is cut off may lose it to others.
    expect([receiver.given, other.given]).toEqual([1, 3]);
  });

  it('does not give what came to a consumer that it was leaving: others get it', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const receiver = await link(parts);
    const { promise: left, resolve } = Promise.withResolvers<void>();
    subscription.closing = left;
    receiver.setCredit(5);
    receiver.setCredit(0);
    await until(() => subscription.leaving === 1, 'the consumer that asked for messages to be left');
    subscription.add('a');
    await turns(5);
    const other = await link(parts);
    other.setCredit(5);
    resolve();
    await until(() => other.given === 1, 'the message at the other');
    subscription.closing = undefined;
    receiver.setCredit(5);
    await turns(5);
    expect([receiver.given, other.given]).toEqual([0, 1]);
  });

  it('looks past messages that its filter does not match, which others may have meanwhile', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const filter = { matches: (delivery: OutgoingDelivery) => textOf(delivery) === 'mine' };
    const receiver = await link(parts, {}, { filter });
    for (let at = 0; at < 40; at++) subscription.add(`theirs ${at}`);
    subscription.add('mine');
    receiver.setCredit(10);
    await until(() => receiver.given === 1, 'the own one');
    expect([receiver.held[0]?.text, subscription.backlog]).toEqual(['mine', 41]);
    const other = await link(parts);
    other.setCredit(1_000);
    await until(() => other.given === 40, 'the others');
    expect([
      ...receiver.faults,
      ...other.faults.filter((fault) => !fault.startsWith('theirs twice')),
    ]).toEqual([]);
  });

  it('gives nothing of a batch to another link while its own has messages of it', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const receiver = await link(parts);
    subscription.add('a', 'b', 'c');
    receiver.setCredit(3);
    await until(() => receiver.held.length === 3, 'all three');
    const other = await link(parts);
    other.setCredit(3);
    receiver.settle(0, { type: 'released' });
    await new Promise((resolve) => setTimeout(resolve, 10 * parts.batchReturnMs));
    expect([other.given, subscription.entries[0]?.redeliveries]).toEqual([0, 0]);
    receiver.settle(0, accepted);
    receiver.settle(0, accepted);
    await until(() => other.held.length === 1, 'the released one');
    other.settle(0, accepted);
    await until(() => subscription.backlog === 0, 'all to be acknowledged');
    expect([other.decided, receiver.decided].map((texts) => [...texts])).toEqual([['a'], ['b', 'c']]);
  });

  it('gives again what was released of a batch, whenever the rest of it is accepted', async () => {
    const subscription = new FakeSubscription();
    const receiver = await link(new FakeSourceParts(subscription), { type: 'Exclusive' });
    subscription.add('a', 'b', 'c');
    receiver.setCredit(3);
    await until(() => receiver.held.length === 3, 'all three');
    receiver.settle(0, { type: 'released' });
    // It waits for the others a moment, and then goes back without them.
    receiver.setCredit(3);
    await until(() => receiver.held.length === 3, 'the entry to be given back');
    receiver.settle(1, accepted);
    await turns(3);
    expect(subscription.backlog).toBe(2);
    await until(() => receiver.held.length === 2, 'the released one');
    expect(receiver.held.map(({ text }) => text)).toEqual(['b', 'a']);
    receiver.settle(0, accepted);
    receiver.settle(0, accepted);
    await until(() => subscription.backlog === 0, 'all to be acknowledged');
    expect(receiver.faults).toEqual([]);
  });

  it('makes dead letters of what it rejects; what cannot be stored comes again', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const receiver = await link(parts);
    subscription.add('a', 'b');
    receiver.setCredit(10);
    await until(() => receiver.held.length === 2, 'both');
    const [first, second] = receiver.held.splice(0) as [CheckedLink['held'][0], CheckedLink['held'][0]];
    const error = { type: 'error', condition: 'x:y', description: 'no' } as const;
    const done = Promise.withResolvers<unknown>();
    receiver.source.settle(first.delivery as never, { type: 'rejected', error } as never, done.resolve);
    expect(await done.promise).toBeUndefined();
    expect(parts.letters).toMatchObject([
      { batchIndex: 0, reason: 'rejected', condition: 'x:y', description: 'no', deliveries: 1 },
    ]);
    parts.letterFault = new Error('Pulsar is away');
    const failed = Promise.withResolvers<unknown>();
    receiver.source.settle(second.delivery as never, { type: 'rejected' }, failed.resolve);
    expect(await failed.promise).toMatchObject({ condition: 'amqp:internal-error' });
    await until(() => receiver.held.length === 1, 'the other one again');
    expect([receiver.held[0]?.text, subscription.backlog]).toEqual(['b', 1]);
  });

  it('makes dead letters of what was lost with its links too often, and not of what else was in its batch', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    subscription.add('a', 'b');
    const plan = { deliveriesMax: 2 };
    const first = await link(parts, {}, plan);
    first.setCredit(2);
    await until(() => first.held.length === 2, 'the batch');
    first.settle(0, accepted);
    await until(() => first.accepted.size === 1, 'the acknowledgement');
    await first.source.close(false);
    const second = await link(parts, {}, plan);
    second.setCredit(2);
    await until(() => second.held.length === 1, 'what is left of it');
    await second.source.close(false);
    const third = await link(parts, {}, plan);
    third.setCredit(2);
    await until(() => subscription.backlog === 0, 'the dead letter');
    expect([parts.letterTexts, third.given]).toEqual([['b'], 0]);
  });

  it('has no dead letters of temporary nodes, which would outlive them', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const name = temporaryNodeName('queue', 'a', '6f1c2a3e-0000-4000-8000-0123456789ab');
    subscription.add('a');
    const receiver = await link(parts, {}, { topic: { ...parts.topic, name } });
    receiver.setCredit(1);
    await until(() => receiver.held.length === 1, 'the message');
    receiver.settle(0, { type: 'rejected' });
    await until(() => subscription.backlog === 0, 'the acknowledgement');
    expect([parts.letters, parts.counters.dropped]).toEqual([[], 1]);
  });

  it('leaves to another link what its client can never take', async () => {
    const subscription = new FakeSubscription();
    const parts = new FakeSourceParts(subscription);
    const picky = await link(parts);
    picky.setCredit(10);
    subscription.add('m');
    await until(() => picky.held.length === 1, 'the message');
    picky.settle(0, { type: 'modified', deliveryFailed: true, undeliverableHere: true });
    const other = await link(parts);
    other.setCredit(10);
    await until(() => other.held.length === 1, 'the message');
    expect([picky.given, other.held[0]?.text]).toEqual([1, 'm']);
  });

  it('is asked for outcomes of a transaction when that has ended', async () => {
    const subscription = new FakeSubscription();
    const scope = noTransactions.openScope(undefined as never);
    const enlisted: EnlistedOutcome[] = [];
    const transactions = {
      ...scope,
      enlist: (_: unknown, each: EnlistedOutcome) => void enlisted.push(each),
    };
    const receiver = await link(new FakeSourceParts(subscription), {}, { transactions });
    subscription.add('a');
    subscription.add('b');
    receiver.setCredit(2);
    await until(() => receiver.held.length === 2, 'both');
    const told: unknown[] = [];
    const id = Buffer.alloc(8);
    const settle = (at: number, outcome: DeliveryOutcome) =>
      receiver.source.settle(receiver.held[at]?.delivery as never, outcome, (error) => told.push(error), id);
    settle(0, accepted);
    settle(1, { type: 'released' });
    await turns(3);
    expect(enlisted.map(({ acknowledgement }) => acknowledgement?.delivery.entryId)).toEqual([0, undefined]);
    expect([told, subscription.backlog]).toEqual([[], 2]);
    for (const { onEnd } of enlisted) onEnd(undefined);
    expect(told).toEqual([undefined, undefined]);
    receiver.held.length = 0;
    receiver.setCredit(2);
    await until(() => receiver.held.length === 1, 'what was released');
    expect(receiver.held[0]?.text).toBe('b');
  });
});
