import { describe, expect, it } from '@jest/globals';
import { aloneCluster } from '#libs/cluster';
import { deleteRecordsApi, KafkaErrorCode, listOffsetsApi, offsetForLeaderEpochApi } from '#libs/kafka-codec';
import { ReadingBed } from '../testing/fetch-bed.js';
import { deleteRecordsHandler } from './delete-records.handler.js';
import { listOffsetsHandler } from './list-offsets.handler.js';
import { offsetForLeaderEpochHandler } from './offset-for-leader-epoch.handler.js';

const {
  NONE,
  INVALID_REQUEST,
  INVALID_TOPIC_EXCEPTION,
  NOT_LEADER_OR_FOLLOWER,
  OFFSET_OUT_OF_RANGE,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_LEADER_EPOCH,
  UNKNOWN_TOPIC_OR_PARTITION,
  UNSUPPORTED_VERSION,
} = KafkaErrorCode;

/** Topic `t` has the offsets 2 to 9; record n has timestamp 1000 + n. Topic `secret` may not be touched. */
function bed(cluster = aloneCluster()) {
  const handlers = [listOffsetsHandler, offsetForLeaderEpochHandler, deleteRecordsHandler];
  const rules = [
    {
      effect: 'deny' as const,
      principals: ['*'],
      actions: ['*' as const],
      resource: { type: 'topic' as const, match: 'literal' as const, name: 'secret' },
    },
  ];
  const reading = new ReadingBed({ handlers, cluster, rules });
  const log = reading.topic('t', 3);
  for (let count = 0; count < 5; count++) log.append(2);
  log.start = 2;
  reading.topic('secret').append(1);
  return { reading, log, kafka: reading.connect().kafka };
}

const wrongPlaces = [
  ['t', 3, UNKNOWN_TOPIC_OR_PARTITION],
  ['t', -1, UNKNOWN_TOPIC_OR_PARTITION],
  ['absent', 0, UNKNOWN_TOPIC_OR_PARTITION],
  ['secret', 0, TOPIC_AUTHORIZATION_FAILED],
  ['no/name', 0, INVALID_TOPIC_EXCEPTION],
] as const;

describe('ListOffsets', () => {
  async function list(version: number, timestamp: number, more = {}, name = 't', partitionIndex = 0) {
    const partitions = [{ partitionIndex, timestamp, ...more }];
    const { topics } = await bed().kafka.call(listOffsetsApi, version, { topics: [{ name, partitions }] });
    return topics[0]!.partitions[0]!;
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'tells the ends and finds timestamps, v%i',
    async (version) => {
      const leaderEpoch = version >= 4 ? 0 : -1;
      expect(await list(version, -2)).toMatchObject({
        errorCode: NONE,
        offset: 2n,
        timestamp: -1n,
        leaderEpoch,
      });
      expect(await list(version, -1)).toMatchObject({ offset: 10n, timestamp: -1n, leaderEpoch });
      expect(await list(version, 1_005)).toMatchObject({ offset: 5n, timestamp: 1_005n, leaderEpoch });
      expect(await list(version, 0)).toMatchObject({ offset: 2n, timestamp: 1_002n });
      expect(await list(version, 2_000)).toMatchObject({ errorCode: NONE, offset: -1n, timestamp: -1n });
    },
  );

  it.each([
    [-3, 7, 9n],
    [-4, 8, 2n],
    [-5, 9, -1n],
    [-6, 11, -1n],
  ])('knows timestamp %i from version %i on', async (timestamp, since, offset) => {
    expect(await list(since, timestamp)).toMatchObject({ errorCode: NONE, offset });
    expect(await list(since - 1, timestamp)).toMatchObject({ errorCode: UNSUPPORTED_VERSION, offset: -1n });
  });

  it('answers v0 with lists', async () => {
    const offsets = async (timestamp: number, maxNumOffsets = 5) =>
      (await list(0, timestamp, { maxNumOffsets })).oldStyleOffsets;
    expect(await offsets(-1)).toEqual([10n, 2n]);
    expect(await offsets(-1, 1)).toEqual([10n]);
    expect(await offsets(-2)).toEqual([2n]);
    expect(await offsets(1_006)).toEqual([6n, 2n]);
    expect(await offsets(0)).toEqual([2n]);
    expect(await offsets(9_999)).toEqual([10n, 2n]);
    expect([await offsets(-1, 0), await offsets(-1, -7)]).toEqual([[], []]);
  });

  it('says what is wrong', async () => {
    for (const [name, partition, code] of wrongPlaces) {
      expect(await list(5, -1, {}, name, partition)).toMatchObject({ errorCode: code, offset: -1n });
    }
    expect(await list(5, -1, { currentLeaderEpoch: 1 })).toMatchObject({ errorCode: UNKNOWN_LEADER_EPOCH });
    expect(await list(0, -1, {}, 'absent')).toMatchObject({ errorCode: UNKNOWN_TOPIC_OR_PARTITION });
    expect(await list(11, -7)).toMatchObject({ errorCode: UNSUPPORTED_VERSION });
    const partitions = [0, 1, 0].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }));
    const { topics } = await bed().kafka.call(listOffsetsApi, 5, { topics: [{ name: 't', partitions }] });
    const codes = topics[0]!.partitions.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([INVALID_REQUEST, NONE, INVALID_REQUEST]);
  });
});

