import type { Buffer } from 'node:buffer';
import { type GroupRecord, parseRecord } from '../group-record.js';
import {
  assignmentFromRecord,
  assignmentToJson,
  consumerRecord,
  epochsFromRecord,
  type GroupEpochs,
  type RecordPart,
  subscriptionFromRecord,
  subscriptionToJson,
  targetFromRecord,
} from './consumer-group-records.js';
import { type ClassicMetadata, type ConsumerMember, isReconciledTo, newMember, sameNames } from './member.js';
import { noPartitions, partitionsToJson, type TopicKey, type TopicPartitions } from './topic-partitions.js';

/** As Kafka names them. */
export type ConsumerGroupStateName = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

/** What is kept of a group, and which of it is not yet in a record. No behaviour, no time, no topics. */
export class ConsumerGroupState {
  readonly #members = new Map<string, ConsumerMember>();
  /** Instance id -> member id. */
  readonly #staticIds = new Map<string, string>();
  readonly #targets = new Map<string, TopicPartitions>();
  /** Pattern -> the topics that it stands for. */
  readonly #patterns = new Map<string, readonly string[]>();
  /** How many members hold each partition, or have not given it up: at most one, unless a client assigned it twice. */
  readonly #holders = new Map<TopicKey, Map<number, number>>();
  /** In the order in which they changed: what is not stored. */
  readonly #unsaved = new Map<string, { readonly part: RecordPart; readonly name: string }>();
  #epochs: GroupEpochs = { epoch: 0, assignmentEpoch: 0, topicsHash: '', emptySince: null };
  #subscribedTopics: ReadonlySet<string> | undefined;

  constructor(readonly groupId: string) {}

  get epochs(): GroupEpochs {
    return this.#epochs;
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.#members;
  }

  get patterns(): ReadonlyMap<string, readonly string[]> {
    return this.#patterns;
  }

