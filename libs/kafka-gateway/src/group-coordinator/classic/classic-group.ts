import { ByteReader, CONSUMER_PROTOCOL_TYPE, KafkaDecodeError, KafkaErrorCode } from '#libs/kafka-codec';
import type { GroupProtocol } from '../group.js';
import type { GroupRecord } from '../group-record.js';
import { ClassicJoin, pendingMemberBytes } from './classic-join.js';
import { type ClassicMember, namesOf } from './classic-member.js';
import { type ClassicCoordinator, ClassicRebalance } from './classic-rebalance.js';
import { type ClassicGeneration, classicTombstone } from './classic-record.js';
import type {
  ClassicRequests,
  JoinAnswer,
  JoinCall,
  LeavingMember,
  SyncAnswer,
  SyncCall,
} from './classic-requests.js';
import { ClassicSync } from './classic-sync.js';

/**
 * A group whose members assign among themselves: JoinGroup, SyncGroup, Heartbeat, LeaveGroup. Its states are drawn at
 * ClassicRebalance, which owns them; who is in it is ClassicMembership's; ClassicJoin and ClassicSync say what a request
 * means. One entry of the log holds its last complete generation, from which a successor goes on without a rebalance.
 */
export class ClassicGroup implements GroupProtocol, ClassicRequests {
  readonly type = 'classic';
  readonly #rebalance: ClassicRebalance;
  readonly #join: ClassicJoin;
  readonly #sync: ClassicSync;

  constructor(
    readonly groupId: string,
    coordinator: ClassicCoordinator,
    /** Called when nobody joined and nobody is to: nothing is stored of the group. */
    abandoned: () => void = () => {},
  ) {
    this.#rebalance = new ClassicRebalance(groupId, coordinator, abandoned);
    this.#join = new ClassicJoin(this.#rebalance);
    this.#sync = new ClassicSync(this.#rebalance);
  }

  /** A group as it was stored, or as a consumer group leaves it behind. Its sessions start with {@link startSessions}. */
  static restored(groupId: string, coordinator: ClassicCoordinator, stored: ClassicGeneration): ClassicGroup {
    const group = new ClassicGroup(groupId, coordinator);
    group.#rebalance.restore(stored);
    return group;
  }

  /** The group is served from now on: members that are not heard of within their session timeouts are out. */
  startSessions(): void {
    this.#rebalance.startSessions();
  }

  /** Has its members join anew. Only with members, and not during a rebalance. */
  rebalance(reason: string): void {
    this.#rebalance.prepare(reason);
  }

  get stateName(): string {
    return this.#rebalance.state;
  }

  get generation(): number {
    return this.#rebalance.generation;
  }

  get protocolType(): string {
    return this.#rebalance.members.protocolType ?? '';
  }

  /** Null until a generation has selected one, and without members. */
  get protocolName(): string | null {
    return this.#rebalance.protocolName;
  }

  get memberCount(): number {
    return this.#rebalance.members.size;
  }

  get memberBytes(): number {
    const { bytes, pending } = this.#rebalance.members;
    return bytes + pending.size * pendingMemberBytes;
  }

  /** Members that were given an id and have not joined (KIP-394). */
  get pendingCount(): number {
    return this.#rebalance.members.pending.size;
  }

  get emptySince(): number | undefined {
    return this.#rebalance.emptySince;
  }

  members(): Iterable<ClassicMember> {
    return this.#rebalance.members.members();
  }

  join(call: JoinCall, answer: (answer: JoinAnswer) => void): void {
    this.#join.join(call, answer);
    this.#rebalance.abandonIfUnused();
  }

  sync(call: SyncCall, answer: (answer: SyncAnswer) => void): void {
    this.#sync.sync(call, answer);
  }

