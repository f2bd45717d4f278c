import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KafkaErrorCode as code } from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import { ClassicBed, protocols } from '../../testing/classic-bed.js';
import { type JoinAnswer, joinRefusal, type SyncAnswer, syncRefusal } from './classic-requests.js';

type Step =
  | {
      readonly kind: 'come';
      readonly instance: boolean;
      readonly idRequired: boolean;
      readonly extra: boolean;
    }
  | { readonly kind: 'act' | 'leave' | 'vanish' | 'return' | 'lost' | 'change'; readonly who: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'hold' }
  | { readonly kind: 'give' }
  | { readonly kind: 'fail-over' };

const who = fc.nat(7);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('come' as const),
      instance: fc.boolean(),
      idRequired: fc.boolean(),
      extra: fc.boolean(),
    }),
  },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('act' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'leave' as const,
        'vanish' as const,
        'return' as const,
        'lost' as const,
        'change' as const,
      ),
      who,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1_000, 4_000, 21_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('hold' as const, 'give' as const, 'fail-over' as const) }),
  },
);

/** A client as its application would write it: it does what it was told by the last answer, and one thing at a time. */
class Client {
  memberId = '';
  phase: 'idle' | 'waiting' | 'joined' | 'in' | 'fenced' | 'gone' = 'idle';
  joined: JoinAnswer | undefined;
  assignment = '';
  metadata = 0;
  /** Answers to an older attempt are nobody's. */
  #attempt = 0;

  constructor(
    private readonly churn: Churn,
    readonly instanceId: string | null,
    readonly idRequired: boolean,
    readonly extra: boolean,
  ) {}

  /** Joins, syncs or sends a heartbeat, whatever comes next. */
  act(): void {
    if (this.phase === 'idle') this.#join();
    else if (this.phase === 'joined') this.#sync();
    else if (this.phase === 'in') this.#told(this.churn.heartbeat(this));
  }

  /** The connection broke: nothing that is on its way is heard. */
  lose(): void {
    this.#attempt++;
    if (this.phase === 'waiting') this.phase = 'idle';
  }

  #join(): void {
    const attempt = ++this.#attempt;
    this.phase = 'waiting';
    const call = {
      ...{ memberId: this.memberId, instanceId: this.instanceId, idRequired: this.idRequired },
      ...{ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000 },
      protocols: protocols('range', ...(this.extra ? ['extra'] : [])).map(({ name }) => ({
        name,
        metadata: Buffer.from(`${name} ${this.metadata}`),
      })),
    };
    this.churn.join(call, (answer) => {
      if (attempt !== this.#attempt || this.phase !== 'waiting') return;
      this.phase = 'idle';
      if (answer.code === code.MEMBER_ID_REQUIRED) this.memberId = answer.memberId;
      if (answer.code !== code.NONE) return this.#told(answer.code);
      this.memberId = answer.memberId;
      this.joined = answer;
      this.phase = 'joined';
    });
  }

  #sync(): void {
    const attempt = ++this.#attempt;
    const { generation, leader, members, skipAssignment } = this.joined!;
    const leads = leader === this.memberId && !skipAssignment;
    const told = leads
      ? members.map(({ memberId }) => [memberId, `${generation} by ${leader}`] as const)
      : [];
    this.phase = 'waiting';
    this.churn.sync(this, generation, Object.fromEntries(told), (answer) => {
      if (attempt !== this.#attempt || this.phase !== 'waiting') return;
      this.phase = 'idle';
      if (answer.code !== code.NONE) return this.#told(answer.code);
      this.assignment = answer.assignment.toString();
      this.phase = 'in';
      this.churn.assigned(this, generation);
    });
  }

  #told(refusal: number): void {
    if (refusal === code.NONE || refusal === code.NOT_COORDINATOR || refusal === code.MEMBER_ID_REQUIRED)
      return;
    expect(allowed).toContain(refusal);
    this.phase = refusal === code.FENCED_INSTANCE_ID ? 'fenced' : 'idle';
    if (refusal === code.UNKNOWN_MEMBER_ID) this.memberId = '';
  }
}

const allowed: number[] = [
  code.REBALANCE_IN_PROGRESS,
  code.UNKNOWN_MEMBER_ID,
  code.ILLEGAL_GENERATION,
  code.FENCED_INSTANCE_ID,
];

class Churn {
  bed = new ClassicBed({ groupInitialRebalanceDelayMs: 1_000 });
  readonly clients: Client[] = [];
  /** By generation: the leader whose assignment somebody was given. */
  readonly #leaders = new Map<number, string>();
  #instances = 0;
  #unanswered = 0;

