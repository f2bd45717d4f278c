import { Buffer } from 'node:buffer';
import { type GroupRecord, parseRecord, recordKey, recordKeyNames, recordValue } from '../group-record.js';
import { ClassicMember } from './classic-member.js';

/** Keys `classic/<group>`: one record per group, its last complete generation. */
export const classicPrefix = 'classic/';

/** A generation as it is stored, and as a group is made from: also of what a consumer group (KIP-848) leaves behind. */
export interface ClassicGeneration {
  readonly generation: number;
  readonly protocolType: string | undefined;
  /** Null without members. */
  readonly protocolName: string | null;
  readonly leaderId: string | undefined;
  /** Since when there are no members, in ms since 1970. */
  readonly emptySince: number | undefined;
  readonly members: readonly ClassicMember[];
}

interface StoredMember {
  readonly id: string;
  readonly instance?: string;
  readonly client: string;
  readonly host: string;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  /** Name and metadata (base64), as the member prefers them. All of them: who rejoins unchanged must find them equal. */
  readonly protocols: readonly (readonly [string, string])[];
  /** base64 */
  readonly assignment: string;
}

interface StoredGroup {
  readonly generation: number;
  readonly type?: string;
  readonly protocol: string | null;
  readonly leader?: string;
  readonly emptySince?: number;
  readonly members: readonly StoredMember[];
}

/** `assignmentOf`: what the members get with this generation. */
export function classicRecord(
  groupId: string,
  generation: ClassicGeneration,
  assignmentOf: (member: ClassicMember) => Buffer,
): GroupRecord {
  const { protocolType, leaderId, emptySince, protocolName } = generation;
  const value: StoredGroup = {
    generation: generation.generation,
    ...(protocolType !== undefined && { type: protocolType }),
    protocol: protocolName,
    ...(leaderId !== undefined && { leader: leaderId }),
    ...(emptySince !== undefined && { emptySince }),
    members: generation.members.map((member) => storedMember(member, assignmentOf(member))),
  };
  return { key: recordKey(classicPrefix, groupId), value: recordValue(value) };
}

export function classicTombstone(groupId: string): GroupRecord {
  return { key: recordKey(classicPrefix, groupId), value: null };
}

export function classicGroupOf(key: string): string {
  return recordKeyNames(classicPrefix, key)[0]!;
}

/** @throws when it is of another version */
export function parseClassicRecord(value: Buffer): ClassicGeneration {
  const stored = parseRecord<StoredGroup>(value);
  return {
    generation: stored.generation,
    protocolType: stored.type,
    protocolName: stored.protocol,
    leaderId: stored.leader,
    emptySince: stored.emptySince,
    members: stored.members.map(memberOf),
  };
}

function storedMember(member: ClassicMember, assignment: Buffer): StoredMember {
  return {
    id: member.memberId,
    ...(member.instanceId !== null && { instance: member.instanceId }),
    client: member.clientId,
    host: member.clientHost,
    sessionMs: member.sessionTimeoutMs,
    rebalanceMs: member.rebalanceTimeoutMs,
    protocols: member.protocols.map(({ name, metadata }) => [name, metadata.toString('base64')] as const),
    assignment: assignment.toString('base64'),
  };
}

function memberOf(stored: StoredMember): ClassicMember {
  return new ClassicMember({
    memberId: stored.id,
    instanceId: stored.instance ?? null,
    clientId: stored.client,
    clientHost: stored.host,
    sessionTimeoutMs: stored.sessionMs,
    rebalanceTimeoutMs: stored.rebalanceMs,
    protocols: stored.protocols.map(([name, metadata]) => ({
      name,
      metadata: Buffer.from(metadata, 'base64'),
    })),
    assignment: Buffer.from(stored.assignment, 'base64'),
  });
}
