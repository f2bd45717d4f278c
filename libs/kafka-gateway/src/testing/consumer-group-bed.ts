import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { classicRecords } from '../group-coordinator/classic/classic-groups.js';
import { ConsumerGroup } from '../group-coordinator/consumer/consumer-group.js';
import { consumerGroupHeartbeat } from '../group-coordinator/consumer/consumer-group-heartbeat.js';
import { consumerRecords } from '../group-coordinator/consumer/consumer-group-kind.js';
import type { HeartbeatAnswer, HeartbeatCall } from '../group-coordinator/consumer/heartbeat.js';
import type { TopicIdPartitions, TopicPartitions } from '../group-coordinator/consumer/topic-partitions.js';
import type { GroupTopics } from '../group-coordinator/group-coordinator.js';
import { type CoordinatorBed, coordinatorBed } from './group-coordinator-bed.js';

/** Topics in memory: name -> id and partitions. */
export class FakeTopics {
  readonly all = new Map<string, { id: Buffer; partitions: number }>();
  #ids = 0;
  /** Set: Pulsar cannot be asked. */
  failure: Error | undefined;
  resolutions = 0;
  /** How often all names were asked for. */
  listings = 0;

  set(name: string, partitions: number): void {
    const id = this.all.get(name)?.id ?? Buffer.alloc(16, ++this.#ids);
    this.all.set(name, { id, partitions });
  }

  readonly source = {
    resolve: async (_tenant: unknown, name: string) => {
      this.resolutions++;
      if (this.failure !== undefined) throw this.failure;
      return this.all.get(name);
    },
    names: async () => {
      this.listings++;
      if (this.failure !== undefined) throw this.failure;
      return [...this.all.keys()];
    },
  } as unknown as GroupTopics;

  nameOf(id: Buffer): string {
    return [...this.all].find(([, topic]) => topic.id.equals(id))?.[0] ?? id.toString('hex');
  }

  /** `{ orders: [0, 1] }` as a request has it. */
  owned(partitions: Record<string, number[]>): TopicIdPartitions[] {
    return Object.entries(partitions).map(([name, list]) => ({
      topicId: this.all.get(name)!.id,
      partitions: list,
    }));
  }

  /** And back. */
  plain(partitions: TopicPartitions | null): Record<string, number[]> | null {
    if (partitions === null) return null;
    return Object.fromEntries(
      [...partitions].map(([key, set]) => [
        this.nameOf(Buffer.from(key, 'hex')),
        [...set].sort((a, b) => a - b),
      ]),
    );
  }
}

const silent = {
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  topicNames: null,
  topicPattern: null,
  assignor: null,
  owned: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  mayDescribe: () => true,
} as const;

export type Answered = Omit<HeartbeatAnswer, 'assignment'> & { assignment: Record<string, number[]> | null };

/** A member as a client has it: it owns what it was assigned, and gives up at once unless the test does it. */
export class FakeMember {
  epoch = 0;
  owned: Record<string, number[]> = {};

  constructor(
    private readonly bed: ConsumerGroupBed,
    readonly id: string,
    readonly subscription: Partial<HeartbeatCall> = { topicNames: ['orders'] },
  ) {}

  /** Joins, or joins again, as a client that owns nothing. */
  join(more: Partial<HeartbeatCall> = {}): Promise<Answered> {
    this.owned = {};
    return this.send({
      memberEpoch: 0,
      rebalanceTimeoutMs: 60_000,
      owned: [],
      ...this.subscription,
      ...more,
    });
  }

  /** A heartbeat that tells what it owns. */
  beat(more: Partial<HeartbeatCall> = {}): Promise<Answered> {
    return this.send({ owned: this.bed.topics.owned(this.owned), ...more });
  }

  leave(epoch = -1): Promise<Answered> {
    return this.send({ memberEpoch: epoch });
  }

  async send(call: Partial<HeartbeatCall>): Promise<Answered> {
    const { instanceId = null } = this.subscription;
    const answer = await this.bed.send({ memberId: this.id, memberEpoch: this.epoch, instanceId, ...call });
    this.epoch = answer.memberEpoch;
    if (answer.assignment !== null) this.owned = answer.assignment;
    return answer;
  }
}

/** One consumer group on a slice in memory, and the topics that its members read. */
export class ConsumerGroupBed {
  readonly topics: FakeTopics;
  slice: CoordinatorBed;

  constructor(options: object = {}, topics: Record<string, number> = { orders: 4 }) {
    this.topics = new FakeTopics();
    for (const [name, partitions] of Object.entries(topics)) this.topics.set(name, partitions);
    this.slice = coordinatorBed([classicRecords, consumerRecords], { options, topics: this.topics.source });
  }

  get group(): ConsumerGroup {
    const protocol = this.slice.coordinator.group('g')?.protocol;
    if (!(protocol instanceof ConsumerGroup)) throw new Error(`a group of type ${protocol?.type}`);
    return protocol;
  }

  get state(): string {
    return this.group.stateName;
  }

  member(id: string, subscription?: Partial<HeartbeatCall>): FakeMember {
    return new FakeMember(this, id, subscription);
  }

  async send(call: Partial<HeartbeatCall> & { memberId: string; memberEpoch: number }): Promise<Answered> {
    const answer = await consumerGroupHeartbeat(this.slice.coordinator, 'g', { ...silent, ...call });
    return { ...answer, assignment: this.topics.plain(answer.assignment) };
  }

  assigned(memberId: string): Record<string, number[]> | null {
    return this.topics.plain(this.group.state.members.get(memberId)!.assigned);
  }

  failOver(options?: { compacted?: boolean }): void {
    this.slice = this.slice.failOver(options);
  }

  /** Every member sends heartbeats until nothing changes any more. */
  async settle(...members: FakeMember[]): Promise<void> {
    for (let round = 0; round < 10; round++) {
      for (const member of members) await member.beat();
      if (this.state === 'Stable') return;
    }
    throw new Error(`the group is ${this.state}`);
  }
}

/** For `rejects`. */
export const refusedWith = (name: keyof typeof KafkaErrorCode) =>
  expect.objectContaining({ code: KafkaErrorCode[name] });
