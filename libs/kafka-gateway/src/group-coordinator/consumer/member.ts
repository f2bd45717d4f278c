import { noPartitions, type TopicPartitions } from './topic-partitions.js';

/** Where a member is on its way to the target assignment; drawn at `reconcile`. */
export type MemberState = 'stable' | 'unrevoked' | 'unreleased';

/** The epochs of a request that leaves; the second is also the epoch of a static member that will return. */
export const leaveEpoch = -1;
export const staticLeaveEpoch = -2;

/** What a member that still speaks JoinGroup and SyncGroup brought. */
export interface ClassicMetadata {
  readonly sessionTimeoutMs: number;
  /** In its order of preference: the name of an assignor, and its `ConsumerProtocolSubscription`. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

/** What a member told of itself. */
export interface MemberSubscription {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** How long it may take to revoke partitions. */
  readonly rebalanceTimeoutMs: number;
  /** The assignor that it asks for. */
  readonly assignor: string | null;
  /** Sorted, each once. */
  readonly topicNames: readonly string[];
  /** Null or empty: none. */
  readonly topicPattern: string | null;
  /** Undefined: it speaks ConsumerGroupHeartbeat. */
  readonly classic: ClassicMetadata | undefined;
}

/** Where a member stands. */
export interface MemberAssignment {
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: TopicPartitions;
  /** Told to give up, and not known to have done so: nobody else gets them. */
  readonly revoking: TopicPartitions;
}

/** A member of a consumer group. Immutable. */
export interface ConsumerMember extends MemberSubscription, MemberAssignment {
  readonly memberId: string;
}

/** One that has said and got nothing yet. */
export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    assignor: null,
    topicNames: [],
    topicPattern: null,
    classic: undefined,
    epoch: 0,
    previousEpoch: 0,
    state: 'stable',
    assigned: noPartitions,
    revoking: noPartitions,
  };
}

/** What is kept of what a member said, about. */
export function memberBytes(member: MemberSubscription & Pick<ConsumerMember, 'memberId'>): number {
  const { memberId, instanceId, rackId, clientId, topicNames, topicPattern, classic } = member;
  let bytes = memberId.length + clientId.length + (instanceId?.length ?? 0) + (rackId?.length ?? 0);
  bytes += topicPattern?.length ?? 0;
  for (const name of topicNames) bytes += name.length;
  for (const { name, metadata } of classic?.protocols ?? []) bytes += name.length + metadata.length;
  return bytes;
}

/** Has all that the target of this epoch gives it. */
export function isReconciledTo(member: ConsumerMember, targetEpoch: number): boolean {
  return member.state === 'stable' && member.epoch === targetEpoch;
}

/** Sorted, each once: as {@link MemberSubscription.topicNames} are kept. */
export function normalizedTopicNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

export function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
