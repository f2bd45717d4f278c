import type { Buffer } from 'node:buffer';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { type ClassicMember, ownedBytes } from './classic-member.js';
import type { ClassicRebalance } from './classic-rebalance.js';
import { noBytes, type SyncAnswer, type SyncCall, syncRefusal } from './classic-requests.js';

/** SyncGroup: the leader's brings everybody's assignment, which is stored before anybody hears of it. */
export class ClassicSync {
  /** The generation whose assignment waits for its receipt. */
  #storing: number | undefined;

  constructor(private readonly rebalance: ClassicRebalance) {}

  sync(call: SyncCall, answer: (answer: SyncAnswer) => void): void {
    const { rebalance } = this;
    const code = this.#refusalOf(call);
    if (code !== KafkaErrorCode.NONE) {
      answer(syncRefusal(code));
      return;
    }
    const member = rebalance.members.member(call.memberId)!;
    rebalance.synced(call.memberId);
    if (rebalance.state === 'Stable') {
      rebalance.touch(member);
      answer(this.#stableAnswer(member));
      return;
    }
    // One that was sent before is of a connection that is gone.
    rebalance.members.answerSync(member, syncRefusal(KafkaErrorCode.REBALANCE_IN_PROGRESS));
    member.syncing = answer;
    if (rebalance.members.isLeader(call.memberId) && this.#storing !== rebalance.generation)
      this.#store(call);
  }

  #refusalOf(call: SyncCall): number {
    const { state, members, generation, protocolName } = this.rebalance;
    if (state === 'Dead') return KafkaErrorCode.COORDINATOR_NOT_AVAILABLE;
    const code = members.check(call.memberId, call.instanceId);
    if (code !== KafkaErrorCode.NONE) return code;
    if (call.generation !== generation) return KafkaErrorCode.ILLEGAL_GENERATION;
    if (differs(call.protocolType, members.protocolType) || differs(call.protocolName, protocolName)) {
      return KafkaErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    }
    return state === 'PreparingRebalance' ? KafkaErrorCode.REBALANCE_IN_PROGRESS : KafkaErrorCode.NONE;
  }

  #stableAnswer(member: ClassicMember): SyncAnswer {
    const { protocolName, members } = this.rebalance;
    const protocolType = members.protocolType ?? null;
    return { code: KafkaErrorCode.NONE, protocolType, protocolName, assignment: member.assignment };
  }

  #store(call: SyncCall): void {
    const { rebalance } = this;
    const { generation, coordinator } = rebalance;
    const assignments = new Map<string, Buffer>();
    const before = rebalance.members.bytes;
    let bytes = before;
    for (const { memberId, assignment: former } of rebalance.members.members()) {
      const assignment = call.assignments.get(memberId);
      bytes += (assignment?.length ?? 0) - former.length;
      if (assignment !== undefined) assignments.set(memberId, assignment);
    }
    if (bytes > coordinator.options.groupMetadataBytesMax) {
      this.#failed(KafkaErrorCode.MESSAGE_TOO_LARGE);
      return;
    }
    if (!coordinator.admitMemberBytes(bytes - before)) {
      this.#failed(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE);
      return;
    }
    // Behind the size: what is refused is not copied.
    for (const [memberId, assignment] of assignments) assignments.set(memberId, ownedBytes(assignment));
    const assignmentOf = ({ memberId }: ClassicMember) => assignments.get(memberId) ?? noBytes;
    this.#storing = generation;
    coordinator.append([rebalance.record(assignmentOf)], (error) => {
      if (this.#storing === generation) this.#storing = undefined;
      // Somebody joined or left meanwhile: the assignment is of the past, and all were told.
      if (rebalance.state !== 'CompletingRebalance' || rebalance.generation !== generation) return;
      if (error === undefined) rebalance.stabilize(assignmentOf);
      else this.#failed(error.code);
    });
  }

  /** As Kafka: all are told, and join again. */
  #failed(code: number): void {
    const tooLarge = code === KafkaErrorCode.MESSAGE_TOO_LARGE;
    this.rebalance.abandonSync(tooLarge ? KafkaErrorCode.UNKNOWN_SERVER_ERROR : code);
    this.rebalance.prepare(tooLarge ? 'the assignment is too large' : 'the assignment could not be stored');
  }
}

/** Older clients do not say what they think of the group. */
function differs(said: string | null, known: string | null | undefined): boolean {
  return said !== null && known !== null && known !== undefined && said !== known;
}
