import { KafkaErrorCode } from '#libs/kafka-codec';
import type { ClassicMember } from './classic-member.js';
import {
  type JoinAnswer,
  joinRefusal,
  type MemberProtocol,
  type SyncAnswer,
  syncRefusal,
} from './classic-requests.js';

/**
 * Who is in a classic group, who leads it and what they all speak. Knows no time and no state of the group: it is the
 * bookkeeping of Kafka's ClassicGroup.
 */
export class ClassicMembership {
  /** In the order in which they came: the first that is left leads next. */
  readonly #members = new Map<string, ClassicMember>();
  /** Instance id -> member id. */
  readonly #staticIds = new Map<string, string>();
  /** Protocol name -> how many members have it. */
  readonly #supporters = new Map<string, number>();
  /** Ids that were given out and did not join yet (KIP-394) -> when they are forgotten, as the clock's uptime. */
  readonly #pending = new Map<string, number>();
  #joining = 0;
  leaderId: string | undefined;
  /** Of the members, and of the last of them once they are gone. */
  protocolType: string | undefined;

  get size(): number {
    return this.#members.size;
  }

  /** Members whose JoinGroup waits. */
  get joiningCount(): number {
    return this.#joining;
  }

  get pending(): ReadonlyMap<string, number> {
    return this.#pending;
  }

  /** Nobody is missing, and no id was given out that may still join. */
  get everyoneJoined(): boolean {
    return this.#joining === this.#members.size && this.#pending.size === 0;
  }

  /** The longest of the members', in ms. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.#members.values())
      longest = Math.max(longest, rebalanceTimeoutMs);
    return longest;
  }

  get bytes(): number {
    let bytes = 0;
    for (const member of this.#members.values()) bytes += member.bytes;
    return bytes;
  }

  members(): IterableIterator<ClassicMember> {
    return this.#members.values();
  }

  member(memberId: string): ClassicMember | undefined {
    return this.#members.get(memberId);
  }

  staticId(instanceId: string): string | undefined {
    return this.#staticIds.get(instanceId);
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  /** `member.joining` may be set already. */
  add(member: ClassicMember, protocolType: string): void {
    if (this.#members.size === 0) this.protocolType = protocolType;
    this.#members.set(member.memberId, member);
    if (member.instanceId !== null) this.#staticIds.set(member.instanceId, member.memberId);
    this.leaderId ??= member.memberId;
    this.#count(member.protocols, 1);
    if (member.joining !== undefined) this.#joining++;
    this.#pending.delete(member.memberId);
  }

  /** A member that left or failed. Who waits is told that the id is not known, and joins anew if it is still there. */
  remove(member: ClassicMember): void {
    this.answerJoin(member, joinRefusal('', KafkaErrorCode.UNKNOWN_MEMBER_ID));
    this.answerSync(member, syncRefusal(KafkaErrorCode.UNKNOWN_MEMBER_ID));
    this.#members.delete(member.memberId);
    this.#count(member.protocols, -1);
    const { instanceId, memberId } = member;
    if (instanceId !== null && this.#staticIds.get(instanceId) === memberId)
      this.#staticIds.delete(instanceId);
    if (this.leaderId === memberId) this.leaderId = this.#members.keys().next().value;
  }

  addPending(memberId: string, until: number): void {
    this.#pending.set(memberId, until);
  }

  removePending(memberId: string): boolean {
    return this.#pending.delete(memberId);
  }

  /** What a member that joins again says now. A JoinGroup of it that still waits is answered: nobody reads that. */
  update(
    member: ClassicMember,
    protocols: readonly MemberProtocol[],
    sessionTimeoutMs: number,
    rebalanceTimeoutMs: number,
  ): void {
    this.#count(member.protocols, -1);
    member.protocols = protocols;
    this.#count(protocols, 1);
    member.sessionTimeoutMs = sessionTimeoutMs;
    member.rebalanceTimeoutMs = rebalanceTimeoutMs;
  }

  /** From here on the member waits for the others. */
  await(member: ClassicMember, answer: (answer: JoinAnswer) => void): void {
    this.answerJoin(member, joinRefusal(member.memberId, KafkaErrorCode.REBALANCE_IN_PROGRESS));
    member.joining = answer;
    this.#joining++;
  }

  /** KIP-345: `fresh` takes the place of `old`, which is fenced from now on. */
  replace(old: ClassicMember, fresh: ClassicMember): void {
    this.answerJoin(old, joinRefusal(old.memberId, KafkaErrorCode.FENCED_INSTANCE_ID));
    this.answerSync(old, syncRefusal(KafkaErrorCode.FENCED_INSTANCE_ID));
    this.#members.delete(old.memberId);
    this.#members.set(fresh.memberId, fresh);
    this.#count(old.protocols, -1);
    this.#count(fresh.protocols, 1);
    this.#staticIds.set(fresh.instanceId!, fresh.memberId);
    if (this.leaderId === old.memberId) this.leaderId = fresh.memberId;
  }

  answerJoin(member: ClassicMember, answer: JoinAnswer): void {
    const { joining } = member;
    if (joining === undefined) return;
    member.joining = undefined;
    this.#joining--;
    joining(answer);
  }

  answerSync(member: ClassicMember, answer: SyncAnswer): boolean {
    const { syncing } = member;
    if (syncing === undefined) return false;
    member.syncing = undefined;
    syncing(answer);
    return true;
  }

  /** The leader leads on if it joined again, else the first that did. False where nobody did. */
  electLeader(): boolean {
    const leader = this.leaderId === undefined ? undefined : this.#members.get(this.leaderId);
    if (leader === undefined) return false;
    if (leader.joining !== undefined) return true;
    for (const member of this.#members.values()) {
      if (member.joining === undefined) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  /** Whether somebody of this type with one of these protocols may join the members that are there. */
  speaks(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (protocolType !== this.protocolType) return false;
    return protocols.some(({ name }) => (this.#supporters.get(name) ?? 0) === this.#members.size);
  }

  /** Each member votes for the first of its protocols that all have; the most votes win, then the first. */
  selectProtocol(): string | undefined {
    const candidates = new Set<string>();
    for (const [name, supporters] of this.#supporters)
      if (supporters === this.#members.size) candidates.add(name);
    const votes = new Map<string, number>();
    for (const member of this.#members.values()) {
      const vote = member.vote(candidates);
      if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    let selected: string | undefined;
    for (const [name, count] of votes) {
      if (selected === undefined || count > votes.get(selected)!) selected = name;
    }
    return selected;
  }

  /** NONE, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID. */
  check(memberId: string, instanceId: string | null): number {
    if (instanceId !== null) {
      const known = this.#staticIds.get(instanceId);
      if (known === undefined) return KafkaErrorCode.UNKNOWN_MEMBER_ID;
      if (known !== memberId) return KafkaErrorCode.FENCED_INSTANCE_ID;
    }
    return this.#members.has(memberId) ? KafkaErrorCode.NONE : KafkaErrorCode.UNKNOWN_MEMBER_ID;
  }

  #count(protocols: readonly MemberProtocol[], by: number): void {
    // A name that a member says twice is still one member's.
    for (const name of new Set(protocols.map((each) => each.name))) {
      const count = (this.#supporters.get(name) ?? 0) + by;
      if (count === 0) this.#supporters.delete(name);
      else this.#supporters.set(name, count);
    }
  }
}
