import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import type { Group } from './group.js';
import type { GroupCoordinator } from './group-coordinator.js';
import { type PartitionCommit, weightOf } from './group-offsets.js';

/** Who commits, as the request says it. */
export interface Committer {
  readonly groupId: string;
  /** Empty when the client is no member. */
  readonly memberId: string;
  readonly instanceId: string | null;
  /** -1 when the client is no member. */
  readonly generationOrEpoch: number;
  /** Of OffsetCommit: some codes differ by it. */
  readonly apiVersion: number;
}

/** What Pulsar takes as one entry, at most. */
const entryBytesMax = 5 * 1024 * 1024;

/** From here on an unknown group is named as such (KIP-848); before, a member's generation is what is wrong. */
const groupNotFoundSince = 9;

/**
 * Stores what a group committed, as one record set: all or nothing. `done` comes after Pulsar's receipt, with a KafkaError
 * whose code OffsetCommit may answer with. A client that is no member makes a group that only has offsets.
 *
 * @throws KafkaError when this committer may not
 */
export function commitOffsets(
  coordinator: GroupCoordinator,
  committer: Committer,
  commits: readonly PartitionCommit[],
  done: (error: KafkaError | undefined) => void,
): void {
  const group = groupFor(coordinator, committer);
  const { offsets } = group;
  const fault = roomFault(coordinator, group, commits);
  if (fault !== undefined) {
    coordinator.forgetIfEmpty(group);
    throw new KafkaError(KafkaErrorCode.INVALID_COMMIT_OFFSET_SIZE, fault);
  }
  group.protocol?.committed?.(committer.memberId);
  if (commits.length === 0) {
    coordinator.forgetIfEmpty(group);
    done(undefined);
    return;
  }
  const records = commits.map(({ topic, partition, committed }) =>
    offsets.record(topic, partition, committed),
  );
  for (const record of records) offsets.begin(record);
  coordinator.append(records, (error) => {
    for (const record of records) offsets.end(record);
    if (error === undefined && coordinator.has(group)) {
      for (const { topic, partition, committed } of commits) offsets.set(topic, partition, committed);
      coordinator.observer?.committed(group, commits);
    }
    coordinator.forgetIfEmpty(group);
    done(error === undefined ? undefined : commitError(error));
  });
}

/**
 * Why the offsets would be too many, or their records larger than an entry; undefined when they are not. What has an
 * offset needs no more room, unless it says more with it.
 */
function roomFault(
  coordinator: GroupCoordinator,
  { id, offsets }: Group,
  commits: readonly PartitionCommit[],
): string | undefined {
  const { groupOffsetsMax, groupOffsetsMaxPerSlice } = coordinator.options;
  // Known before the records are made: each has the group's name in it.
  if (commits.length * id.length > entryBytesMax) return 'the commit is larger than an entry of the log';
  if (commits.length > groupOffsetsMax) return `more than ${groupOffsetsMax} offsets in one commit`;
  const ofGroup = groupOffsetsMax - offsets.size;
  const ofSlice = groupOffsetsMaxPerSlice - coordinator.offsetCount;
  let added = 0;
  let weight = 0;
  for (const { topic, partition, committed } of commits) {
    const before = offsets.get(topic, partition);
    if (before === undefined) added++;
    weight += weightOf(committed) - (before === undefined ? 0 : weightOf(before));
  }
  if (added > 0 && added > ofGroup)
    return `the group has offsets of ${offsets.size} partitions, of ${groupOffsetsMax} allowed`;
  if (weight > 0 && weight > ofSlice)
    return `groups have ${coordinator.offsetCount} offsets in this part of the tenant`;
  return undefined;
}

/** As Kafka: `OffsetMetadataManager.validateOffsetCommit`. */
function groupFor(coordinator: GroupCoordinator, committer: Committer): Group {
  const { groupId, memberId, instanceId, generationOrEpoch, apiVersion } = committer;
  const group = coordinator.group(groupId);
  if (group === undefined) {
    if (generationOrEpoch < 0) return coordinator.create(groupId);
    const { GROUP_ID_NOT_FOUND, ILLEGAL_GENERATION } = KafkaErrorCode;
    const code = apiVersion >= groupNotFoundSince ? GROUP_ID_NOT_FOUND : ILLEGAL_GENERATION;
    throw new KafkaError(code, 'there is no such group, though the committer says it is a member');
  }
  const code =
    group.protocol?.checkCommit(memberId, instanceId, generationOrEpoch, apiVersion) ??
    (generationOrEpoch < 0 ? KafkaErrorCode.NONE : KafkaErrorCode.UNKNOWN_MEMBER_ID);
  if (code !== KafkaErrorCode.NONE) throw new KafkaError(code, 'the committer may not commit for the group');
  return group;
}

function commitError(error: KafkaError): KafkaError {
  if (error.code !== KafkaErrorCode.MESSAGE_TOO_LARGE) return error;
  return new KafkaError(KafkaErrorCode.INVALID_COMMIT_OFFSET_SIZE, error.message);
}
