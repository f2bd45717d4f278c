import { cursorOf, storedBatch } from '#libs/pulsar';
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { encodeMessageAnnotations, encodeProperties } from '#libs/amqp-codec';
import type { Principal } from '#libs/auth';
import { AmqpError } from '../amqp.errors.js';
import type { DecodedMessage } from '../mapping/incoming-message.js';
import type { EnlistedPost, PublishDone } from '../node.js';
import type { TargetPlan } from '../nodes/node-plan.js';
import { data } from '../testing/mapping-bed.js';
import { identityOf, publish } from '../testing/publish-bed.js';
import type { AmqpPartitionPublisher } from './publish-kind.js';
import { TopicTarget } from './topic-target.js';

const tenant = { name: 'acme' } as TargetPlan['topic']['tenant'];
const transactionId = Buffer.from('txn-0001');

/** Targets whose partitions keep what they are given. */
class Bed {
  readonly appended: [partition: string, payload: string][] = [];
  readonly posts: EnlistedPost[] = [];
  partitions = ['p0', 'p1', 'p2'];
  principal = { tenant, user: 'ada' } as unknown as Principal;

  target(plan: Partial<TargetPlan> = {}): TopicTarget {
    const bed = this;
    const identity = {
      ...identityOf(tenant),
      get principal() {
        return bed.principal;
      },
    };
    const topic = {
      ...{ tenant, name: 't', pulsarTopic: 't', compacted: false },
      get partitions() {
        return bed.partitions;
      },
    };
    const transactions = {
      post: (_id: Buffer, post: EnlistedPost, done: PublishDone) => {
        this.posts.push(post);
        done(undefined);
      },
    };
    const whole = { ...{ identity, topic, transactions, entries: 'batched' }, ...plan };
    return new TopicTarget(whole as unknown as TargetPlan, {
      partition: (_tenant, name) => this.publisher(name),
    });
  }

  private publisher(partition: string): AmqpPartitionPublisher {
    const append = (message: DecodedMessage, ...rest: unknown[]) => {
      const { sections, payloadStart, payloadEnd } = message;
      this.appended.push([partition, sections.message.toString('utf8', payloadStart, payloadEnd)]);
      (rest.at(-1) as PublishDone)(undefined);
      return undefined;
    };
    return { append } as unknown as AmqpPartitionPublisher;
  }
}

describe('partitions', () => {
  it('of messages without a key: one for a link, another for the next, and of those that were added too', async () => {
    const bed = new Bed();
    for (const target of [bed.target(), bed.target(), bed.target()]) {
      for (const text of ['a', 'b']) expect(await publish(target, data(Buffer.from(text)))).toBe('stored');
    }
    const used = bed.appended.map(([partition]) => partition);
    expect([used[0], used[2], used[4]]).toEqual([used[1], used[3], used[5]]);
    expect(new Set(used)).toEqual(new Set(bed.partitions));

    const keyed = encodeMessageAnnotations(
      new Map([['x-opt-partition-key', { type: 'string', value: '21' }]]),
    );
    const target = bed.target();
    expect(await publish(target, keyed, data(Buffer.from('k')))).toBe('stored');
    // kafka-clients: toPositive(murmur2("21")) is 1173551340.
    expect(bed.appended.at(-1)?.[0]).toBe(`p${1_173_551_340 % 3}`);
    bed.partitions = ['p0', 'p1', 'p2', 'p3', 'p4'];
    expect(await publish(target, keyed, data(Buffer.from('k')))).toBe('stored');
    expect(bed.appended.at(-1)?.[0]).toBe(`p${1_173_551_340 % 5}`);
  });
});

describe('a message of a transaction', () => {
  it('goes to the transaction, as an entry of its own', async () => {
    const bed = new Bed();
    bed.partitions = ['p0'];
    const target = bed.target();
    const message = Buffer.concat([
      encodeProperties({ type: 'properties', groupId: 'g' }),
      data(Buffer.from('payload')),
    ]);
    const outcome = await new Promise<AmqpError | undefined>((resolve) => {
      target.publish({ parts: [message], bytes: message.length, transactionId }, resolve);
    });
    expect(outcome).toBeUndefined();
    expect([bed.appended.length, bed.posts.length, bed.posts[0]?.topic]).toEqual([0, 1, 'p0']);
    const entry = bed.posts[0]!.entry;
    expect(entry).toMatchObject({ numMessages: 1, metadata: { orderingKey: Buffer.from('g') } });
    const cursor = cursorOf(storedBatch(entry));
    cursor.next();
    expect(String(cursor.value)).toBe('payload');
  });
});

describe('the user', () => {
  it('is who has authenticated at that time', async () => {
    const bed = new Bed();
    const target = bed.target();
    const saysAda = [
      encodeProperties({ type: 'properties', userId: Buffer.from('ada') }),
      data(Buffer.from('v')),
    ];
    expect(await publish(target, ...saysAda)).toBe('stored');
    bed.principal = { tenant, user: 'eve' } as unknown as Principal;
    expect(await publish(target, ...saysAda)).toBe('amqp:unauthorized-access');
    expect(bed.appended).toHaveLength(1);
  });
});