  get name(): ConsumerGroupStateName {
    const { epoch, assignmentEpoch } = this.#epochs;
    if (this.#members.size === 0) return 'Empty';
    if (epoch > assignmentEpoch) return 'Assigning';
    for (const member of this.#members.values())
      if (!isReconciledTo(member, assignmentEpoch)) return 'Reconciling';
    return 'Stable';
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticIds.get(instanceId);
    return memberId === undefined ? undefined : this.#members.get(memberId);
  }

  target(memberId: string): TopicPartitions {
    return this.#targets.get(memberId) ?? noPartitions;
  }

  isOwned(topic: TopicKey, partition: number): boolean {
    return this.#holders.get(topic)?.has(partition) ?? false;
  }

  /** Names and what patterns stand for, of all members. */
  subscribedTopics(): ReadonlySet<string> {
    if (this.#subscribedTopics === undefined) {
      const names = new Set<string>();
      for (const { topicNames } of this.#members.values()) for (const name of topicNames) names.add(name);
      for (const topics of this.#patterns.values()) for (const name of topics) names.add(name);
      this.#subscribedTopics = names;
    }
    return this.#subscribedTopics;
  }

  /** What one member subscribes to. */
  topicsOf({ topicNames, topicPattern }: ConsumerMember): ReadonlySet<string> {
    const names = new Set(topicNames);
    for (const name of this.#patterns.get(topicPattern ?? '') ?? []) names.add(name);
    return names;
  }

  setEpochs(change: Partial<GroupEpochs>): void {
    this.#epochs = { ...this.#epochs, ...change };
    this.#changed('group');
  }

  /** A new member, or a new state of one that is there. */
  putMember(member: ConsumerMember): void {
    const before = this.#members.get(member.memberId);
    const told = before === undefined || subscriptionChanged(before, member);
    const moved = before === undefined || assignmentChanged(before, member);
    if (!told && !moved) return;
    this.#put(member);
    if (told) this.#changed('member', member.memberId);
    if (moved) this.#changed('current', member.memberId);
  }

  removeMember(memberId: string): void {
    this.#remove(memberId);
    this.#targets.delete(memberId);
    for (const part of ['member', 'target', 'current'] as const) this.#changed(part, memberId);
  }

  setTarget(memberId: string, target: TopicPartitions): void {
    this.#targets.set(memberId, target);
    this.#changed('target', memberId);
  }

  setPattern(pattern: string, topics: readonly string[]): void {
    this.#patterns.set(pattern, topics);
    this.#subscribedTopics = undefined;
    this.#changed('pattern', pattern);
  }

  removePattern(pattern: string): void {
    if (!this.#patterns.delete(pattern)) return;
    this.#subscribedTopics = undefined;
    this.#changed('pattern', pattern);
  }

  /** The records of all that changed since; they are taken for stored from here on. */
  takeRecords(): GroupRecord[] {
    const records = [...this.#unsaved.values()].map(({ part, name }) => this.#record(part, name));
    this.#unsaved.clear();
    return records;
  }

  /** A record of the log. Null deletes. */
  replay(part: RecordPart, name: string, value: Buffer | null): void {
    switch (part) {
      case 'group':
        if (value !== null) this.#epochs = epochsFromRecord(value);
        break;
      case 'member':
        if (value === null) this.#remove(name);
        else this.#put({ ...(this.#members.get(name) ?? newMember(name)), ...subscriptionFromRecord(value) });
        break;
      case 'current':
        // The member itself ends with its subscription.
        if (value !== null) {
          this.#put({ ...(this.#members.get(name) ?? newMember(name)), ...assignmentFromRecord(value) });
        }
        break;
      case 'target':
        if (value === null) this.#targets.delete(name);
        else this.#targets.set(name, targetFromRecord(value));
        break;
      case 'pattern':
        this.#subscribedTopics = undefined;
        if (value === null) this.#patterns.delete(name);
        else this.#patterns.set(name, parseRecord<{ topics: string[] }>(value).topics);
    }
  }

  tombstones(): GroupRecord[] {
    const of = (part: RecordPart, names: Iterable<string>) =>
      [...names].map((name) => consumerRecord(this.groupId, part, name, null));
    return [
      ...of('current', this.#members.keys()),
      ...of('target', this.#targets.keys()),
      ...of('member', this.#members.keys()),
      ...of('pattern', this.#patterns.keys()),
      consumerRecord(this.groupId, 'group', '', null),
    ];
  }

  #put(member: ConsumerMember): void {
    const before = this.#members.get(member.memberId);
    if (before !== undefined) this.#hold(before, -1);
    this.#members.set(member.memberId, member);
    this.#hold(member, 1);
    if (member.instanceId !== null) this.#staticIds.set(member.instanceId, member.memberId);
    if (before === undefined || subscriptionChanged(before, member)) this.#subscribedTopics = undefined;
  }

  #remove(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member === undefined) return;
    this.#hold(member, -1);
    this.#members.delete(memberId);
    this.#subscribedTopics = undefined;
    const { instanceId } = member;
    if (instanceId !== null && this.#staticIds.get(instanceId) === memberId)
      this.#staticIds.delete(instanceId);
  }

  #hold({ assigned, revoking }: ConsumerMember, by: 1 | -1): void {
    for (const all of [assigned, revoking]) {
      for (const [topic, partitions] of all) {
        let holders = this.#holders.get(topic);
        if (holders === undefined) this.#holders.set(topic, (holders = new Map()));
        for (const partition of partitions) {
          const count = (holders.get(partition) ?? 0) + by;
          if (count > 0) holders.set(partition, count);
          else holders.delete(partition);
        }
        if (holders.size === 0) this.#holders.delete(topic);
      }
    }
  }

  #changed(part: RecordPart, name = ''): void {
    this.#unsaved.set(`${part}/${name}`, { part, name });
  }

  #record(part: RecordPart, name: string): GroupRecord {
    return consumerRecord(this.groupId, part, name, this.#value(part, name));
  }

  #value(part: RecordPart, name: string): object | null {
    if (part === 'group') return this.#epochs;
    if (part === 'pattern') {
      const topics = this.#patterns.get(name);
      return topics === undefined ? null : { topics };
    }
    const member = this.#members.get(name);
    if (member === undefined) return null;
    if (part === 'target') return { topics: partitionsToJson(this.target(name)) };
    return part === 'member' ? subscriptionToJson(member) : assignmentToJson(member);
  }
}

const plainFields = [
  'instanceId',
  'rackId',
  'clientId',
  'clientHost',
  'rebalanceTimeoutMs',
  'assignor',
  'topicPattern',
] as const;

/** Whether what a member tells of itself is something else than before. */
export function subscriptionChanged(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    plainFields.some((field) => one[field] !== other[field]) ||
    !sameNames(one.topicNames, other.topicNames) ||
    !sameClassic(one.classic, other.classic)
  );
}

function sameClassic(one: ClassicMetadata | undefined, other: ClassicMetadata | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return (
    one.sessionTimeoutMs === other.sessionTimeoutMs &&
    one.protocols.length === other.protocols.length &&
    one.protocols.every(
      ({ name, metadata }, index) =>
        name === other.protocols[index]!.name && metadata.equals(other.protocols[index]!.metadata),
    )
  );
}

function assignmentChanged(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    one.epoch !== other.epoch ||
    one.previousEpoch !== other.previousEpoch ||
    one.state !== other.state ||
    one.assigned !== other.assigned ||
    one.revoking !== other.revoking
  );
}
