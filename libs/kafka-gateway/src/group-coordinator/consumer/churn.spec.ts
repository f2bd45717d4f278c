import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { ClassicConsumer } from '../../testing/classic-consumer.js';
import { ConsumerGroupBed, type FakeMember } from '../../testing/consumer-group-bed.js';
import { ConsumerGroup } from './consumer-group.js';

const topicNames = ['t0', 't1', 't2'];

type Step =
  | {
      readonly kind: 'join';
      readonly topics: string[];
      readonly pattern: boolean;
      readonly instance: boolean;
    }
  | { readonly kind: 'slow-beat' | 'beat' | 'leave' | 'vanish' | 'return' | 'lost'; readonly who: number }
  | { readonly kind: 'grow'; readonly topic: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'classic' | 'fail-over' };

const who = fc.nat(9);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      topics: fc.subarray(topicNames, { minLength: 1 }),
      pattern: fc.boolean(),
      instance: fc.boolean(),
    }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom('beat' as const, 'slow-beat' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('leave' as const, 'vanish' as const, 'return' as const, 'lost' as const),
      who,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('grow' as const), topic: fc.constantFrom(...topicNames) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 5_000, 20_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('classic' as const, 'fail-over' as const) }) },
);

/** A group under churn, and what its clients believe. */
class Churn {
  readonly bed = new ConsumerGroupBed({}, { t0: 3, t1: 2, t2: 4 });
  readonly members: { readonly member: FakeMember; readonly instance: string | null; away: boolean }[] = [];
  readonly classic: ClassicConsumer[] = [];
  /** What a client was told to read, and does not yet. */
  readonly #told = new Map<FakeMember, Record<string, number[]>>();
  #ids = 0;

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'join':
        return this.#join(step.topics, step.pattern, step.instance);
      case 'classic':
        return this.#joinClassic();
      case 'fail-over':
        return this.bed.failOver({ compacted: this.#ids % 2 === 0 });
      case 'grow':
        return this.bed.topics.set(step.topic, this.bed.topics.all.get(step.topic)!.partitions + 1);
      case 'wait':
        return this.#wait(step.ms);
      default:
        return this.#act(step.kind, step.who);
    }
  }

  /** Nobody else's: every partition has at most one client that was told to read it and not told otherwise since. */
  check(): void {
    const owners = new Map<string, string>();
    const add = (owner: string, owned: Record<string, number[]>) => {
      for (const [topic, partitions] of Object.entries(owned)) {
        for (const partition of partitions) {
          const name = `${topic}-${partition}`;
          expect(`${name} ${owners.get(name) ?? owner}`).toBe(`${name} ${owner}`);
          owners.set(name, owner);
        }
      }
    };
    for (const { member, away } of this.members) if (!away) add(member.id, member.owned);
    for (const each of this.classic) add(`classic ${each.memberId}`, each.owned);
  }

  /** When nothing happens any more the group comes to rest, and everything is read by somebody. */
  async rest(): Promise<void> {
    for (let round = 0; round < 60; round++) {
      this.bed.slice.clock.advance(1_000);
      await this.#beatAll();
      await new Promise(setImmediate);
    }
    const { protocol } = this.bed.slice.coordinator.group('g') ?? {};
    if (!(protocol instanceof ConsumerGroup)) return;
    expect(protocol.stateName).toBe(this.#present().length + this.classic.length > 0 ? 'Stable' : 'Empty');
    const read = [
      ...this.#present().map(({ member }) => member.owned),
      ...this.classic.map(({ owned }) => owned),
    ];
    for (const topic of protocol.subscribedTopics()) {
      const { partitions } = this.bed.topics.all.get(topic)!;
      const all = read.flatMap((owned) => owned[topic] ?? []).sort((a, b) => a - b);
      expect({ topic, all }).toEqual({ topic, all: Array.from({ length: partitions }, (_, index) => index) });
    }
  }

  #present() {
    return this.members.filter(({ away }) => !away);
  }

  async #join(topics: string[], pattern: boolean, isStatic: boolean): Promise<void> {
    if (this.members.length >= 6) return;
    const id = `m${this.#ids++}`;
    const instance = isStatic ? `i${id}` : null;
    const subscription = pattern ? { topicPattern: topics.join('|') } : { topicNames: topics };
    const member = this.bed.member(id, { ...subscription, instanceId: instance });
    await member.join();
    this.members.push({ member, instance, away: false });
  }

  async #joinClassic(): Promise<void> {
    const protocol = this.bed.slice.coordinator.group('g')?.protocol;
    // Classic groups have specs of their own.
    if (this.classic.length >= 2 || !(protocol instanceof ConsumerGroup) || this.#present().length === 0)
      return;
    const consumer = new ClassicConsumer(this.bed, { topics: ['t0'] });
    await consumer.join();
    await consumer.sync();
    this.classic.push(consumer);
  }

  async #wait(ms: number): Promise<void> {
    for (let waited = 0; waited < ms; waited += 1_000) {
      this.bed.slice.clock.advance(1_000);
      await new Promise(setImmediate);
      if (waited % 5_000 === 0) await this.#beatAll();
    }
  }

  async #beatAll(): Promise<void> {
    for (const each of this.#present()) await this.#beat(each.member);
    for (const each of this.classic) await each.follow();
  }

  /** A slow client hears what it is to read from now on, and goes on reading what it read. */
  async #beat(member: FakeMember, slow = false): Promise<void> {
    if (!slow) member.owned = this.#told.get(member) ?? member.owned;
    const reads = member.owned;
    try {
      await member.beat();
    } catch (error) {
      const { code } = error as { code: number };
      expect([KafkaErrorCode.UNKNOWN_MEMBER_ID, KafkaErrorCode.FENCED_MEMBER_EPOCH]).toContain(code);
      await member.join();
      this.#told.delete(member);
      return;
    }
    if (member.owned !== reads) this.#told.set(member, member.owned);
    if (slow) member.owned = reads;
    else if (member.owned === reads) this.#told.delete(member);
  }

  async #act(
    kind: 'slow-beat' | 'beat' | 'leave' | 'vanish' | 'return' | 'lost',
    index: number,
  ): Promise<void> {
    const each = this.members[index % Math.max(1, this.members.length)];
    if (each === undefined) return;
    const { member, instance } = each;
    const others = this.#present().length - (each.away ? 0 : 1);
    if (kind === 'return') {
      if (!each.away || instance === null) return;
      this.members.splice(this.members.indexOf(each), 1);
      const again = this.bed.member(`m${this.#ids++}`, member.subscription);
      await again.join();
      this.members.push({ member: again, instance, away: false });
      return;
    }
    if (each.away) return;
    if (kind === 'beat' || kind === 'slow-beat') return this.#beat(member, kind === 'slow-beat');
    if (kind === 'lost') {
      // The answer does not reach the client, which believes what it believed.
      const { epoch, owned } = member;
      const told = this.#told.get(member);
      await this.#beat(member, true);
      if (member.epoch === epoch) return;
      Object.assign(member, { epoch, owned });
      if (told === undefined) this.#told.delete(member);
      else this.#told.set(member, told);
      return;
    }
    if (others === 0 && this.classic.length > 0) return;
    if (kind === 'leave' && instance !== null) {
      each.away = true;
      await member.leave(-2);
      return;
    }
    this.members.splice(this.members.indexOf(each), 1);
    if (kind === 'leave') await member.leave();
  }
}

describe('a consumer group under churn', () => {
  it('never has two readers of a partition, and comes to rest with one for each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const churn = new Churn();
        for (const each of steps) {
          await churn.run(each);
          churn.check();
        }
        await churn.rest();
        churn.check();
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
