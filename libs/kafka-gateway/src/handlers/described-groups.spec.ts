import { describe, expect, it } from '@jest/globals';
import {
  consumerGroupDescribeApi,
  deleteGroupsApi,
  describeGroupsApi,
  KafkaErrorCode,
  offsetFetchApi,
} from '#libs/kafka-codec';
import { offsetRecords } from '../group-coordinator/group-offsets-kind.js';
import { ReadingBed } from '../testing/fetch-bed.js';
import { coordinatorBed } from '../testing/group-coordinator-bed.js';
import { AnswerRoom } from './answer-room.js';
import { consumerGroupDescribeHandler } from './consumer-group-describe.handler.js';
import { deleteGroupsHandler } from './delete-groups.handler.js';
import { describeGroupsHandler } from './describe-groups.handler.js';
import { offsetFetchHandler } from './offset-fetch.handler.js';

// Short requests about groups do not get answers of any size.

function bed() {
  const handlers = [
    describeGroupsHandler,
    consumerGroupDescribeHandler,
    deleteGroupsHandler,
    offsetFetchHandler,
  ];
  const front = new ReadingBed({ handlers });
  const { coordinator } = coordinatorBed([offsetRecords]);
  Object.assign(front.protocol.services, {
    groups: { coordinator: () => coordinator, loading: () => undefined },
  });
  coordinator.create('g').offsets.set('t', 0, { offset: 7, leaderEpoch: -1, metadata: '', committedAt: 0 });
  front.topic('t');
  return front.connect().kafka;
}

const often = Array.from({ length: 1_000 }, () => 'g');

describe('a group that is named a thousand times in one request', () => {
  it('is described once', async () => {
    const kafka = bed();
    const classic = await kafka.call(describeGroupsApi, 6, { groups: [...often, 'other'] });
    expect(classic.groups.map(({ groupId }) => groupId)).toEqual(['g', 'other']);
    const consumer = await kafka.call(consumerGroupDescribeApi, 1, { groupIds: often });
    expect(consumer.groups.map(({ groupId }) => groupId)).toEqual(['g']);
  });

  it('is asked for its offsets once', async () => {
    const groups = often.map((groupId) => ({ groupId, memberId: null, memberEpoch: -1, topics: null }));
    const answer = await bed().call(offsetFetchApi, 9, { groups });
    expect(answer.groups.map(({ errorCode }) => errorCode)).toEqual([
      KafkaErrorCode.NONE,
      ...groups.slice(1).map(() => KafkaErrorCode.INVALID_REQUEST),
    ]);
    expect(answer.groups.flatMap(({ topics }) => topics)).toHaveLength(1);
  });

  it('is deleted once', async () => {
    const { results } = await bed().call(deleteGroupsApi, 2, { groupsNames: often });
    expect(results).toMatchObject([{ groupId: 'g', errorCode: KafkaErrorCode.NONE }]);
  });
});

describe('the room in an answer', () => {
  it('refuses what does not fit any more', () => {
    const room = new AnswerRoom(100);
    room.take(60);
    expect(() => room.take(50)).toThrow('too large');
    room.take(40);
  });
});
