import { z } from 'zod';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

const bytes = (min: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max);
const count = (max: number) => z.int().min(1).max(max);
const milliseconds = (min: number, max: number) => z.int().min(min).max(max);

/** The settings of the Kafka front, with their defaults; the gateway's configuration embeds this schema. */
export const kafkaOptionsSchema = z
  .strictObject({
    nodeId: z
      .int()
      .min(0)
      .max(0x7fffffff)
      .optional()
      .describe('Broker id in Metadata, unique per gateway. Default: the lowest that no other gateway has.'),
    frameBytesMaxBeforeAuthentication: bytes(kibibyte, mebibyte)
      .default(64 * kibibyte)
      .describe('The largest request of a client that has not authenticated.'),
    frameBytesMax: bytes(64 * kibibyte, 1024 * mebibyte)
      .default(32 * mebibyte)
      .describe('The largest request.'),
    partialFrameBytesMaxPerProcess: bytes(mebibyte)
      .default(256 * mebibyte)
      .describe('Requests that are not complete yet, over all connections; who goes over it is closed.'),
    requestsInFlightMax: count(10_000)
      .default(64)
      .describe('Requests of a connection that are not answered; at it, the connection is not read.'),
    requestBytesInFlightMax: bytes(64 * kibibyte)
      .default(32 * mebibyte)
      .describe(
        'Their bytes, of others than Produce 64 times, as they grow; at it, the connection is not read.',
      ),
    requestBytesInFlightMaxPerProcess: bytes(mebibyte)
      .default(256 * mebibyte)
      .describe(
        'The same over all connections; above it, none is read; above half of it, none of that tenant.',
      ),
    topicCacheMs: milliseconds(0, 600_000)
      .default(30_000)
      .describe('How long what is known of a topic is taken as true.'),
    topicCacheTopicsMax: count(1_000_000).default(20_000).describe('Topics that are remembered.'),
    topicIdSettleMs: milliseconds(0, 10_000)
      .default(100)
      .describe('A new topic id is read again after this long: of two gateways, the last that wrote wins.'),
    compactionThresholdBytes: bytes(1)
      .default(64 * mebibyte)
      .describe('Bytes written since the last compaction that start one, on topics that are compacted.'),
    partitionsMax: count(10_000)
      .default(1_000)
      .describe('Partitions that a client may ask for in one topic.'),
    decompressedBytesMax: bytes(mebibyte, 1024 * mebibyte)
      .default(64 * mebibyte)
      .describe('What a compressed record batch may become.'),
    produceTimeoutMsMax: milliseconds(100, 600_000)
      .default(30_000)
      .describe('An append that Pulsar did not confirm for so long is answered REQUEST_TIMED_OUT.'),
    fetchBytesMax: bytes(64 * kibibyte, 1024 * mebibyte)
      .default(32 * mebibyte)
      .describe('Records in one answer to Fetch, whatever the consumer allows; a larger batch comes alone.'),
    fetchBytesInFlightMax: bytes(mebibyte)
      .default(128 * mebibyte)
      .describe('Records in answers that consumers have not taken, in all; one tenant has half of it.'),
    fetchSessionsMax: count(1_000_000)
      .default(1_000)
      .describe('Fetch sessions; a consumer without one sends its partitions with each request.'),
    fetchSessionPartitionsMax: count(100_000_000)
      .default(200_000)
      .describe('Partitions in all fetch sessions.'),
    fetchSessionEvictionMs: milliseconds(1, 0x7fffffff)
      .default(120_000)
      .describe('A fetch session may be given up after this long without use, or for a larger one.'),
    offsetReaderIdleMs: milliseconds(100, 600_000)
      .default(5_000)
      .describe('A reader that learns offsets is closed after this long without need.'),
    offsetReaderTimeoutMs: milliseconds(10, 60_000)
      .default(500)
      .describe('An offset is asked for by the admin API when the reader gave none for this long.'),
    duplicateScanEntriesMax: count(1_000_000)
      .default(10_000)
      .describe('Entries that are looked back through for the offset of a duplicate.'),
    producerIdsMaxPerPartition: count(1_000_000)
      .default(1_000)
      .describe('Idempotent producers that a partition remembers.'),
    producerIdsMax: count(10_000_000).default(50_000).describe('The same over all partitions.'),
    producerIdIdleMs: milliseconds(1_000, 0x7fffffff)
      .default(900_000)
      .describe('An idempotent producer is forgotten after this long without a batch.'),
    readMemoryBytesMax: bytes(mebibyte)
      .default(128 * mebibyte)
      .describe('Record batches that were read and are kept in memory, over all partitions.'),
    readRingBytesMax: bytes(64 * kibibyte)
      .default(8 * mebibyte)
      .describe('The same for one place of one partition, for consumers that read at about the same place.'),
    readAheadBytesMax: bytes(64 * kibibyte)
      .default(4 * mebibyte)
      .describe('What is read ahead of the fastest consumer of a partition.'),
    readerIdleMs: milliseconds(1_000, 0x7fffffff)
      .default(60_000)
      .describe("A partition's tail is not read any more after this long without a consumer."),
    catchUpReadersMax: count(100_000)
      .default(128)
      .describe(
        'Readers behind the tails of partitions, over all partitions; consumers take turns beyond it.',
      ),
    catchUpReaderIdleMs: milliseconds(100, 0x7fffffff)
      .default(5_000)
      .describe('A reader behind the tail is closed after this long without a consumer.'),
    producerPendingBytesMax: bytes(mebibyte)
      .default(32 * mebibyte)
      .describe('What a partition may hold that Pulsar has not confirmed.'),
    groupsMaxPerSlice: count(10_000_000)
      .default(25_000)
      .describe('Groups in each of the four parts that a tenant has.'),
    groupOffsetsMax: count(10_000_000)
      .default(100_000)
      .describe('Partitions that a group may have committed offsets for.'),
    groupOffsetsMaxPerSlice: count(100_000_000)
      .default(1_000_000)
      .describe('The same over all groups of one part of a tenant.'),
    groupPendingRecordsMax: count(10_000_000)
      .default(100_000)
      .describe("Group records of one part that wait for Pulsar's receipt."),
    groupInitialRebalanceDelayMs: milliseconds(0, 300_000)
      .default(1_000)
      .describe('How long the first rebalance of a group waits for more members, again for each that comes.'),
    groupSessionTimeoutMsMin: milliseconds(100, 0x7fffffff)
      .default(6_000)
      .describe('The shortest session timeout that a member may ask for.'),
    groupSessionTimeoutMsMax: milliseconds(100, 0x7fffffff)
      .default(1_800_000)
      .describe('The longest session timeout that a member may ask for.'),
    groupMembersMax: count(100_000).default(1_000).describe('Members of a group.'),
    groupMetadataBytesMax: bytes(kibibyte, 3.5 * mebibyte)
      .default(3 * mebibyte)
      .describe('What the members of a group say and are assigned, together: it is stored as one entry.'),
    groupMemberBytesMaxPerSlice: bytes(mebibyte)
      .default(128 * mebibyte)
      .describe('The same over all groups of one part of a tenant; who joins beyond it is to try again.'),
    groupSliceIdleMs: milliseconds(1_000, 0x7fffffff)
      .default(600_000)
      .describe('A part without members is given back after this long without a request.'),
    coordinatorLoadWaitMs: milliseconds(0, 60_000)
      .default(5_000)
      .describe(
        'A request of a group whose part is being loaded waits so long before COORDINATOR_LOAD_IN_PROGRESS.',
      ),
    mirrorGroups: z
      .boolean()
      .default(true)
      .describe('Whether Pulsar shows groups, as subscriptions of their name.'),
    mirrorsMax: count(10_000_000)
      .default(20_000)
      .describe('Such subscriptions that this gateway remembers, and those that wait to be moved.'),
    mirrorMovesPerSecondMax: count(10_000)
      .default(100)
      .describe('How often such subscriptions are moved, over all groups.'),
    mirrorCheckMs: milliseconds(100, 0x7fffffff)
      .default(60_000)
      .describe('Between two looks for subscriptions that hold more than the retention of the topic.'),
    offsetsCommitTimeoutMs: milliseconds(10, 600_000)
      .default(5_000)
      .describe('A commit without a receipt is answered REQUEST_TIMED_OUT after this long.'),
    offsetsRetentionMs: milliseconds(1_000, Number.MAX_SAFE_INTEGER)
      .default(7 * 24 * 3_600_000)
      .describe("Committed offsets expire so long after the group's last member left."),
    offsetsRetentionCheckMs: milliseconds(100, 0x7fffffff)
      .default(600_000)
      .describe('Between two looks for offsets that expired.'),
    consumerGroupHeartbeatIntervalMs: milliseconds(100, 600_000)
      .default(5_000)
      .describe('What members of the consumer protocol (KIP-848) are told to wait between heartbeats.'),
    consumerGroupSessionTimeoutMs: milliseconds(100, 0x7fffffff)
      .default(45_000)
      .describe('After so long without a heartbeat such a member is taken out of its group.'),
    consumerGroupSizeMax: count(100_000).default(1_000).describe('Members of such a group.'),
    consumerGroupAssignor: z
      .enum(['uniform', 'range'])
      .default('uniform')
      .describe('The assignor of such groups whose members ask for none.'),
    consumerGroupMigrationPolicy: z
      .enum(['bidirectional', 'upgrade', 'downgrade', 'disabled'])
      .default('bidirectional')
      .describe(
        'Whether a group may change between the classic and the consumer protocol while it has members.',
      ),
    consumerGroupTopicRefreshMs: milliseconds(100, 600_000)
      .default(5_000)
      .describe('Between two looks of such a group at the topics that its members subscribe to.'),
    producerPendingEntriesMax: count(1_000_000).default(1_000).describe('The same in batches.'),
  })
  .prefault({});

export type KafkaOptions = z.output<typeof kafkaOptionsSchema>;
