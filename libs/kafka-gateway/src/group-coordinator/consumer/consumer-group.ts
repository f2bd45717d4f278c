import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError, kafkaErrorMessage } from '../../kafka.errors.js';
import type { Group, GroupProtocol } from '../group.js';
import type { GroupCoordinator } from '../group-coordinator.js';
import type { GroupRecord } from '../group-record.js';
import { ConsumerGroupState } from './consumer-group-state.js';
import { GroupJournal } from './group-journal.js';
import { type ConsumerMember, isReconciledTo, memberBytes, sameNames } from './member.js';
import { MemberTimers } from './member-timers.js';
import { reconcile } from './reconciliation.js';
import { SubscribedTopics, type TopicSource } from './subscribed-topics.js';
import { assignorOf, assignTargets } from './target-assignment.js';
import type { TopicIdPartitions } from './topic-partitions.js';
import { TopicPattern } from './topic-pattern/topic-pattern.js';

/** What a partition, and a topic that a pattern stands for, take in memory, about. */
const bytesOfPartition = 16;
const bytesOfPatternTopic = 32;

/**
 * A group of the consumer protocol (KIP-848), as Kafka's GroupMetadataManager runs it; `MixedGroup` is all of it.
 *
 * ```
 *            first member joins        target computed          every member has its target
 *   Empty ──────────────────▶ Assigning ─────────▶ Reconciling ─────────────────────────▶ Stable
 *     ▲                           ▲                    │                                     │
 *     │                           └────────────────────┴─ a subscription or a topic changed ─┤
 *     └── the last member left ── from any state ────────────────────────────────────────────┘
 * ```
 * Three epochs only grow: the group's with every change of members, subscriptions and topics; the assignment's when a
 * target was computed for it; a member's when it has given up what that target takes from it. Everything happens in a
 * heartbeat, or in what stands for one, or when a member's time is up; each is one step that is first done here, then
 * stored, then answered.
 */
export abstract class ConsumerGroup implements GroupProtocol {
  readonly type = 'consumer';
  readonly protocolType = 'consumer';
  readonly state: ConsumerGroupState;
  readonly topics: SubscribedTopics;
  readonly timers: MemberTimers;
  readonly #journal: GroupJournal;
  /** Of what is known of the topics: up to here the epoch says it. */
  #topicsVersion = -1;
  #refreshAt = 0;
  #refreshing = false;
  #closed = false;

  constructor(
    readonly coordinator: GroupCoordinator,
    readonly group: Group,
    topics?: SubscribedTopics,
  ) {
    this.state = new ConsumerGroupState(group.id);
    this.topics = topics ?? new SubscribedTopics(topicSourceOf(coordinator));
    this.timers = new MemberTimers(coordinator.clock);
    this.#journal = new GroupJournal(coordinator);
  }

  get stateName(): string {
    return this.state.name;
  }

  get memberCount(): number {
    return this.state.members.size;
  }

  get memberBytes(): number {
    let bytes = 0;
    for (const member of this.state.members.values()) {
      bytes += memberBytes(member);
      for (const partitions of member.assigned.values()) bytes += bytesOfPartition * partitions.size;
    }
    for (const topics of this.state.patterns.values()) bytes += bytesOfPatternTopic * topics.length;
    return bytes;
  }

  get emptySince(): number | undefined {
    return this.memberCount > 0 ? undefined : (this.state.epochs.emptySince ?? undefined);
  }

  /** It is not this group's protocol any more: the slice was lost, the group deleted, or downgraded. */
  get closed(): boolean {
    return this.#closed || this.coordinator.closed;
  }

  subscribedTopics(): ReadonlySet<string> {
    return this.state.subscribedTopics();
  }

  tombstones(): GroupRecord[] {
    return this.state.tombstones();
  }

  /** Nobody waits in a consumer group but for the log, which answers by itself. */
  close(_code: number): void {
    this.#closed = true;
    this.timers.close();
  }

  checkCommit(memberId: string, _instanceId: string | null, epoch: number, apiVersion: number): number {
    // Admin tools and consumers that assign themselves: while nobody is there.
    if (epoch < 0 && this.memberCount === 0) return KafkaErrorCode.NONE;
    const member = this.state.members.get(memberId);
    if (member === undefined) return KafkaErrorCode.UNKNOWN_MEMBER_ID;
    if (member.classic === undefined && apiVersion < 9) return KafkaErrorCode.UNSUPPORTED_VERSION;
    return checkEpoch(member, epoch);
  }

