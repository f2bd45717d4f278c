import type { AuthPolicies } from '../grants/namespace-grants.js';

/** Bodies of Pulsar's admin REST, as far as the gateway reads and writes them. Names are Pulsar's. */

export interface TenantInfo {
  adminRoles: string[];
  allowedClusters: string[];
}

/** -1 for unlimited; 0 in both keeps nothing beyond the backlog. */
export interface RetentionPolicies {
  retentionTimeInMinutes: number;
  retentionSizeInMB: number;
}

export interface InactiveTopicPolicies {
  deleteWhileInactive: boolean;
  inactiveTopicDeleteMode: 'delete_when_no_subscriptions' | 'delete_when_subscriptions_caught_up';
  maxInactiveDurationSeconds: number;
}

export interface AutoTopicCreation {
  allowAutoTopicCreation: boolean;
  topicType?: 'partitioned' | 'non-partitioned';
  defaultNumPartitions?: number;
}

export interface PublishRate {
  publishThrottlingRateInMsg: number;
  publishThrottlingRateInByte: number;
}

export interface NamespacePolicies {
  deduplicationEnabled?: boolean;
  retention_policies?: RetentionPolicies;
  inactive_topic_policies?: InactiveTopicPolicies;
  message_ttl_in_seconds?: number;
  compaction_threshold?: number;
  autoTopicCreationOverride?: AutoTopicCreation;
  replication_clusters?: string[];
  auth_policies?: AuthPolicies;
  /** `None` or `Prefix`. */
  subscription_auth_mode?: string;
  properties?: Readonly<Record<string, string>>;
}

/** `partitions` 0: not partitioned, or no such topic. */
export interface PartitionedMetadata {
  partitions: number;
  properties?: Record<string, string>;
}

export interface TopicStats {
  msgRateIn: number;
  msgThroughputIn: number;
  msgInCounter: number;
  bytesInCounter: number;
  storageSize: number;
  backlogSize: number;
  publishers: { producerName?: string; producerId?: number; address?: string; accessMode?: string }[];
  subscriptions: Record<string, SubscriptionStats>;
  deduplicationStatus?: string;
}

export interface SubscriptionStats {
  /** In entries: a batch counts once. */
  msgBacklog: number;
  /** Of those, what is kept until a time. */
  msgDelayed?: number;
  /** Bytes. */
  backlogSize?: number;
  type?: string;
  durable?: boolean;
  activeConsumerName?: string;
  consumers: { consumerName?: string; address?: string; unackedMessages?: number }[];
  subscriptionProperties?: Record<string, string>;
}

export interface InternalStats {
  entriesAddedCounter: number;
  numberOfEntries: number;
  totalSize: number;
  /** "ledger:entry". */
  lastConfirmedEntry: string;
  state: string;
  ledgers: { ledgerId: number; entries: number; size: number; offloaded?: boolean }[];
  cursors: Record<
    string,
    {
      markDeletePosition: string;
      /** The next that is read: what is before it was dispatched, since the broker loaded the topic. */
      readPosition: string;
      /** `NoLedger`: nothing was acknowledged since the broker loaded the topic. */
      state?: string;
      /** Acknowledged since the broker loaded the topic. */
      messagesConsumedCounter?: number;
      /** When its log began: not before the broker loaded the topic. */
      lastLedgerSwitchTimestamp?: string;
      /** "[(l:e..l:e],...]": acknowledged behind the mark-delete position; without the first, with the last of each. */
      individuallyDeletedMessages?: string;
    }
  >;
  /** What the last compaction left; ledger -1 when there was none. */
  compactedLedger?: { ledgerId: number; entries: number };
  /** 4.2 and newer; `index` is the value at the last change of the ledger list, not live. */
  properties?: Record<string, string>;
}

/** Of one entry; -1 and -1 when there is none. */
export interface AdminMessageId {
  ledgerId: number;
  entryId: number;
  partitionIndex?: number;
}

/** Where a subscription is put: this entry is the next, or the one after it. -1 and -1: the first that is there. */
export interface CursorPosition {
  readonly ledgerId: number;
  readonly entryId: number;
  readonly excluded?: boolean;
}

/** One stored entry, as the broker's REST gives it out: also one of an open transaction. */
export interface AdminEntry {
  /** Index of the entry's last message; undefined when it was stored without. */
  readonly index: number | undefined;
  readonly brokerTimestampMs: number | undefined;
  /** Messages of a batch; undefined for an entry that is not in batch format. */
  readonly numMessages: number | undefined;
  /** The payload, still compressed. */
  readonly payload: Buffer;
}