describe('OffsetForLeaderEpoch', () => {
  async function ask(version: number, more: object, topic = 't', partition = 0) {
    const partitions = [{ partition, leaderEpoch: 0, ...more }];
    const { topics } = await bed().kafka.call(offsetForLeaderEpochApi, version, {
      topics: [{ topic, partitions }],
    });
    return topics[0]!.partitions[0]!;
  }

  it.each([0, 1, 2, 3, 4])('ends the one epoch with the log, and knows no other, v%i', async (version) => {
    expect(await ask(version, {})).toMatchObject({ errorCode: NONE, endOffset: 10n });
    for (const leaderEpoch of [-1, 1, 7]) {
      const nothing = { errorCode: NONE, endOffset: -1n, leaderEpoch: -1 };
      expect(await ask(version, { leaderEpoch })).toMatchObject(nothing);
    }
  });

  it('says what is wrong', async () => {
    for (const [name, partition, code] of wrongPlaces) {
      expect(await ask(3, {}, name, partition)).toMatchObject({ errorCode: code, endOffset: -1n });
    }
    expect(await ask(2, { currentLeaderEpoch: 2 })).toMatchObject({ errorCode: UNKNOWN_LEADER_EPOCH });
  });
});

describe('DeleteRecords', () => {
  async function remove(
    test: ReturnType<typeof bed>,
    offset: number,
    topic = 't',
    partition = 0,
    version = 2,
  ) {
    const partitions = [{ partitionIndex: partition, offset }];
    const { topics } = await test.kafka.call(deleteRecordsApi, version, {
      topics: [{ name: topic, partitions }],
      timeoutMs: 1_000,
    });
    const [result] = topics[0]!.partitions;
    return [result!.errorCode, Number(result!.lowWatermark)];
  }

  it.each([0, 1, 2])('moves the start of the log, and tells everybody, v%i', async (version) => {
    const test = bed();
    expect(await remove(test, 5, 't', 0, version)).toEqual([NONE, 5]);
    expect([test.reading.raised, test.reading.changed, test.reading.truncated]).toEqual([
      ['t-0: 5'],
      ['t'],
      [],
    ]);
  });

  it('never moves it back', async () => {
    const test = bed();
    expect(await remove(test, 0)).toEqual([NONE, 2]);
    expect(test.reading.raised).toEqual(['t-0: 2']);
  });

  it('truncates what is deleted as a whole, unless there is more by then', async () => {
    const test = bed();
    expect(await remove(test, -1)).toEqual([NONE, 10]);
    expect(test.reading.truncated).toEqual(['t-partition-0']);
    expect(await remove(test, -1)).toEqual([NONE, 10]);
    expect(test.reading.truncated).toHaveLength(1);
    const busy = bed();
    const { bounds } = busy.log;
    busy.log.bounds = async () => {
      const now = await bounds.call(busy.log);
      busy.log.append();
      return now;
    };
    expect(await remove(busy, -1)).toEqual([NONE, 10]);
    expect(busy.reading.truncated).toEqual([]);
  });

  it('says what is wrong, and changes nothing', async () => {
    const test = bed();
    for (const offset of [11, 1_000, -2, Number.MAX_SAFE_INTEGER]) {
      expect(await remove(test, offset)).toEqual([OFFSET_OUT_OF_RANGE, -1]);
    }
    for (const [name, partition, code] of wrongPlaces) {
      expect(await remove(test, 5, name, partition)).toEqual([code, -1]);
    }
    expect(test.reading.raised).toEqual([]);
    const follower = bed({ ...aloneCluster(), nodeOf: () => aloneCluster({ nodeId: 7 }).self });
    expect(await remove(follower, 5)).toEqual([NOT_LEADER_OR_FOLLOWER, -1]);
  });
});