  checkFetch(memberId: string | null, memberEpoch: number): number {
    if (memberId === null && memberEpoch < 0) return KafkaErrorCode.NONE;
    const member = this.state.members.get(memberId ?? '');
    return member === undefined ? KafkaErrorCode.UNKNOWN_MEMBER_ID : checkEpoch(member, memberEpoch);
  }

  /** The member that a request comes from. @throws KafkaError UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
  expectMember(memberId: string, instanceId: string | null): ConsumerMember {
    if (instanceId === null) {
      const member = this.state.members.get(memberId);
      if (member === undefined) throw unknownMember(`member ${memberId} is not in the group`);
      return member;
    }
    const member = this.state.staticMember(instanceId);
    if (member === undefined) throw unknownMember(`nobody has the instance id ${instanceId}`);
    if (member.memberId !== memberId) {
      const message = `the instance id ${instanceId} belongs to member ${member.memberId}`;
      throw new KafkaError(KafkaErrorCode.FENCED_INSTANCE_ID, message);
    }
    return member;
  }

  /** @throws KafkaError GROUP_MAX_SIZE_REACHED */
  requireRoom(memberId: string, saidBytes: number): void {
    const { consumerGroupSizeMax, groupMetadataBytesMax } = this.coordinator.options;
    const member = this.state.members.get(memberId);
    if (this.memberCount >= consumerGroupSizeMax && member === undefined) {
      throw new KafkaError(
        KafkaErrorCode.GROUP_MAX_SIZE_REACHED,
        `the group has its maximum of ${consumerGroupSizeMax} members`,
      );
    }
    if (saidBytes === 0) return;
    // One member's record is one entry's, at most.
    if (saidBytes > groupMetadataBytesMax) {
      throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, `a member says ${saidBytes} bytes of itself`);
    }
    const growth = saidBytes - (member === undefined ? 0 : memberBytes(member));
    if (this.coordinator.admitMemberBytes(growth)) return;
    const message = 'members say too much in this part of the tenant';
    throw new KafkaError(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, message);
  }

  /** A member that joins, or a new state of one. */
  putMember(member: ConsumerMember): void {
    this.state.putMember(member);
    if (this.state.epochs.emptySince !== null) this.state.setEpochs({ emptySince: null });
  }

  /** A static member comes back under another id, and has what the old one had. */
  replaceMember(old: ConsumerMember, fresh: ConsumerMember): void {
    const target = this.state.target(old.memberId);
    this.timers.cancelAll(old.memberId);
    this.state.removeMember(old.memberId);
    this.state.putMember(fresh);
    this.state.setTarget(fresh.memberId, target);
  }

  /** What the members subscribe to has another epoch when it changed, and every epoch has a target. */
  advance(changed: boolean): void {
    const { epoch, topicsHash } = this.state.epochs;
    if (changed || this.topics.version !== this.#topicsVersion) {
      const hash = this.topics.hash(this.state.subscribedTopics());
      this.#topicsVersion = this.topics.version;
      if (changed || hash !== topicsHash) this.state.setEpochs({ epoch: epoch + 1, topicsHash: hash });
    }
    if (this.state.epochs.epoch === this.state.epochs.assignmentEpoch) return;
    this.coordinator.onRebalance();
    assignTargets(
      this.state,
      this.topics,
      assignorOf(this.state, this.coordinator.options.consumerGroupAssignor),
    );
  }

  /** One step of the member towards its target. */
  reconcileMember(memberId: string, owned: readonly TopicIdPartitions[] | null): ConsumerMember {
    const member = this.state.members.get(memberId)!;
    const targetEpoch = this.state.epochs.assignmentEpoch;
    if (isReconciledTo(member, targetEpoch)) return member;
    const next = reconcile(member, {
      targetEpoch,
      target: this.state.target(memberId),
      isOwned: (topic, partition) => this.state.isOwned(topic, partition),
      owned,
    });
    if (next === member) return member;
    this.state.putMember(next);
    // A classic member has to join again and to sync in time instead.
    if (next.classic !== undefined) return next;
    if (next.state === 'unrevoked') this.limitRevocation(next);
    else this.timers.cancel(memberId, 'revocation');
    return next;
  }

  limitRevocation({ memberId, epoch, rebalanceTimeoutMs }: ConsumerMember): void {
    this.timers.set(memberId, 'revocation', rebalanceTimeoutMs, () => {
      if (this.state.members.get(memberId)?.epoch === epoch) {
        this.fence(memberId, `it did not give up its partitions within ${rebalanceTimeoutMs} ms`);
      }
    });
  }

  /** The member was heard of. */
  extendSession({ memberId, classic }: ConsumerMember): void {
    const ms = classic?.sessionTimeoutMs ?? this.coordinator.options.consumerGroupSessionTimeoutMs;
    this.timers.set(memberId, 'session', ms, () => this.fence(memberId, `it was silent for ${ms} ms`));
  }

  /** A member whose time is up is taken out. */
  fence(memberId: string, why: string): void {
    const member = this.state.members.get(memberId);
    if (this.closed || member === undefined) return;
    this.info('group.fenced', `takes member ${memberId} out: ${why}`);
    this.removeMembers([member]);
    this.save(() => {});
  }

  /** The others get what these had at their next heartbeats. */
  removeMembers(members: readonly ConsumerMember[]): void {
    if (members.length === 0) return;
    for (const { memberId } of members) {
      this.timers.cancelAll(memberId);
      this.state.removeMember(memberId);
    }
    for (const { topicPattern } of members) this.dropPattern(topicPattern);
    const { epoch } = this.state.epochs;
    this.state.setEpochs({
      epoch: epoch + 1,
      topicsHash: this.topics.hash(this.state.subscribedTopics()),
      emptySince: this.memberCount === 0 ? this.coordinator.clock.now() : null,
    });
  }

  /** A pattern that no member has any more is not looked after. */
  dropPattern(pattern: string | null): void {
    if (pattern === null) return;
    for (const { topicPattern } of this.state.members.values()) if (topicPattern === pattern) return;
    this.state.removePattern(pattern);
  }

  /** Stores what changed, with `before` in the same entry; `done` is called after that and all before it is stored. */
  save(done: (error: KafkaError | undefined) => void, before: readonly GroupRecord[] = []): void {
    this.#journal.append([...before, ...this.state.takeRecords()], done);
  }

  /**
   * Looks at the topics again, at most every `consumerGroupTopicRefreshMs`. What it finds the next heartbeat acts on; a
   * topic that cannot be asked about stays as it is.
   */
  async refreshTopics(mayDescribe: (topic: string) => boolean): Promise<void> {
    const now = this.coordinator.clock.now();
    if (now < this.#refreshAt || this.#refreshing) return;
    this.#refreshing = true;
    try {
      const patterns = [...this.state.patterns.keys()];
      // Once for all of them: Pulsar is asked for every topic of the tenant.
      const names = patterns.length === 0 ? [] : await this.topics.names();
      for (const pattern of patterns) await this.#refreshPattern(pattern, names, mayDescribe);
      await this.topics.refresh(this.state.subscribedTopics());
    } catch (error) {
      this.info('group.topics-unknown', `goes on with the topics that it knows: ${kafkaErrorMessage(error)}`);
    } finally {
      this.#refreshing = false;
      this.#refreshAt = now + this.coordinator.options.consumerGroupTopicRefreshMs;
    }
  }

  async #refreshPattern(
    text: string,
    all: readonly string[],
    mayDescribe: (topic: string) => boolean,
  ): Promise<void> {
    const names = await this.topics.matching(new TopicPattern(text), mayDescribe, all);
    await this.topics.learn(this.topics.unknown(names));
    const known = this.state.patterns.get(text);
    if (this.closed || known === undefined || sameNames(known, names)) return;
    this.state.setPattern(text, names);
    this.#topicsVersion = -1;
  }

  info(event: string, what: string): void {
    const { log, tenant } = this.coordinator;
    const { id } = this.group;
    log.info({ event, protocol: 'kafka', tenant: tenant.name, group: id }, `Group ${id} ${what}.`);
  }

  /** It is a classic group from here on: nothing of it stays, and `records` come in its place. */
  end(records: readonly GroupRecord[], done: (error: KafkaError | undefined) => void): void {
    this.#journal.append([...this.state.takeRecords(), ...this.tombstones(), ...records], done);
    this.close(0);
  }

  /** All was replayed: from now on members have to be heard of. */
  serving(): void {
    for (const member of this.state.members.values()) {
      this.extendSession(member);
      if (member.state === 'unrevoked' && member.classic === undefined) this.limitRevocation(member);
    }
  }
}

export function topicSourceOf({ tenant, topics }: GroupCoordinator): TopicSource {
  return { resolve: (name) => topics.resolveListed(tenant, name), names: () => topics.names(tenant) };
}

function unknownMember(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.UNKNOWN_MEMBER_ID, message);
}

function checkEpoch({ epoch, classic }: ConsumerMember, given: number): number {
  if (given === epoch) return KafkaErrorCode.NONE;
  return classic === undefined ? KafkaErrorCode.STALE_MEMBER_EPOCH : KafkaErrorCode.ILLEGAL_GENERATION;
}