  get live(): Client[] {
    return this.clients.filter(({ phase }) => phase !== 'gone' && phase !== 'fenced');
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  do(step: Step): void {
    if (step.kind === 'come') {
      const instance = step.instance ? `i${this.#instances++}` : null;
      this.clients.push(new Client(this, instance, step.idRequired, step.extra));
    } else if (step.kind === 'wait') this.bed.advance(step.ms);
    else if (step.kind === 'hold') this.bed.bed.log.hold();
    else if (step.kind === 'give') this.bed.bed.log.give();
    else if (step.kind === 'fail-over') this.failOver();
    else {
      const client = this.live[step.who % Math.max(1, this.live.length)];
      if (client !== undefined) this.#have(client, step.kind);
    }
  }

  #have(client: Client, kind: 'act' | 'leave' | 'vanish' | 'return' | 'lost' | 'change'): void {
    if (kind === 'act') client.act();
    else if (kind === 'lost') client.lose();
    else if (kind === 'change') {
      client.metadata++;
      if (client.phase === 'in') client.phase = 'idle';
    } else {
      if (kind === 'leave' && client.memberId !== '') this.#leave(client);
      client.lose();
      client.phase = 'gone';
      // The application starts again: a static member keeps its instance.
      if (kind === 'return')
        this.clients.push(new Client(this, client.instanceId, client.idRequired, client.extra));
    }
  }

  join(call: Parameters<ClassicBed['join']>[0], answer: (answer: JoinAnswer) => void): void {
    const once = this.#once(answer);
    try {
      this.bed.join(call, once);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      once(joinRefusal('', error.code));
    }
  }

  sync(
    { memberId, instanceId }: Client,
    generation: number,
    assignments: Record<string, string>,
    answer: (answer: SyncAnswer) => void,
  ): void {
    const once = this.#once(answer);
    if (this.bed.state === undefined) once(syncRefusal(code.UNKNOWN_MEMBER_ID));
    else this.bed.sync(memberId, generation, assignments, instanceId === null ? {} : { instanceId }, once);
  }

  heartbeat({ memberId, instanceId, joined }: Client): number {
    if (this.bed.state === undefined) return code.UNKNOWN_MEMBER_ID;
    return this.bed.heartbeat(memberId, joined!.generation, instanceId);
  }

  /** All who are told of a generation are told by the same leader, and of that generation. */
  assigned({ assignment }: Client, generation: number): void {
    // Who did not join in time is in no assignment, and gets nothing.
    if (assignment === '') return;
    const [ofGeneration, leader] = assignment.split(' by ') as [string, string];
    expect(Number(ofGeneration)).toBe(generation);
    expect(this.#leaders.get(generation) ?? leader).toBe(leader);
    this.#leaders.set(generation, leader);
  }

  failOver(): void {
    this.bed = this.bed.failOver({ groupInitialRebalanceDelayMs: 1_000 });
  }

  #leave({ memberId, instanceId }: Client): void {
    if (this.bed.state !== undefined) this.bed.leave(memberId, instanceId);
  }

  /** Counts calls that wait; a second answer to one is a fault. */
  #once<T>(answer: (answer: T) => void): (answer: T) => void {
    let answered = false;
    this.#unanswered++;
    return (value) => {
      expect(answered).toBe(false);
      answered = true;
      this.#unanswered--;
      answer(value);
    };
  }
}

describe('a classic group under churn', () => {
  it('answers everybody once, has one leader for each generation, and comes to rest with all who are there', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const churn = new Churn();
        for (const each of steps) churn.do(each);
        churn.bed.bed.log.give();
        // Whoever is there goes on doing what it does; the rest are out after their sessions.
        for (let second = 0; second < 400; second++) {
          for (const client of churn.live) client.act();
          churn.bed.advance(1_000);
        }
        const { live } = churn;
        expect(live.map(({ phase }) => phase)).toEqual(live.map(() => 'in'));
        expect(new Set(live.map(({ joined }) => joined!.generation)).size).toBeLessThanOrEqual(1);
        expect(live.every(({ assignment }) => assignment !== '')).toBe(true);
        if (live.length > 0) {
          expect([churn.bed.state, churn.bed.group.memberCount]).toEqual(['Stable', live.length]);
        }
        for (const client of live) churn.do({ kind: 'leave', who: churn.live.indexOf(client) });
        churn.bed.advance(400_000);
        expect([undefined, 'Empty']).toContain(churn.bed.state);
        expect([churn.unanswered, churn.bed.bed.clock.timers]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
