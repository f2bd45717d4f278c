import { Buffer } from 'node:buffer';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type ConsumerOptions, Delivery, PulsarError, newBuilder, storedBatch } from '#libs/pulsar';
import { published } from '../testing/mapping-bed.js';
import { appendMessage } from '../mapping/message.mapping.js';
import type { Queue } from '../topology/queue.js';
import { type HeadMessage, HeadReader } from './head-reader.js';

/** A queue in Pulsar that gives what it is asked for, as far as it has it. */
class FakeSubscription {
  readonly acknowledged: number[] = [];
  readonly granted: number[] = [];
  ready: string[] = [];
  /** With other consumers. */
  held = 0;
  isClosed = false;
  options: ConsumerOptions | undefined;
  grantedMessages = 0;
  private next = 0;

  readonly subscribe = async (options: ConsumerOptions) => {
    this.options = options;
    return this as never;
  };

  grant(messages: number): void {
    this.granted.push(messages);
    this.grantedMessages += messages;
    setImmediate(() => this.give());
  }

  async hasNoBacklog(): Promise<boolean> {
    return this.ready.length === 0 && this.held === 0;
  }

  ack({ entryId }: { readonly entryId: number }): void {
    this.acknowledged.push(entryId);
  }

  ackIndex(delivery: { readonly entryId: number }): void {
    this.ack(delivery);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  deliver(entry: ReturnType<typeof storedBatch>): void {
    this.grantedMessages--;
    const fields = { ledgerId: 1, entryId: this.next++, redeliveryCount: 0 };
    this.options?.onEntry(new Delivery(entry, fields as never, 0, 1, 1));
  }

  private give(): void {
    while (this.grantedMessages > 0 && this.ready.length > 0) {
      const builder = newBuilder();
      appendMessage(builder, published({}, { body: [Buffer.from(this.ready.shift()!)] }), undefined);
      this.deliver(storedBatch(builder.finish('none')));
    }
  }
}

let pulsar: FakeSubscription;
let reader: HeadReader;
let unreadable: number;

beforeEach(async () => {
  pulsar = new FakeSubscription();
  unreadable = 0;
  reader = await HeadReader.open({
    ...{ pulsar, tenantKey: 'acme', topic: 'q-partition-0', queue: { name: 'q', settings: {} } as Queue },
    onUnreadable: () => {
      unreadable++;
    },
  });
});

const texts = (messages: readonly HeadMessage[]) => messages.map(({ stored }) => stored.body.toString());

describe('who reads the head of a queue', () => {
  it('asks for nothing by itself, and for one at first: nobody knows how large they are', async () => {
    pulsar.ready = ['a', 'b', 'c', 'd'];
    expect(pulsar.granted).toEqual([]);
    expect(pulsar.options).toMatchObject({ type: 'shared', creditOn: 'grant', priorityLevel: 1_000 });
    expect(texts(await reader.take(3))).toEqual(['a']);
    expect(texts(await reader.take(3))).toEqual(['b', 'c', 'd']);
    expect(pulsar.granted).toEqual([1, 3]);
  });

  it('knows that there is nothing, at once where nobody has anything either', async () => {
    expect([await reader.take(1), await reader.isEmpty()]).toEqual([[], true]);
    pulsar.held = 1;
    expect([await reader.take(1), await reader.isEmpty()]).toEqual([[], false]);
    // What was asked for once is not asked for again.
    expect(pulsar.granted).toEqual([1]);
  });

  it('has again what was put back, before all others', async () => {
    pulsar.ready = ['a', 'b'];
    const taken = await reader.take(1);
    reader.putBack(taken);
    expect(texts(await reader.take(5))).toEqual(['a']);
    expect(texts(await reader.take(5))).toEqual(['b']);
  });

  it('acknowledges what cannot be read, and gives the rest back by leaving', async () => {
    pulsar.grantedMessages = 1;
    pulsar.deliver({ ledgerId: 1, entryId: 0, isEncrypted: true, isMarker: false } as never);
    pulsar.ready = ['a', 'b'];
    const [message] = await reader.take(1);
    expect([unreadable, pulsar.acknowledged]).toEqual([1, [0]]);
    reader.acknowledge(message!);
    await reader.take(1);
    await reader.close();
    expect([pulsar.acknowledged, pulsar.isClosed]).toEqual([[0, message!.delivery.entryId], true]);
    expect(await reader.take(1)).toEqual([]);
  });

  it('is at an end when the topic moves: it does not make again what is being deleted', async () => {
    pulsar.held = 1;
    const taking = reader.take(1);
    setTimeout(() => pulsar.options?.onDetached?.(), 30);
    await expect(taking).rejects.toThrow('the head of the queue has moved');
    await expect(reader.take(1)).rejects.toThrow(PulsarError);
    expect(pulsar.isClosed).toBe(true);
  });
});
