/**
 * The cold commands of PulsarApi.proto (4.2) that the gateway speaks, as plain objects.
 *
 * 64-bit ids are numbers; 2^64-1, Pulsar's "none", is -1 both ways. A value past 2^53 that is not -1 is refused
 * when it is read. To send one (`latest` is 2^63-1), give its decimal digits as a string.
 * Absent optional fields are `undefined`. Enums are their numbers, see the `as const` objects here.
 */
export type UInt64Init = number | string;

export const SubscriptionType = { exclusive: 0, shared: 1, failover: 2, 'key-shared': 3 } as const;
export const InitialPosition = { latest: 0, earliest: 1 } as const;
export const AckType = { individual: 0, cumulative: 1 } as const;
export const ProducerAccessMode = {
  shared: 0,
  exclusive: 1,
  'wait-for-exclusive': 2,
  'exclusive-with-fencing': 3,
} as const;

/** `TxnAction`. */
export const TransactionAction = { commit: 0, abort: 1 } as const;

export interface KeyValue {
  key: string;
  value: string;
}

export interface MessageIdInit {
  ledgerId: UInt64Init;
  entryId: UInt64Init;
  partition?: number;
  batchIndex?: number;
  ackSet?: readonly UInt64Init[];
  batchSize?: number;
}

/** A message id as the broker gave it; `batchIndex` is absent or -1 when it names the whole entry. */
export interface MessageId {
  ledgerId: number;
  entryId: number;
  partition?: number;
  batchIndex?: number;
}

/** `start_message_id` of a reader from the oldest message. */
export const earliestMessageId: MessageIdInit = { ledgerId: -1, entryId: -1 };
/** `start_message_id` of a reader that sees only what comes after. */
export const latestMessageId: MessageIdInit = {
  ledgerId: '9223372036854775807',
  entryId: '9223372036854775807',
};

export interface FeatureFlags {
  supportsAuthRefresh?: boolean;
  supportsBrokerEntryMetadata?: boolean;
  supportsPartialProducer?: boolean;
  supportsTopicWatchers?: boolean;
  supportsGetPartitionedMetadataWithoutAutoCreation?: boolean;
}

export interface AuthData {
  authMethodName?: string;
  authData?: Uint8Array;
}

interface Requested {
  /** Given by the connection when absent. */
  requestId?: number;
}

/** One command to send: exactly one of the fields. */
export interface BaseCommandInit {
  connect?: {
    clientVersion: string;
    protocolVersion: number;
    authMethodName?: string;
    authData?: Uint8Array;
    proxyToBrokerUrl?: string;
    originalPrincipal?: string;
    featureFlags: FeatureFlags;
  };
  authResponse?: { clientVersion: string; response: AuthData; protocolVersion: number };
  ping?: Record<string, never>;
  pong?: Record<string, never>;
  partitionMetadata?: Requested & { topic: string; metadataAutoCreationEnabled: boolean };
  lookupTopic?: Requested & { topic: string; authoritative?: boolean; advertisedListenerName?: string };
  getTopicsOfNamespace?: Requested & {
    namespace: string;
    mode?: number;
    topicsPattern?: string;
    topicsHash?: string;
  };
  watchTopicList?: Requested & {
    watcherId: number;
    namespace: string;
    topicsPattern: string;
    topicsHash?: string;
  };
  watchTopicListClose?: Requested & { watcherId: number };
  producer?: Requested & {
    topic: string;
    producerId: number;
    producerName?: string;
    metadata?: KeyValue[];
    epoch?: number;
    userProvidedProducerName?: boolean;
    producerAccessMode?: number;
    topicEpoch?: number;
    txnEnabled?: boolean;
  };
  closeProducer?: Requested & { producerId: number };
  subscribe?: Requested & {
    topic: string;
    subscription: string;
    subType: number;
    consumerId: number;
    consumerName?: string;
    priorityLevel?: number;
    durable?: boolean;
    startMessageId?: MessageIdInit;
    metadata?: KeyValue[];
    readCompacted?: boolean;
    initialPosition?: number;
    forceTopicCreation?: boolean;
    keySharedMeta?: {
      keySharedMode: number;
      hashRanges?: { start: number; end: number }[];
      allowOutOfOrderDelivery?: boolean;
    };
    subscriptionProperties?: KeyValue[];
    consumerEpoch?: number;
  };
  closeConsumer?: Requested & { consumerId: number };
  unsubscribe?: Requested & { consumerId: number; force?: boolean };
  seek?: Requested & { consumerId: number; messageId?: MessageIdInit; messagePublishTime?: number };
  getLastMessageId?: Requested & { consumerId: number };
  redeliverUnacknowledgedMessages?: {
    consumerId: number;
    messageIds?: MessageIdInit[];
    consumerEpoch?: number;
  };
  tcClientConnectRequest?: Requested & { tcId: number };
  /** The time to live is in milliseconds, whatever it is called. */
  newTxn?: Requested & { txnTtlSeconds: number; tcId: number };
  addPartitionToTxn?: Requested & TransactionBits & { partitions: string[] };
  addSubscriptionToTxn?: Requested &
    TransactionBits & { subscription: { topic: string; subscription: string }[] };
  endTxn?: Requested & TransactionBits & { txnAction: number };
}

