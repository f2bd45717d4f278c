import type { Buffer } from 'node:buffer';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { GroupCoordinator } from '../group-coordinator.js';
import type { GroupRecord } from '../group-record.js';
import { ClassicDeadlines, type ClassicTimeouts } from './classic-deadlines.js';
import { type ClassicMember, namesOf } from './classic-member.js';
import { ClassicMembership } from './classic-membership.js';
import { type ClassicGeneration, classicRecord } from './classic-record.js';
import { type JoinAnswer, type JoinedMember, joinRefusal, noBytes, syncRefusal } from './classic-requests.js';
import { InitialDelay } from './initial-delay.js';

export type ClassicState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** What a group needs of the slice that it is in. */
export type ClassicCoordinator = Pick<
  GroupCoordinator,
  'append' | 'admitMemberBytes' | 'clock' | 'log' | 'tenant' | 'onRebalance'
> & {
  readonly options: Pick<
    GroupCoordinator['options'],
    | 'groupInitialRebalanceDelayMs'
    | 'groupSessionTimeoutMsMin'
    | 'groupSessionTimeoutMsMax'
    | 'groupMembersMax'
    | 'groupMetadataBytesMax'
  >;
};

/** A client that does not know its id yet sends no heartbeats: so long its JoinGroup may wait (Kafka's own constant). */
export const newMemberJoinTimeoutMs = 300_000;

/**
 * The states of one classic group, and the way from one generation to the next:
 *
 *                 first member joins                    all have joined, or the rebalance timeout
 *      Empty ---------------------------> Preparing --------------------------------------> Completing
 *        ^                                 Rebalance <--------------------------------------- Rebalance
 *        |     nobody is left when it ends  |  ^        a member joins, changes, leaves,          |
 *        +----------------------------------+  |        fails, or did not sync in time            | the leader's
 *                                              |                                                  | assignment
 *                                              +--------------- Stable <--------------------------+ is stored
 *                                                (same causes; the leader joins again)
 *
 * Any state -> Dead: the slice was handed over, or the group was deleted.
 *
 * PreparingRebalance waits for JoinGroup of all members: at most for the longest of their rebalance timeouts, after which
 * dynamic members that did not join are out. Coming from Empty it waits `groupInitialRebalanceDelayMs` instead, again
 * and again while somebody new joins, up to that timeout. CompletingRebalance waits for the leader's SyncGroup and the
 * receipt of what it says. Members that did not sync one rebalance timeout after they were told to are out, in Stable too.
 * This is Kafka's ClassicGroup and the part of its GroupMetadataManager that drives it.
 */
export class ClassicRebalance implements ClassicTimeouts {
  readonly members = new ClassicMembership();
  readonly #deadlines: ClassicDeadlines;
  #state: ClassicState = 'Empty';
  #generation = 0;
  #protocolName: string | null = null;
  #emptySince: number | undefined;
  /** Set while the rebalance that is prepared is the first after Empty. */
  #initial: InitialDelay | undefined;
  /** Members that were told the generation and did not send SyncGroup yet. */
  readonly #toSync = new Set<string>();

  constructor(
    readonly groupId: string,
    readonly coordinator: ClassicCoordinator,
    private readonly abandoned: () => void,
  ) {
    this.#deadlines = new ClassicDeadlines(coordinator.clock, this.members, this);
    this.#emptySince = coordinator.clock.now();
  }

  get state(): ClassicState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Null until a generation has selected one. */
  get protocolName(): string | null {
    return this.#protocolName;
  }

  get emptySince(): number | undefined {
    return this.#emptySince;
  }

