import type { BackoffOptions } from '../backoff.js';
import type { EntryDecodeError, EntryPosition } from '../entry.js';
import type { PulsarError } from '../pulsar.errors.js';
import type { KeyValue } from '../wire/commands.js';
import type { Delivery } from './delivery.js';

export type SubscriptionTypeName = 'exclusive' | 'shared' | 'failover' | 'key-shared';

export interface KeySharedOptions {
  readonly mode: 'auto-split' | 'sticky';
  /** Of `sticky`: both ends inclusive, of 65 536 hashes. */
  readonly hashRanges?: readonly { readonly start: number; readonly end: number }[];
  readonly allowOutOfOrderDelivery?: boolean;
}

export interface ConsumerOptions {
  /** One partition, or a topic without partitions. */
  readonly topic: string;
  readonly tenantKey: string;
  readonly subscription: string;
  readonly type: SubscriptionTypeName;
  readonly consumerName?: string;
  /** Lower is served first. */
  readonly priorityLevel?: number;
  /** Where a subscription begins that does not exist yet. Default latest. */
  readonly initialPosition?: 'latest' | 'earliest';
  /** Default true: the subscription outlives its consumers. */
  readonly durable?: boolean;
  /** Kept with the subscription when this consumer creates it. */
  readonly properties?: readonly KeyValue[];
  /** Kept with the consumer. */
  readonly metadata?: readonly KeyValue[];
  readonly keyShared?: KeySharedOptions;
  readonly readCompacted?: boolean;
  /** Default false: 'TopicNotFound' for an absent topic. */
  readonly createTopic?: boolean;
  /** Messages on their way or (`creditOn: 'ack'`) unacknowledged, at most. Default 1 000. */
  readonly permits?: number;
  /** Bytes of the same, about, at most. Default 8 MiB. */
  readonly windowBytesMax?: number;
  /** Asks for nothing before `resume`. Default false. */
  readonly paused?: boolean;
  /**
   * When a message makes room for another: as it arrives (default), or when it is acknowledged or given back. 'grant': never;
   * what comes is what the owner asks for by `grant`, whatever the two bounds above.
   */
  readonly creditOn?: 'arrival' | 'ack' | 'grant';
  /** How long an acknowledgement may wait to share a command with others, in ms. Default 5. */
  readonly ackGroupMs?: number;
  /** Entries in one ACK command. Default 1 000. */
  readonly ackGroupMax?: number;
  /** Default true. Set false for brokers with acknowledgmentAtBatchIndexLevelEnabled=false. */
  readonly batchIndexAck?: boolean;
  /**
   * Acknowledgements that were on their way when the consumer was cut off are sent again when it is back, instead of
   * failing with 'Disconnected': whether the broker had done them nobody knows. Default false.
   */
  readonly resendAcks?: boolean;
  /** Default true. */
  readonly verifyChecksum?: boolean;
  readonly backoff?: BackoffOptions;
  /** Entries as they come. After a reattachment, a redelivery or a seek, earlier ones come again. */
  onEntry(delivery: Delivery): void;
  /** Bytes that are no entry. They are acknowledged, so that they do not come for ever. */
  onCorruptEntry?(position: EntryPosition, error: EntryDecodeError): void;
  /** Failover and exclusive: this consumer is, or no longer is, the one that gets messages. */
  onActiveChange?(active: boolean): void;
  onEndOfTopic?(): void;
  /** The broker let it go, or is lost: it comes back by itself, and what is unacknowledged comes again. */
  onDetached?(): void;
  /** Told once when the consumer ends by itself: topic or subscription gone, no longer authorized. */
  onClosed?(error: PulsarError): void;
}

export const consumerDefaults = {
  permits: 1_000,
  windowBytesMax: 8 * 1024 * 1024,
  creditOn: 'arrival' as 'arrival' | 'ack' | 'grant',
  ackGroupMs: 5,
  ackGroupMax: 1_000,
  batchIndexAck: true,
  resendAcks: false,
};
