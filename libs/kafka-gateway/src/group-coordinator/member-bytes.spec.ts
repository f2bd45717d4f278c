import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { coordinatorBed } from '../testing/group-coordinator-bed.js';
import { groupToJoin, classicRecords } from './classic/classic-groups.js';
import type { JoinAnswer, JoinCall } from './classic/classic-requests.js';
import { consumerGroupHeartbeat } from './consumer/consumer-group-heartbeat.js';
import { consumerRecords } from './consumer/consumer-group-kind.js';

// What the members of all groups of a slice say is bounded, whatever the number of groups.

const mebibyte = 1024 * 1024;
const { NONE, COORDINATOR_NOT_AVAILABLE, MEMBER_ID_REQUIRED } = KafkaErrorCode;

function bed() {
  const options = { groupMemberBytesMaxPerSlice: 4 * mebibyte, groupInitialRebalanceDelayMs: 0 };
  const { coordinator, clock } = coordinatorBed([classicRecords, consumerRecords], { options });
  const join = (groupId: string, bytes: number, more: Partial<JoinCall> = {}) => {
    const answers: JoinAnswer[] = [];
    const call: JoinCall = {
      ...{ memberId: '', instanceId: null, clientId: 'c', clientHost: '/1.2.3.4', reason: null },
      ...{ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000, protocolType: 'consumer' },
      protocols: [{ name: 'range', metadata: Buffer.alloc(bytes) }],
      ...{ idRequired: false, skipsAssignment: false, whenGone: () => () => {} },
      ...more,
    };
    groupToJoin(coordinator, groupId, call.memberId).join(call, (answer) => answers.push(answer));
    clock.advance(0);
    return answers[0]!.code;
  };
  return { coordinator, clock, join };
}

describe('what members say in a slice', () => {
  it('is bounded over all groups; there is room again when members are gone', () => {
    const { coordinator, clock, join } = bed();
    expect([join('a', mebibyte), join('b', 2 * mebibyte)]).toEqual([NONE, NONE]);
    expect(join('c', 2 * mebibyte)).toBe(COORDINATOR_NOT_AVAILABLE);
    // Nothing is left of a group that could not be joined.
    expect(coordinator.group('c')).toBeUndefined();
    clock.advance(10_000);
    expect(join('c', 2 * mebibyte)).toBe(NONE);
  });

  it('has ids in it that were given out', () => {
    const { clock, join } = bed();
    const codes = Array.from({ length: 10_000 }, (_, at) => join(`${at % 3}`, 10, { idRequired: true }));
    expect(codes.filter((code) => code === MEMBER_ID_REQUIRED)).toHaveLength(8_192);
    expect(codes.at(-1)).toBe(COORDINATOR_NOT_AVAILABLE);
    clock.advance(10_000);
    expect(join('0', 10, { idRequired: true })).toBe(MEMBER_ID_REQUIRED);
  });

  it('counts the members of the consumer protocol too', async () => {
    const { coordinator } = bed();
    const beat = (groupId: string) =>
      consumerGroupHeartbeat(coordinator, groupId, {
        ...{ memberId: 'm', memberEpoch: 0, instanceId: null, rackId: null, clientId: 'c', clientHost: '' },
        ...{ rebalanceTimeoutMs: 1_000, topicPattern: null, assignor: null, owned: [] },
        topicNames: Array.from({ length: 4_000 }, (_, at) => `${at}`.padStart(249, 'x')),
        mayDescribe: () => true,
      });
    for (const groupId of ['a', 'b', 'c', 'd']) await beat(groupId);
    await expect(beat('e')).rejects.toMatchObject({ code: COORDINATOR_NOT_AVAILABLE });
  });
});
