import { randomUUID } from 'node:crypto';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { ClassicMember, ownedProtocols, protocolBytes } from './classic-member.js';
import type { ClassicRebalance } from './classic-rebalance.js';
import { type JoinAnswer, type JoinCall, joinRefusal } from './classic-requests.js';

/** Ids that were given out and did not join: the oldest is forgotten for a new one. */
const pendingMembersMax = 10_000;

/** What such an id takes, about. */
export const pendingMemberBytes = 512;

/** What a member id has of the name that its client gave itself. */
const memberNameCharsMax = 255;

type Answer = (answer: JoinAnswer) => void;

/** JoinGroup: who may join, what it means for the group, and when it is answered. */
export class ClassicJoin {
  constructor(private readonly rebalance: ClassicRebalance) {}

  join(call: JoinCall, answer: Answer): void {
    const { state } = this.rebalance;
    const refusal = this.#refusalOf(call);
    if (state === 'Dead') answer(joinRefusal(call.memberId, KafkaErrorCode.COORDINATOR_NOT_AVAILABLE));
    else if (refusal !== KafkaErrorCode.NONE) answer(joinRefusal(call.memberId, refusal));
    else if (!this.#hasRoom(call)) this.#turnAway(call, answer);
    else if (!this.#speaks(call)) {
      answer(joinRefusal(call.memberId, KafkaErrorCode.INCONSISTENT_GROUP_PROTOCOL));
    } else if (!this.rebalance.coordinator.admitMemberBytes(this.#growth(call))) {
      // Other groups may give room: the client is to try again.
      answer(joinRefusal(call.memberId, KafkaErrorCode.COORDINATOR_NOT_AVAILABLE));
    } else if (call.memberId === '') this.#joinNew(call, answer);
    else this.#joinKnown(call, answer);
  }

  #refusalOf({ sessionTimeoutMs }: JoinCall): number {
    const { groupSessionTimeoutMsMin, groupSessionTimeoutMsMax } = this.rebalance.coordinator.options;
    const good = sessionTimeoutMs >= groupSessionTimeoutMsMin && sessionTimeoutMs <= groupSessionTimeoutMsMax;
    return good ? KafkaErrorCode.NONE : KafkaErrorCode.INVALID_SESSION_TIMEOUT;
  }

  #speaks({ protocolType, protocols }: JoinCall): boolean {
    if (this.rebalance.state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return this.rebalance.members.speaks(protocolType, protocols);
  }

  /** By the number of members, as Kafka counts them, and by what they all say together, which is stored as one entry. */
  #hasRoom(call: JoinCall): boolean {
    const { state, members } = this.rebalance;
    const { groupMembersMax, groupMetadataBytesMax } = this.rebalance.coordinator.options;
    const member = members.member(call.memberId);
    const names = call.clientId.length + (call.instanceId?.length ?? 0);
    const said =
      protocolBytes(call.protocols) + (member === undefined ? names : -protocolBytes(member.protocols));
    if (members.bytes + said > groupMetadataBytesMax) return false;
    if (state === 'Empty') return true;
    // While all join again, those who come first are in: the group may be over its size since that became smaller.
    if (state === 'PreparingRebalance') {
      return member?.joining !== undefined || members.joiningCount < groupMembersMax;
    }
    return member !== undefined || members.size < groupMembersMax;
  }

