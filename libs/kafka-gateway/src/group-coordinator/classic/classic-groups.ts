import type { Buffer } from 'node:buffer';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import type { Group, GroupProtocol } from '../group.js';
import type { GroupCoordinator, GroupRecordKind } from '../group-coordinator.js';
import { ClassicGroup } from './classic-group.js';
import { classicGroupOf, classicPrefix, parseClassicRecord } from './classic-record.js';
import type { ClassicRequests } from './classic-requests.js';

/**
 * The group that a SyncGroup, Heartbeat or LeaveGroup is for; undefined where there is none that such members may be in:
 * they are unknown then.
 */
export function classicGroup(coordinator: GroupCoordinator, groupId: string): ClassicRequests | undefined {
  const protocol = coordinator.group(groupId)?.protocol;
  return protocol !== undefined && answersClassicRequests(protocol) ? protocol : undefined;
}

/**
 * The group that a JoinGroup is for: made where there is none, if the member does not claim to be in it already.
 *
 * @throws KafkaError UNKNOWN_MEMBER_ID, INCONSISTENT_GROUP_PROTOCOL, POLICY_VIOLATION (too many groups)
 */
export function groupToJoin(
  coordinator: GroupCoordinator,
  groupId: string,
  memberId: string,
): ClassicRequests {
  const protocol = coordinator.group(groupId)?.protocol;
  if (protocol !== undefined && (protocol.type === 'classic' || protocol.memberCount > 0)) {
    if (answersClassicRequests(protocol)) return protocol;
    const message = 'the members of the group use the consumer protocol';
    throw new KafkaError(KafkaErrorCode.INCONSISTENT_GROUP_PROTOCOL, message);
  }
  if (memberId !== '') throw new KafkaError(KafkaErrorCode.UNKNOWN_MEMBER_ID, 'there is no such group');
  const group = coordinator.group(groupId) ?? coordinator.create(groupId);
  if (protocol !== undefined) leaveBehind(coordinator, protocol);
  return newClassicGroup(coordinator, group);
}

/** Of a classic group, its last complete generation. */
export const classicRecords: GroupRecordKind = {
  prefix: classicPrefix,
  replay(coordinator: GroupCoordinator, key: string, value: Buffer | null): void {
    const groupId = classicGroupOf(key);
    const known = coordinator.group(groupId);
    if (value === null) {
      // A consumer group that took its place stays.
      if (known?.protocol?.type === 'classic') known.protocol = undefined;
      return;
    }
    const group = known ?? coordinator.create(groupId);
    group.protocol = ClassicGroup.restored(groupId, coordinator, parseClassicRecord(value));
  },
  serving(coordinator: GroupCoordinator): void {
    for (const { protocol } of coordinator.groups()) {
      if (protocol instanceof ClassicGroup) protocol.startSessions();
    }
  },
};

function newClassicGroup(coordinator: GroupCoordinator, group: Group): ClassicGroup {
  const classic = new ClassicGroup(group.id, coordinator, () => {
    if (group.protocol !== classic) return;
    group.protocol = undefined;
    coordinator.forgetIfEmpty(group);
  });
  group.protocol = classic;
  return classic;
}

/** A consumer group without members gives way, as in Kafka; its records go before the first of the classic group. */
function leaveBehind(coordinator: GroupCoordinator, protocol: GroupProtocol): void {
  const tombstones = protocol.tombstones();
  protocol.close(KafkaErrorCode.GROUP_ID_NOT_FOUND);
  if (tombstones.length > 0) coordinator.append(tombstones, () => {});
}

function answersClassicRequests(protocol: GroupProtocol): protocol is GroupProtocol & ClassicRequests {
  return 'join' in protocol && 'sync' in protocol && 'heartbeat' in protocol && 'leave' in protocol;
}
