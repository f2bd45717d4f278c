import { Buffer } from 'node:buffer';
import { type GroupRecord, parseRecord, recordKey, recordKeyNames, recordValue } from '../group-record.js';
import type { ConsumerMember, MemberAssignment, MemberState, MemberSubscription } from './member.js';
import {
  partitionsFromJson,
  partitionsToJson,
  type TopicPartitions,
  type TopicPartitionsJson,
} from './topic-partitions.js';

/** Of every key: `consumer/<group>/<part>` or `consumer/<group>/<part>/<name>`. */
export const consumerRecordPrefix = 'consumer/';

/**
 * `group`: the epochs. By member id: `member` is what it told, `target` what it is to have, `current` where it stands. By
 * pattern: `pattern`, the topics that it stands for.
 */
export type RecordPart = 'group' | 'member' | 'target' | 'current' | 'pattern';

export interface GroupEpochs {
  readonly epoch: number;
  readonly assignmentEpoch: number;
  /** Of the topics as they were at that epoch. */
  readonly topicsHash: string;
  /** Milliseconds since 1970; null while there are members. */
  readonly emptySince: number | null;
}

interface SubscriptionJson extends Omit<MemberSubscription, 'classic'> {
  readonly classic?: {
    readonly sessionTimeoutMs: number;
    readonly protocols: readonly { readonly name: string; readonly metadata: string }[];
  };
}

interface AssignmentJson {
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: TopicPartitionsJson;
  readonly revoking?: TopicPartitionsJson;
}

export function consumerRecord(
  groupId: string,
  part: RecordPart,
  name: string,
  value: object | null,
): GroupRecord {
  const names = part === 'group' ? [groupId, part] : [groupId, part, name];
  return { key: recordKey(consumerRecordPrefix, ...names), value: value && recordValue(value) };
}

export function consumerRecordKey(key: string): { groupId: string; part: RecordPart; name: string } {
  const [groupId = '', part = '', name = ''] = recordKeyNames(consumerRecordPrefix, key);
  return { groupId, part: part as RecordPart, name };
}

export function epochsFromRecord(value: Buffer): GroupEpochs {
  const { epoch, assignmentEpoch, topicsHash, emptySince } = parseRecord<GroupEpochs>(value);
  return { epoch, assignmentEpoch, topicsHash, emptySince };
}

export function subscriptionToJson(member: ConsumerMember): object {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, assignor, topicNames, topicPattern } =
    member;
  const json = {
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    assignor,
    topicNames,
    topicPattern,
  };
  if (member.classic === undefined) return json;
  const { sessionTimeoutMs, protocols } = member.classic;
  const encoded = protocols.map(({ name, metadata }) => ({ name, metadata: metadata.toString('base64') }));
  return { ...json, classic: { sessionTimeoutMs, protocols: encoded } };
}

export function subscriptionFromRecord(value: Buffer): MemberSubscription {
  const {
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    assignor,
    topicNames,
    topicPattern,
    classic,
  } = parseRecord<SubscriptionJson>(value);
  return {
    ...{ instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, assignor, topicNames, topicPattern },
    classic: classic && {
      sessionTimeoutMs: classic.sessionTimeoutMs,
      protocols: classic.protocols.map(({ name, metadata }) => ({
        name,
        metadata: Buffer.from(metadata, 'base64'),
      })),
    },
  };
}

export function assignmentToJson({
  epoch,
  previousEpoch,
  state,
  assigned,
  revoking,
}: ConsumerMember): object {
  const json: AssignmentJson = {
    ...{ epoch, previousEpoch, state, assigned: partitionsToJson(assigned) },
    ...(revoking.size > 0 && { revoking: partitionsToJson(revoking) }),
  };
  return json;
}

export function assignmentFromRecord(value: Buffer): MemberAssignment {
  const { epoch, previousEpoch, state, assigned, revoking = {} } = parseRecord<AssignmentJson>(value);
  return {
    ...{ epoch, previousEpoch, state },
    assigned: partitionsFromJson(assigned),
    revoking: partitionsFromJson(revoking),
  };
}

export function targetFromRecord(value: Buffer): TopicPartitions {
  return partitionsFromJson(parseRecord<{ topics: TopicPartitionsJson }>(value).topics);
}
