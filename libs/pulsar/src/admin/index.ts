export type {
  AdminEntry,
  AdminMessageId,
  AutoTopicCreation,
  CursorPosition,
  InactiveTopicPolicies,
  InternalStats,
  NamespacePolicies,
  PartitionedMetadata,
  PublishRate,
  RetentionPolicies,
  SubscriptionStats,
  TenantInfo,
  TopicStats,
} from './admin.types.js';
export { AdminHttp, PulsarAdminError } from './admin-http.js';
export { PulsarAdmin } from './pulsar-admin.js';
export { topicCount } from './topic-count.js';