  /** What is stored becomes what is: with members the group is Stable. Their sessions start with `startSessions`. */
  restore(stored: ClassicGeneration): void {
    this.#generation = stored.generation;
    this.#protocolName = stored.protocolName;
    this.#emptySince = stored.emptySince;
    this.#state = stored.members.length === 0 ? 'Empty' : 'Stable';
    if (this.#state === 'Empty') this.#emptySince ??= this.coordinator.clock.now();
    this.members.protocolType = stored.protocolType;
    this.members.leaderId = stored.leaderId;
    for (const member of stored.members) this.members.add(member, stored.protocolType ?? '');
  }

  startSessions(): void {
    for (const member of this.members.members()) this.touch(member);
    // The limit may have become smaller: who joins last is out.
    if (this.members.size > this.coordinator.options.groupMembersMax)
      this.prepare('the group is over its size');
  }

  /** A sign of life: the member's session starts anew. */
  touch(member: ClassicMember): void {
    this.#deadlines.touch(member);
  }

  /** An id was given out, to be used within this time (KIP-394). */
  addPending(memberId: string, timeoutMs: number): void {
    this.#deadlines.addPending(memberId, timeoutMs);
  }

  /** `member.joining` is set. */
  add(member: ClassicMember, protocolType: string): void {
    this.#initial?.joined();
    member.isNew = true;
    this.members.add(member, protocolType);
    this.#deadlines.touch(member, newMemberJoinTimeoutMs);
  }

  /** The member is gone; `settle` or `prepare` must follow. */
  remove(member: ClassicMember): void {
    this.members.remove(member);
    this.#toSync.delete(member.memberId);
  }

  /** KIP-345: the assignment and the place in the generation go on to the new id. */
  replace(old: ClassicMember, fresh: ClassicMember): void {
    this.members.replace(old, fresh);
    if (this.#toSync.delete(old.memberId)) this.#toSync.add(fresh.memberId);
    this.touch(fresh);
  }

  /** The member's SyncGroup came. */
  synced(memberId: string): void {
    this.#toSync.delete(memberId);
    if (this.#toSync.size === 0) this.#deadlines.syncEnded();
  }

  /** Who belongs to the group has changed: rebalances, or ends the rebalance that waits for nobody any more. */
  settle(reason: string): void {
    if (this.#state === 'PreparingRebalance') this.endJoinIfComplete();
    else if (this.#state !== 'Dead') this.prepare(reason);
  }

  endJoinIfComplete(): void {
    const complete = this.#state === 'PreparingRebalance' && this.members.everyoneJoined;
    if (complete && this.#initial === undefined) this.#endJoin();
  }

  /** An id that was given out is not to be waited for any more. */
  pendingWent(): void {
    this.endJoinIfComplete();
    this.abandonIfUnused();
  }

  /** A group that never had a generation, and that nobody is about to join, is none. */
  abandonIfUnused(): void {
    if (this.#state !== 'Empty' || this.#generation > 0 || this.members.pending.size > 0) return;
    this.#deadlines.stop();
    this.#state = 'Dead';
    this.abandoned();
  }

  /** -> PreparingRebalance */
  prepare(reason: string): void {
    const { rebalanceTimeoutMs } = this.members;
    const isInitial = this.#state === 'Empty';
    if (this.#state === 'CompletingRebalance') this.abandonSync(KafkaErrorCode.REBALANCE_IN_PROGRESS);
    this.#toSync.clear();
    this.#deadlines.syncEnded();
    this.#state = 'PreparingRebalance';
    this.#emptySince = undefined;
    this.coordinator.onRebalance();
    this.#log('group.rebalancing', `rebalances after generation ${this.#generation}: ${reason}`);
    if (isInitial) {
      const { groupInitialRebalanceDelayMs: delayMs } = this.coordinator.options;
      this.#initial = new InitialDelay(delayMs, rebalanceTimeoutMs);
      this.#deadlines.endJoinIn(delayMs);
    } else if (this.members.everyoneJoined) this.#endJoin();
    else this.#deadlines.endJoinIn(rebalanceTimeoutMs);
  }

  membersSilent(silent: readonly ClassicMember[]): void {
    for (const member of silent) this.remove(member);
    this.settle(`nothing was heard of ${namesOf(silent)}`);
  }

  joinTimeUp(): void {
    const extensionMs = this.#initial?.extension() ?? 0;
    if (extensionMs > 0) this.#deadlines.endJoinIn(extensionMs);
    else this.#endJoin();
  }

  syncTimeUp(): void {
    const late = [...this.#toSync].map((id) => this.members.member(id)).filter((each) => each !== undefined);
    if (late.length === 0) return;
    for (const member of late) this.remove(member);
    this.prepare(`no SyncGroup came from ${namesOf(late)}`);
  }

  /** What is to be stored for this generation with these assignments. */
  record(assignmentOf: (member: ClassicMember) => Buffer): GroupRecord {
    return classicRecord(this.groupId, this.#stored(), assignmentOf);
  }

  /** CompletingRebalance -> Stable, when the assignment has its receipt. */
  stabilize(assignmentOf: (member: ClassicMember) => Buffer): void {
    this.#state = 'Stable';
    for (const member of this.members.members()) {
      member.assignment = assignmentOf(member);
      this.#answerSync(member, KafkaErrorCode.NONE);
    }
    this.#log('group.stable', `is stable in generation ${this.#generation}`);
  }

  /** In CompletingRebalance: the assignment is void, and who waits for it is told so. */
  abandonSync(code: number): void {
    for (const member of this.members.members()) {
      member.assignment = noBytes;
      this.#answerSync(member, code);
    }
  }

  /** The present generation as the answer to a member's JoinGroup; what all have to say goes to the leader alone. */
  joinAnswer(member: ClassicMember, members: readonly JoinedMember[] = []): JoinAnswer {
    return {
      code: KafkaErrorCode.NONE,
      memberId: member.memberId,
      generation: this.#generation,
      protocolType: this.members.protocolType ?? null,
      protocolName: this.#protocolName,
      leader: this.members.leaderId ?? '',
      skipAssignment: false,
      members,
    };
  }

  joinedMembers(): JoinedMember[] {
    return Array.from(this.members.members(), (member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      metadata: member.metadata(this.#protocolName),
    }));
  }

  /** -> Dead: answers everybody who waits and stops the clock. */
  close(code: number): void {
    this.#deadlines.stop();
    this.#state = 'Dead';
    for (const member of [...this.members.members()]) {
      this.members.answerJoin(member, joinRefusal(member.memberId, code));
      this.members.answerSync(member, syncRefusal(code));
    }
  }

  /** -> CompletingRebalance; Empty when nobody is left. */
  #endJoin(): void {
    this.#deadlines.joinEnded();
    const { members } = this;
    const missing = [...members.members()].filter(({ joining }) => joining === undefined);
    for (const member of missing) {
      // A static member may be away for as long as its session lasts.
      if (member.instanceId === null) this.remove(member);
    }
    if (members.size > 0 && !members.electLeader()) {
      // Only static members, none of which came back: they come, or their sessions end.
      this.#deadlines.endJoinIn(members.rebalanceTimeoutMs);
      return;
    }
    this.#initial = undefined;
    this.#generation++;
    this.#toSync.clear();
    if (members.size === 0) this.#becomeEmpty();
    else this.#askForSync();
  }

  #becomeEmpty(): void {
    this.#state = 'Empty';
    this.#protocolName = null;
    this.members.leaderId = undefined;
    this.#deadlines.reset();
    this.#emptySince = this.coordinator.clock.now();
    this.#log('group.empty', `has no members since generation ${this.#generation}`);
    this.coordinator.append([this.record(() => noBytes)], (error) => {
      // Without it a successor takes the last generation for alive until its sessions end: no harm in that.
      if (error !== undefined) this.#log('group.unsaved', `could not be stored as empty: ${error.message}`);
    });
  }

  #askForSync(): void {
    const { members } = this;
    this.#state = 'CompletingRebalance';
    this.#protocolName = members.selectProtocol() ?? null;
    const all = this.joinedMembers();
    this.#log('group.joined', `has ${members.size} members in generation ${this.#generation}`);
    for (const member of members.members()) {
      member.isNew = false;
      this.touch(member);
      this.#toSync.add(member.memberId);
      members.answerJoin(member, this.joinAnswer(member, members.isLeader(member.memberId) ? all : []));
    }
    this.#deadlines.endSyncIn(members.rebalanceTimeoutMs);
  }

  #answerSync(member: ClassicMember, code: number): void {
    const good = code === KafkaErrorCode.NONE;
    const answered = this.members.answerSync(member, {
      code,
      protocolType: good ? (this.members.protocolType ?? null) : null,
      protocolName: good ? this.#protocolName : null,
      assignment: member.assignment,
    });
    // While it waited it was not expected to send heartbeats.
    if (answered) this.touch(member);
  }

  #stored(): ClassicGeneration {
    return {
      generation: this.#generation,
      protocolType: this.members.protocolType,
      protocolName: this.#protocolName,
      leaderId: this.members.leaderId,
      emptySince: this.#emptySince,
      members: [...this.members.members()],
    };
  }

  #log(event: string, what: string): void {
    const { log, tenant } = this.coordinator;
    log.info(
      { event, protocol: 'kafka', tenant: tenant.name, group: this.groupId },
      `Group ${this.groupId} ${what}.`,
    );
  }
}
