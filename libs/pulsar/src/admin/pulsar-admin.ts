import type { EntryPosition } from '../entry.js';
import type {
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
  TenantInfo,
  TopicStats,
} from './admin.types.js';
import { type AdminHttp, type AdminRequest, PulsarAdminError } from './admin-http.js';
import {
  encode,
  namespacePath,
  numberHeader,
  positionHeader,
  query,
  subscriptionPath,
  timeHeader,
  topicPath,
} from './admin-syntax.js';
import { whenNotBusy } from './busy-subscription.js';

const partitionedMetadataType = 'application/vnd.partitioned-topic-metadata+json';

/**
 * Pulsar's admin REST, as far as the gateway needs it (`/admin/v2`). Topics are given by any name that
 * `parseTopicName` reads, namespaces as `tenant/namespace`; names are percent-encoded here. Every method rejects with
 * PulsarAdminError (see its `status`) or, when there is no answer, with a PulsarError.
 */
export class PulsarAdmin {
  readonly #http: AdminHttp;

  constructor(http: AdminHttp) {
    this.#http = http;
  }

  // Tenants and clusters

  clusters(): Promise<string[]> {
    return this.#get('/clusters');
  }

  tenants(): Promise<string[]> {
    return this.#get('/tenants');
  }

  /** @param timeoutMs default: the operation timeout */
  tenant(tenant: string, timeoutMs?: number): Promise<TenantInfo> {
    return this.#get(`/tenants/${encode(tenant)}`, timeoutMs);
  }

  createTenant(tenant: string, info: TenantInfo): Promise<void> {
    return this.#change('PUT', `/tenants/${encode(tenant)}`, info);
  }

  updateTenant(tenant: string, info: TenantInfo): Promise<void> {
    return this.#change('POST', `/tenants/${encode(tenant)}`, info);
  }

  deleteTenant(tenant: string, options: { force?: boolean } = {}): Promise<void> {
    return this.#change('DELETE', `/tenants/${encode(tenant)}${query(options)}`);
  }

  // Namespaces

  namespaces(tenant: string): Promise<string[]> {
    return this.#get(`/namespaces/${encode(tenant)}`);
  }

  createNamespace(namespace: string, policies: NamespacePolicies = {}): Promise<void> {
    return this.#change('PUT', `/namespaces/${namespacePath(namespace)}`, policies);
  }

  deleteNamespace(namespace: string, options: { force?: boolean } = {}): Promise<void> {
    return this.#change('DELETE', `/namespaces/${namespacePath(namespace)}${query(options)}`);
  }

  /** @param timeoutMs default: the operation timeout */
  namespacePolicies(namespace: string, timeoutMs?: number): Promise<NamespacePolicies> {
    return this.#get(`/namespaces/${namespacePath(namespace)}`, timeoutMs);
  }

  /** Adds it, or overwrites its value; policies show it among their `properties`. */
  setNamespaceProperty(namespace: string, key: string, value: string): Promise<void> {
    const path = `/namespaces/${namespacePath(namespace)}/property/${encode(key)}/${encode(value)}`;
    return this.#change('PUT', path);
  }

  setRetention(namespace: string, retention: RetentionPolicies): Promise<void> {
    return this.#change('POST', `/namespaces/${namespacePath(namespace)}/retention`, retention);
  }

  setDeduplication(namespace: string, enabled: boolean): Promise<void> {
    return this.#change('POST', `/namespaces/${namespacePath(namespace)}/deduplication`, enabled);
  }

  setInactiveTopicPolicies(namespace: string, policies: InactiveTopicPolicies): Promise<void> {
    return this.#change('POST', `/namespaces/${namespacePath(namespace)}/inactiveTopicPolicies`, policies);
  }

  /** Seconds; 0 for none. */
  setMessageTtl(namespace: string, seconds: number): Promise<void> {
    return this.#change('POST', `/namespaces/${namespacePath(namespace)}/messageTTL`, seconds);
  }

  setAutoTopicCreation(namespace: string, creation: AutoTopicCreation): Promise<void> {
    return this.#change('POST', `/namespaces/${namespacePath(namespace)}/autoTopicCreation`, creation);
  }

  /** Bytes of backlog that start a compaction; 0 for never. */
  setCompactionThreshold(namespace: string, bytes: number): Promise<void> {
    return this.#change('PUT', `/namespaces/${namespacePath(namespace)}/compactionThreshold`, bytes);
  }

  setPublishRate(namespace: string, rate: PublishRate): Promise<void> {
    return this.#change('POST', `/namespaces/${namespacePath(namespace)}/publishRate`, rate);
  }