interface TransactionBits {
  txnidLeastBits: number;
  txnidMostBits: number;
}

interface Answered {
  requestId: number;
}

interface Failable {
  /** A `ServerError` number. */
  error?: number;
  message?: string;
}

/** One command received: `type` is the number of PulsarApi.proto, and the field of that number is present. */
export interface BaseCommand {
  type: number;
  connected?: {
    serverVersion: string;
    protocolVersion?: number;
    maxMessageSize?: number;
    featureFlags?: FeatureFlags;
  };
  authChallenge?: { serverVersion?: string; challenge?: AuthData; protocolVersion?: number };
  ping?: object;
  pong?: object;
  success?: Answered;
  error?: Answered & { error: number; message: string };
  partitionMetadataResponse?: Answered & Failable & { partitions?: number; response?: number };
  lookupTopicResponse?: Answered &
    Failable & {
      brokerServiceUrl?: string;
      brokerServiceUrlTls?: string;
      response?: number;
      authoritative?: boolean;
      proxyThroughServiceUrl?: boolean;
    };
  getTopicsOfNamespaceResponse?: Answered & {
    topics?: string[];
    filtered?: boolean;
    topicsHash?: string;
    changed?: boolean;
  };
  watchTopicListSuccess?: Answered & { watcherId: number; topic?: string[]; topicsHash: string };
  watchTopicUpdate?: {
    watcherId: number;
    newTopics?: string[];
    deletedTopics?: string[];
    topicsHash: string;
  };
  producerSuccess?: Answered & {
    producerName: string;
    lastSequenceId?: number;
    topicEpoch?: number;
    producerReady?: boolean;
  };
  sendError?: { producerId: number; sequenceId: number; error: number; message: string };
  closeProducer?: AssignedBroker & { producerId: number; requestId: number };
  closeConsumer?: AssignedBroker & { consumerId: number; requestId: number };
  topicMigrated?: {
    resourceId: number;
    resourceType: number;
    brokerServiceUrl?: string;
    brokerServiceUrlTls?: string;
  };
  activeConsumerChange?: { consumerId: number; isActive?: boolean };
  reachedEndOfTopic?: { consumerId: number };
  ackResponse?: Answered & Failable & { consumerId: number };
  tcClientConnectResponse?: Answered & Failable;
  newTxnResponse?: Answered & Failable & { txnidLeastBits?: number; txnidMostBits?: number };
  addPartitionToTxnResponse?: Answered & Failable;
  addSubscriptionToTxnResponse?: Answered & Failable;
  endTxnResponse?: Answered & Failable;
  getLastMessageIdResponse?: Answered & {
    lastMessageId: MessageId;
    consumerMarkDeletePosition?: MessageId;
  };
}

/** Where the broker says a closed producer or consumer should go next without a lookup. */
export interface AssignedBroker {
  assignedBrokerServiceUrl?: string;
  assignedBrokerServiceUrlTls?: string;
}