  /** By how much more is kept once this is answered. */
  #growth({ memberId, instanceId, clientId, idRequired, protocols }: JoinCall): number {
    if (memberId === '' && instanceId === null && idRequired) return pendingMemberBytes;
    const member = this.rebalance.members.member(memberId);
    const said = protocolBytes(protocols);
    if (member !== undefined) return said - protocolBytes(member.protocols);
    return said + clientId.length + memberNameCharsMax + (instanceId?.length ?? 0);
  }

  #turnAway({ memberId }: JoinCall, answer: Answer): void {
    const member = this.rebalance.members.member(memberId);
    answer(joinRefusal('', KafkaErrorCode.GROUP_MAX_SIZE_REACHED));
    if (member !== undefined) {
      this.rebalance.remove(member);
      this.rebalance.settle(`there is no room for ${memberId}`);
    } else if (this.rebalance.members.removePending(memberId)) this.rebalance.pendingWent();
  }

  #joinNew(call: JoinCall, answer: Answer): void {
    const { members } = this.rebalance;
    const memberId = `${(call.instanceId ?? call.clientId).slice(0, memberNameCharsMax)}-${randomUUID()}`;
    const holder = call.instanceId === null ? undefined : members.staticId(call.instanceId);
    if (holder !== undefined) this.#replaceStatic(call, members.member(holder)!, memberId, answer);
    else if (call.instanceId === null && call.idRequired) {
      const oldest = members.pending.keys().next().value;
      if (members.pending.size >= pendingMembersMax && oldest !== undefined) members.removePending(oldest);
      this.rebalance.addPending(memberId, call.sessionTimeoutMs);
      answer(joinRefusal(memberId, KafkaErrorCode.MEMBER_ID_REQUIRED));
    } else this.#add(call, memberId, answer);
  }

  #joinKnown(call: JoinCall, answer: Answer): void {
    const { members, state } = this.rebalance;
    const { memberId } = call;
    if (members.pending.has(memberId)) {
      // Only dynamic members are given an id beforehand.
      if (call.instanceId === null) this.#add(call, memberId, answer);
      else answer(joinRefusal(memberId, KafkaErrorCode.UNKNOWN_MEMBER_ID));
      return;
    }
    const code = members.check(memberId, call.instanceId);
    if (code !== KafkaErrorCode.NONE) {
      answer(joinRefusal(memberId, code));
      return;
    }
    const member = members.member(memberId)!;
    const unchanged = member.matches(call.protocols);
    const leads = members.isLeader(memberId);
    if (state === 'CompletingRebalance' && unchanged) {
      // It did not get the answer that it was sent.
      answer(this.rebalance.joinAnswer(member, leads ? this.rebalance.joinedMembers() : []));
    } else if (state === 'Stable' && unchanged && !leads) answer(this.rebalance.joinAnswer(member));
    else {
      this.#update(member, call);
      members.await(member, answer);
      // A leader that joins again asks for a new assignment: it saw a change that members do not tell.
      const why = unchanged && leads ? 'leads and joined again' : 'joined again';
      this.rebalance.settle(`${memberId} ${why}${reasonOf(call)}`);
    }
  }

  #add(call: JoinCall, memberId: string, answer: Answer): void {
    const { instanceId, clientId, clientHost, protocols } = call;
    const member = new ClassicMember({
      ...{ memberId, instanceId, clientId, clientHost },
      sessionTimeoutMs: call.sessionTimeoutMs,
      rebalanceTimeoutMs: rebalanceTimeoutOf(call),
      protocols: ownedProtocols(protocols),
    });
    member.joining = answer;
    this.rebalance.add(member, call.protocolType);
    // A client that was not told its id cannot come back to this member.
    if (call.memberId === '' && instanceId === null) this.#removeWhenGone(member, call, answer);
    if (member.joining !== undefined) this.rebalance.settle(`${memberId} joined${reasonOf(call)}`);
  }

  #removeWhenGone(member: ClassicMember, call: JoinCall, answer: Answer): void {
    const cancel = call.whenGone(() => {
      if (member.joining === undefined) return;
      this.rebalance.remove(member);
      this.rebalance.endJoinIfComplete();
    });
    if (member.joining === undefined) return;
    member.joining = (joined) => {
      cancel();
      answer(joined);
    };
  }

  #update(member: ClassicMember, call: JoinCall): void {
    const { members } = this.rebalance;
    members.update(member, ownedProtocols(call.protocols), call.sessionTimeoutMs, rebalanceTimeoutOf(call));
  }

  /** KIP-345: an instance that comes back without its member id takes its own place, and whoever held it is fenced. */
  #replaceStatic(call: JoinCall, old: ClassicMember, memberId: string, answer: Answer): void {
    const { rebalance } = this;
    const leaderBefore = rebalance.members.leaderId ?? '';
    const fresh = new ClassicMember({
      memberId,
      instanceId: old.instanceId,
      clientId: call.clientId,
      clientHost: call.clientHost,
      sessionTimeoutMs: call.sessionTimeoutMs,
      rebalanceTimeoutMs: rebalanceTimeoutOf(call),
      protocols: ownedProtocols(call.protocols),
      assignment: old.assignment,
    });
    rebalance.replace(old, fresh);
    rebalance.members.await(fresh, answer);
    const keepsProtocol = rebalance.members.selectProtocol() === rebalance.protocolName;
    if (rebalance.state === 'Stable' && keepsProtocol) this.#persistReplacement(call, fresh, leaderBefore);
    // The leader may assign to the old id already, which is not there any more.
    else rebalance.settle(`${memberId} took the place of ${old.memberId}${reasonOf(call)}`);
  }

  /** Nobody else notices: the member has its former assignment as soon as its new id is stored. */
  #persistReplacement(call: JoinCall, fresh: ClassicMember, leaderBefore: string): void {
    const { rebalance } = this;
    const { generation } = rebalance;
    const { joining } = fresh;
    rebalance.coordinator.append([rebalance.record(({ assignment }) => assignment)], (error) => {
      if (fresh.joining !== joining || joining === undefined) return;
      if (error !== undefined) {
        rebalance.members.answerJoin(fresh, joinRefusal('', error.code));
        rebalance.touch(fresh);
        return;
      }
      // A rebalance began meanwhile: the member has joined it.
      if (rebalance.state !== 'Stable' || rebalance.generation !== generation) return;
      const leads = rebalance.members.isLeader(fresh.memberId);
      // Before v9 a leader cannot be told to leave the assignment as it is: it is told that its former self leads.
      const skips = call.skipsAssignment && leads;
      rebalance.touch(fresh);
      rebalance.members.answerJoin(fresh, {
        ...rebalance.joinAnswer(fresh, skips ? rebalance.joinedMembers() : []),
        leader: call.skipsAssignment ? (rebalance.members.leaderId ?? '') : leaderBefore,
        skipAssignment: skips,
      });
    });
  }
}

/** JoinGroup v0 has none: the session timeout is meant. */
function rebalanceTimeoutOf({ rebalanceTimeoutMs, sessionTimeoutMs }: JoinCall): number {
  return rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs;
}

function reasonOf({ reason }: JoinCall): string {
  return reason === null || reason === '' ? '' : ` (it says: ${reason.slice(0, 255)})`;
}
