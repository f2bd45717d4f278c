import { z } from 'zod';

const mebibyte = 1024 * 1024;

/** The settings of the Kafka front, with their defaults; the gateway's configuration embeds this schema. */
export const kafkaOptionsSchema = z
  .strictObject({
    /** What Metadata says: unique per gateway. */
    nodeId: z.int().min(0).max(0x7fffffff).default(0),
    /** The largest request, size prefix excluded, before and after authentication. */
    frameBytesMaxBeforeAuthentication: z
      .int()
      .min(1024)
      .max(mebibyte)
      .default(64 * 1024),
    frameBytesMax: z
      .int()
      .min(64 * 1024)
      .max(1024 * mebibyte)
      .default(32 * mebibyte),
    /** Requests and their bytes that were read and are not answered; above, the connection is not read. */
    requestsInFlightMax: z.int().min(1).max(10_000).default(64),
    requestBytesInFlightMax: z
      .int()
      .min(64 * 1024)
      .default(32 * mebibyte),
    /** The same bytes over all connections of the process. */
    requestBytesInFlightMaxPerProcess: z
      .int()
      .min(mebibyte)
      .default(256 * mebibyte),
    /** How long what is known of a topic is taken as true, and of how many topics. */
    topicCacheMs: z.int().min(0).max(600_000).default(30_000),
    topicCacheTopicsMax: z.int().min(1).max(1_000_000).default(20_000),
    /** A new topic's id is read again after this long: of two gateways that wrote one, the last stays. */
    topicIdSettleMs: z.int().min(0).max(10_000).default(100),
    /** The most partitions that a client may ask for in one topic. */
    partitionsMax: z.int().min(1).max(10_000).default(1_000),
    /** Produce: bytes that a compressed batch may become. */
    decompressedBytesMax: z
      .int()
      .min(mebibyte)
      .max(1024 * mebibyte)
      .default(64 * mebibyte),
    /** Produce: an append that Pulsar did not confirm for this long is answered REQUEST_TIMED_OUT. */
    produceTimeoutMsMax: z.int().min(100).max(600_000).default(30_000),
    /** Offsets: a reader that fills gaps is closed after this long without one. */
    offsetReaderIdleMs: z.int().min(100).max(600_000).default(5_000),
    /** Offsets: an entry is read by the admin API when the reader gave nothing for this long. */
    offsetReaderTimeoutMs: z.int().min(10).max(60_000).default(500),
    /** Idempotence: entries looked back through for the offset of a duplicate. */
    duplicateScanEntriesMax: z.int().min(1).max(1_000_000).default(10_000),
    /** Idempotence: producer ids remembered, and forgotten after this long without use. */
    producerIdsMaxPerPartition: z.int().min(1).max(1_000_000).default(1_000),
    producerIdsMax: z.int().min(1).max(10_000_000).default(50_000),
    producerIdIdleMs: z.int().min(1_000).default(900_000),
    /** Pulsar producers: what one may hold that is not confirmed. */
    producerPendingBytesMax: z
      .int()
      .min(mebibyte)
      .default(32 * mebibyte),
    producerPendingEntriesMax: z.int().min(1).default(1_000),
  })
  .prefault({});

export type KafkaOptions = z.output<typeof kafkaOptionsSchema>;
