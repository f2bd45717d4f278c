export {
  type AdminEntry,
  type AdminMessageId,
  type AutoTopicCreation,
  type CursorPosition,
  type InactiveTopicPolicies,
  type InternalStats,
  type NamespacePolicies,
  type PartitionedMetadata,
  PulsarAdmin,
  PulsarAdminError,
  type PublishRate,
  type RetentionPolicies,
  type SubscriptionStats,
  type TenantInfo,
  type TopicStats,
  topicCount,
} from './admin/index.js';
export { presumedRole } from './auth/presumed-role.js';
export { PulsarClient } from './client.js';
export type { AuthOptions, PulsarClientOptions, PulsarIdentity, TlsOptions } from './client.options.js';
export type {
  BrokerAddress,
  Connection,
  ConnectionUse,
  Connector,
  ConnectOptions,
  ConsumerHandler,
  ProducerHandler,
  PulsarLog,
} from './connection.js';
export type { TopicConsumer } from './consumer/consumer.js';
export type { ConsumerOptions } from './consumer/consumer.options.js';
export { type AckDone, Delivery } from './consumer/delivery.js';
export type { TransactionalAck } from './consumer/transactional-ack.js';
export * from './entry.js';
export { GrantWatch } from './grants/grant-watch.js';
export {
  type AuthPolicies,
  type GrantAction,
  type GrantFacts,
  NamespaceGrants,
} from './grants/namespace-grants.js';
export type { LeaseOptions, LeaseState, TopicLease } from './lease.js';
export { probeIndex } from './index-probe.js';
export { keyHash } from './key-partition.js';
export type { LeaseRecord } from './lease-record.js';
export {
  base64PropertyPrefix,
  HubProperty,
  nullPropertyPrefix,
  type OutgoingMessage,
  propertyTypes,
  type PulsarMessage,
  reservedPropertyPrefix,
} from './message.js';
export type { NamespaceCheck } from './namespace-check.js';
export type { NamespaceOffsets, OffsetsWanted } from './namespace-offsets.js';
export {
  type NamespaceReport,
  verifyNamespace,
} from './namespace-verification.js';
export type { SendDone, SendReceipt } from './producer/pending-entries.js';
export type { Producer } from './producer/producer.js';
export type { ProducerOptions } from './producer/producer.options.js';
export {
  asPulsarError,
  isPulsarError,
  PulsarError,
  type PulsarErrorCode,
} from './pulsar.errors.js';
export { parseServiceUrl, type ServiceHost, type ServiceUrl } from './service-url.js';
export type { TopicListWatchOptions } from './topic-list-watch.js';
export { parseTopicName, partitionTopicName, withoutPartition } from './topic-name.js';
export type { ReaderOptions, ReaderStart, TopicReader } from './topic-reader.js';
export type {
  Transaction,
  TransactionId,
} from './transactions/transaction.js';
export type { PulsarTransactions } from './transactions/transactions.js';
export type { KeyValue, MessageId } from './wire/commands.js';
export { PartitionPublisher } from './publishing/partition-publisher.js';
export { PublisherPool, TenantPublishers } from './publishing/publisher-pool.js';
export { PublishBudget } from './publishing/publish-budget.js';
export type { PublishedDone, PublishKind, PublishPressure } from './publishing/publish-kind.js';
export { TurnEnd } from './publishing/turn-end.js';
export { FakeProducer } from './testing/fake-producer.js';
export { cursorOf, nativeEntry, newBuilder, storedBatch } from './testing/stored-entry.js';
export { readEntriesAgain } from './subscriptions/entries-again.js';
export { EntryFetches } from './subscriptions/entry-fetches.js';
export { PartitionWatch } from './subscriptions/partition-watch.js';
export { PositionMap } from './subscriptions/position-map.js';
export { ReadyQueue } from './subscriptions/ready-queue.js';
export { ReturnSchedule } from './subscriptions/return-schedule.js';
export { SourceEntry } from './subscriptions/source-entry.js';
export { SourceWindow, WaitingBytes } from './subscriptions/source-window.js';
export { SubscriptionMemories, type SubscriptionUse } from './subscriptions/subscription-memories.js';
export { SubscriptionMemory } from './subscriptions/subscription-memory.js';
export {
  type LinkSubscription,
  queuePriorityLevel,
  SubscriptionPartition,
  type SubscriptionPartitionParts,
} from './subscriptions/subscription-partition.js';