  /** Replaces what the role was granted before. 501 where the brokers have no authorization. */
  grantPermission(namespace: string, role: string, actions: readonly string[]): Promise<void> {
    return this.#change(
      'POST',
      `/namespaces/${namespacePath(namespace)}/permissions/${encode(role)}`,
      actions,
    );
  }

  // Topics

  /** Persistent topics of a namespace, partitions each for itself. */
  topics(namespace: string): Promise<string[]> {
    return this.#get(`/persistent/${namespacePath(namespace)}`);
  }

  /** Partitioned topics of a namespace, by their logical names. */
  partitionedTopics(namespace: string): Promise<string[]> {
    return this.#get(`/persistent/${namespacePath(namespace)}/partitioned`);
  }

  /** 409 when it exists. The properties are there from the first moment. */
  createPartitionedTopic(
    topic: string,
    partitions: number,
    properties?: Record<string, string>,
  ): Promise<void> {
    const path = `${topicPath(topic)}/partitions`;
    if (properties === undefined) return this.#change('PUT', path, partitions);
    return this.#change('PUT', path, { partitions, properties }, partitionedMetadataType);
  }

  /** A topic without partitions. 409 when it exists. */
  createTopic(topic: string, properties: Record<string, string> = {}): Promise<void> {
    return this.#change('PUT', topicPath(topic), properties);
  }

  /** Raises the number of partitions. */
  growPartitions(topic: string, partitions: number): Promise<void> {
    return this.#change('POST', `${topicPath(topic)}/partitions`, partitions);
  }

  /** `force` also while producers and subscriptions exist. */
  deletePartitionedTopic(topic: string, options: { force?: boolean } = {}): Promise<void> {
    return this.#change('DELETE', `${topicPath(topic)}/partitions${query(options)}`);
  }

  deleteTopic(topic: string, options: { force?: boolean } = {}): Promise<void> {
    return this.#change('DELETE', `${topicPath(topic)}${query(options)}`);
  }

  /** Never creates. 404 when there is no such topic. */
  partitionedMetadata(topic: string): Promise<PartitionedMetadata> {
    return this.#get(`${topicPath(topic)}/partitions${query({ checkAllowAutoCreation: false })}`);
  }

  properties(topic: string): Promise<Record<string, string>> {
    return this.#get(`${topicPath(topic)}/properties`);
  }

  /** Adds to and overwrites what is there. */
  setProperties(topic: string, properties: Record<string, string>): Promise<void> {
    return this.#change('PUT', `${topicPath(topic)}/properties`, properties);
  }

  removeProperty(topic: string, key: string): Promise<void> {
    return this.#change('DELETE', `${topicPath(topic)}/properties${query({ key })}`);
  }

  unload(topic: string): Promise<void> {
    return this.#change('PUT', `${topicPath(topic)}/unload`);
  }

  /**
   * Frees what is stored, of a partition or a topic without any: all cursors move to the end, and what they have left
   * behind is deleted whatever the retention says, except for the ledger that is being written.
   */
  truncate(topic: string): Promise<void> {
    return this.#change('DELETE', `${topicPath(topic)}/truncate`);
  }

  triggerCompaction(topic: string): Promise<void> {
    return this.#change('PUT', `${topicPath(topic)}/compaction`);
  }

  subscriptions(topic: string): Promise<string[]> {
    return this.#get(`${topicPath(topic)}/subscriptions`);
  }

  deleteSubscription(topic: string, subscription: string, options: { force?: boolean } = {}): Promise<void> {
    return this.#change('DELETE', `${subscriptionPath(topic, subscription)}${query(options)}`);
  }

  /** 409 when it exists. The properties are there from the first moment. */
  createSubscription(
    topic: string,
    subscription: string,
    at: CursorPosition,
    properties: Record<string, string> = {},
  ): Promise<void> {
    const body = { ...at, properties };
    return whenNotBusy(() => this.#change('PUT', subscriptionPath(topic, subscription), body));
  }

  /** Moves it, forward or back, to a position that need not exist. Its consumers are disconnected. */
  resetCursor(topic: string, subscription: string, to: CursorPosition): Promise<void> {
    return this.#change('POST', `${subscriptionPath(topic, subscription)}/resetcursor`, to);
  }

  /** Moves it past all that is stored: nothing of that is dispatched any more. */
  skipAll(topic: string, subscription: string): Promise<void> {
    return this.#change('POST', `${subscriptionPath(topic, subscription)}/skip_all`);
  }

  subscriptionProperties(topic: string, subscription: string): Promise<Record<string, string>> {
    return this.#get(`${subscriptionPath(topic, subscription)}/properties`);
  }

  /** Moves it past what is older. 409 when it is nearly caught up, or such a move runs. */
  expireMessages(topic: string, subscription: string, seconds: number): Promise<void> {
    return this.#change('POST', `${subscriptionPath(topic, subscription)}/expireMessages/${seconds}`);
  }

  stats(topic: string): Promise<TopicStats> {
    return this.#get(`${topicPath(topic)}/stats`);
  }

  /** Of each partition of a partitioned topic, by its full name. */
  async partitionedStats(topic: string): Promise<Record<string, TopicStats>> {
    const path = `${topicPath(topic)}/partitioned-stats${query({ perPartition: true })}`;
    const { partitions } = await this.#get<{ partitions: Record<string, TopicStats> }>(path);
    return partitions;
  }

  internalStats(topic: string): Promise<InternalStats> {
    return this.#get(`${topicPath(topic)}/internalStats`);
  }

  // Topic policies (topicLevelPoliciesEnabled); undefined removes one. They take effect a moment later.

  topicRetention(topic: string): Promise<RetentionPolicies | undefined> {
    return this.#getOptional(`${topicPath(topic)}/retention`);
  }

  /** The topic's own, else its namespace's, else the broker's. */
  appliedRetention(topic: string): Promise<RetentionPolicies | undefined> {
    return this.#getOptional(`${topicPath(topic)}/retention${query({ applied: true })}`);
  }

  setTopicRetention(topic: string, retention: RetentionPolicies | undefined): Promise<void> {
    return this.#setOrRemove(`${topicPath(topic)}/retention`, retention);
  }

  topicMaxMessageSize(topic: string): Promise<number | undefined> {
    return this.#getOptional(`${topicPath(topic)}/maxMessageSize`);
  }

  /** Bytes of a whole entry. */
  setTopicMaxMessageSize(topic: string, bytes: number | undefined): Promise<void> {
    return this.#setOrRemove(`${topicPath(topic)}/maxMessageSize`, bytes);
  }

  topicCompactionThreshold(topic: string): Promise<number | undefined> {
    return this.#getOptional(`${topicPath(topic)}/compactionThreshold`);
  }

  setTopicCompactionThreshold(topic: string, bytes: number | undefined): Promise<void> {
    return this.#setOrRemove(`${topicPath(topic)}/compactionThreshold`, bytes);
  }

  topicDeduplication(topic: string): Promise<boolean | undefined> {
    return this.#getOptional(`${topicPath(topic)}/deduplicationEnabled`);
  }

  setTopicDeduplication(topic: string, enabled: boolean | undefined): Promise<void> {
    return this.#setOrRemove(`${topicPath(topic)}/deduplicationEnabled`, enabled);
  }

  // Positions

  /** `entryId` is -1 when the topic is empty. */
  lastMessageId(topic: string): Promise<AdminMessageId> {
    return this.#get(`${topicPath(topic)}/lastMessageId`);
  }

  /** The first entry stored at or after `timestampMs` (broker's clock where it stamps). */
  messageIdByTimestamp(topic: string, timestampMs: number): Promise<AdminMessageId> {
    return this.#get(`${topicPath(topic)}/messageid/${timestampMs}`);
  }

  /**
   * The entry that holds the message of this index (Pulsar 4.1 and newer, one partition): -1 and -1 below the first
   * entry's, 404 beyond the end, 412 where the broker keeps no index.
   */
  messageIdByIndex(topic: string, index: number): Promise<AdminMessageId> {
    return this.#get(`${topicPath(topic)}/getMessageIdByIndex${query({ index })}`);
  }

  /** 404 when there is no such entry. */
  async entry(topic: string, ledgerId: number, entryId: number): Promise<AdminEntry> {
    const path = `${topicPath(topic)}/ledger/${ledgerId}/entry/${entryId}`;
    const { headers, body } = await this.#http.send({ method: 'GET', path });
    return {
      index: numberHeader(headers['x-pulsar-broker-entry-metadata-index']),
      brokerTimestampMs: timeHeader(headers['x-pulsar-broker-entry-metadata-timestamp']),
      numMessages: numberHeader(headers['x-pulsar-num-batch-message']),
      payload: body,
    };
  }

  /** Where the n-th message is that the subscription has not acknowledged, from 1 on; undefined: it has not so many. */
  async unacknowledgedAt(topic: string, subscription: string, n: number): Promise<EntryPosition | undefined> {
    const path = `${subscriptionPath(topic, subscription)}/position/${n}`;
    try {
      return positionHeader((await this.#http.send({ method: 'GET', path })).headers['x-pulsar-message-id']);
    } catch (error) {
      if (error instanceof PulsarAdminError && error.status === 404) return undefined;
      throw error;
    }
  }

  // Brokers

  /** Superusers only. */
  runtimeConfiguration(timeoutMs?: number): Promise<Record<string, string>> {
    return this.#get('/brokers/configuration/runtime', timeoutMs);
  }

  /** Resolves when the broker could publish and read a message of its own. */
  async health(): Promise<void> {
    await this.#http.send({ method: 'GET', path: '/brokers/health' });
  }

  close(): void {
    this.#http.close();
  }

  async #get<T>(path: string, timeoutMs?: number): Promise<T> {
    const { body } = await this.#http.send({ method: 'GET', path, timeoutMs });
    return JSON.parse(body.toString('utf8')) as T;
  }

  /** A policy that is not set is answered with 204 or an empty body. */
  async #getOptional<T>(path: string): Promise<T | undefined> {
    const { body } = await this.#http.send({ method: 'GET', path });
    const text = body.toString('utf8');
    return text === '' ? undefined : ((JSON.parse(text) as T | null) ?? undefined);
  }

  async #change(
    method: AdminRequest['method'],
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<void> {
    await this.#http.send({ method, path, body, contentType });
  }

  #setOrRemove(path: string, value: unknown): Promise<void> {
    return value === undefined ? this.#change('DELETE', path) : this.#change('POST', path, value);
  }
}