  heartbeat(memberId: string, instanceId: string | null, generation: number): number {
    const { state, members } = this.#rebalance;
    if (state === 'Dead') return KafkaErrorCode.COORDINATOR_NOT_AVAILABLE;
    const code = members.check(memberId, instanceId);
    if (code !== KafkaErrorCode.NONE) return code;
    if (generation !== this.#rebalance.generation) return KafkaErrorCode.ILLEGAL_GENERATION;
    this.#rebalance.touch(members.member(memberId)!);
    return state === 'PreparingRebalance' ? KafkaErrorCode.REBALANCE_IN_PROGRESS : KafkaErrorCode.NONE;
  }

  leave(leaving: readonly LeavingMember[]): readonly number[] {
    if (this.#rebalance.state === 'Dead') return leaving.map(() => KafkaErrorCode.COORDINATOR_NOT_AVAILABLE);
    const left: ClassicMember[] = [];
    const codes = leaving.map((each) => this.#leave(each, left));
    if (left.length > 0) this.#rebalance.settle(`${namesOf(left)} left`);
    else this.#rebalance.pendingWent();
    return codes;
  }

  checkCommit(memberId: string, instanceId: string | null, generation: number): number {
    const { state, members } = this.#rebalance;
    if (state === 'Dead') return KafkaErrorCode.COORDINATOR_NOT_AVAILABLE;
    // Admin tools, and consumers that do not join: while nobody else is there.
    if (generation < 0 && state === 'Empty') return KafkaErrorCode.NONE;
    if (generation < 0 && memberId === '' && instanceId === null) return KafkaErrorCode.UNKNOWN_MEMBER_ID;
    const code = members.check(memberId, instanceId);
    if (code !== KafkaErrorCode.NONE) return code;
    if (generation !== this.#rebalance.generation) return KafkaErrorCode.ILLEGAL_GENERATION;
    // It knows the new generation, and does not have its assignment: what it commits is of the former one.
    return state === 'CompletingRebalance' ? KafkaErrorCode.REBALANCE_IN_PROGRESS : KafkaErrorCode.NONE;
  }

  checkFetch(): number {
    return this.#rebalance.state === 'Dead' ? KafkaErrorCode.GROUP_ID_NOT_FOUND : KafkaErrorCode.NONE;
  }

  committed(memberId: string): void {
    const member = this.#rebalance.members.member(memberId);
    if (member !== undefined) this.#rebalance.touch(member);
  }

  /** By what consumers say to their assignor; undefined where they are no consumers or say it in a way that is not known. */
  subscribedTopics(): ReadonlySet<string> | undefined {
    const { members, protocolName } = this.#rebalance;
    if (members.protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined;
    const names = new Set<string>();
    if (members.size === 0) return names;
    if (protocolName === null) return undefined;
    try {
      for (const member of members.members()) {
        for (const name of subscription(member.metadata(protocolName))) names.add(name);
      }
    } catch (error) {
      if (error instanceof KafkaDecodeError) return undefined;
      throw error;
    }
    return names;
  }

  tombstones(): GroupRecord[] {
    return [classicTombstone(this.groupId)];
  }

  close(code: number): void {
    this.#rebalance.close(code);
  }

  #leave({ memberId, instanceId }: LeavingMember, left: ClassicMember[]): number {
    const { members } = this.#rebalance;
    if (members.removePending(memberId)) return KafkaErrorCode.NONE;
    // Without a member id an administrator removes a static member (KIP-345).
    const id = memberId === '' && instanceId !== null ? members.staticId(instanceId) : memberId;
    const code = id === undefined ? KafkaErrorCode.UNKNOWN_MEMBER_ID : members.check(id, instanceId);
    if (code !== KafkaErrorCode.NONE) return code;
    const member = members.member(id!)!;
    this.#rebalance.remove(member);
    left.push(member);
    return KafkaErrorCode.NONE;
  }
}

/** The topics of a ConsumerProtocolSubscription: they come first in every version, whatever follows them. */
function subscription(metadata: Buffer): string[] {
  const reader = new ByteReader(metadata);
  reader.readInt16();
  const topics: string[] = [];
  for (let count = reader.notNull(reader.readArrayCount(2)); count > 0; count--)
    topics.push(reader.readString());
  return topics;
}
