import type { Buffer } from 'node:buffer';
import { SessionWatch } from '#libs/auth';
import { aloneCluster, type ClusterView, sliceCluster } from '#libs/cluster';
import type { TenantDirectory } from '#libs/tenancy';
import type { Link, Protocol, ProtocolConnection } from '#libs/transport';
import { ApiTable } from './api-table.js';
import { PartialFrames } from './connection/partial-frames.js';
import { ProcessBudget } from './connection/process-budget.js';
import { Fetches } from './fetching/fetches.js';
import { GroupCoordinators } from './group-coordinator/group-coordinators.js';
import type { AnyApiHandler, GatewayServices } from './handler.js';
import { alterClientQuotasHandler } from './handlers/alter-client-quotas.handler.js';
import { alterUserScramCredentialsHandler } from './handlers/alter-user-scram-credentials.handler.js';
import { alterConfigsHandler } from './handlers/alter-configs.handler.js';
import { apiVersionsHandler } from './handlers/api-versions.handler.js';
import { consumerGroupDescribeHandler } from './handlers/consumer-group-describe.handler.js';
import { consumerGroupHeartbeatHandler } from './handlers/consumer-group-heartbeat.handler.js';
import { createAclsHandler } from './handlers/create-acls.handler.js';
import { createPartitionsHandler } from './handlers/create-partitions.handler.js';
import { createTopicsHandler } from './handlers/create-topics.handler.js';
import { deleteAclsHandler } from './handlers/delete-acls.handler.js';
import { deleteRecordsHandler } from './handlers/delete-records.handler.js';
import { deleteTopicsHandler } from './handlers/delete-topics.handler.js';
import { describeAclsHandler } from './handlers/describe-acls.handler.js';
import { describeClientQuotasHandler } from './handlers/describe-client-quotas.handler.js';
import { describeConfigsHandler } from './handlers/describe-configs.handler.js';
import { describeLogDirsHandler } from './handlers/describe-log-dirs.handler.js';
import { describeUserScramCredentialsHandler } from './handlers/describe-user-scram-credentials.handler.js';
import { describeProducersHandler } from './handlers/describe-producers.handler.js';
import { describeTopicPartitionsHandler } from './handlers/describe-topic-partitions.handler.js';
import { electLeadersHandler } from './handlers/elect-leaders.handler.js';
import { fetchHandler } from './handlers/fetch.handler.js';
import { incrementalAlterConfigsHandler } from './handlers/incremental-alter-configs.handler.js';
import { describeGroupsHandler } from './handlers/describe-groups.handler.js';
import { heartbeatHandler } from './handlers/heartbeat.handler.js';
import { describeClusterHandler } from './handlers/describe-cluster.handler.js';
import { findCoordinatorHandler } from './handlers/find-coordinator.handler.js';
import { initProducerIdHandler } from './handlers/init-producer-id.handler.js';
import { joinGroupHandler } from './handlers/join-group.handler.js';
import { leaveGroupHandler } from './handlers/leave-group.handler.js';
import { listOffsetsHandler } from './handlers/list-offsets.handler.js';
import { metadataHandler } from './handlers/metadata.handler.js';
import { deleteGroupsHandler } from './handlers/delete-groups.handler.js';
import { listGroupsHandler } from './handlers/list-groups.handler.js';
import { offsetDeleteHandler } from './handlers/offset-delete.handler.js';
import { offsetCommitHandler } from './handlers/offset-commit.handler.js';
import { offsetForLeaderEpochHandler } from './handlers/offset-for-leader-epoch.handler.js';
import { offsetFetchHandler } from './handlers/offset-fetch.handler.js';
import { produceHandler } from './handlers/produce.handler.js';
import { saslAuthenticateHandler } from './handlers/sasl-authenticate.handler.js';
import { saslHandshakeHandler } from './handlers/sasl-handshake.handler.js';
import { syncGroupHandler } from './handlers/sync-group.handler.js';
import { KafkaConnection, type ProcessLimits } from './kafka.connection.js';
import { PartitionWriters } from './producers/partition-writers.js';
import { PartitionLogs } from './reading/partition-logs.js';
import { PartitionLeaders } from './routing/partition-leaders.js';
import { serveForwarded } from './routing/kafka-forwarding.js';
import { announceTopicChange, followTopicChanges } from './topics/topic-changes.js';
import { type TenantRefusal, TopicRegistry } from './topics/topic-registry.js';

/** What the process gives; the rest of `GatewayServices` is made here. */
export interface KafkaServices
  extends Omit<
    GatewayServices,
    'topics' | 'partitions' | 'logs' | 'fetches' | 'groups' | 'cluster' | 'leaders'
  > {
  /** Default: it is alone. */
  readonly cluster?: ClusterView;
  /** Whose requests other gateways may send on; none without it. */
  readonly tenants?: TenantDirectory;
  /** Why no topic of this tenant is served at present; undefined when they are. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  /** Which offsets its topics have; default dense. */
  readonly offsetsOf?: (tenant: string) => 'dense' | 'sparse';
}

/** Every API that is served. Advertised is what is in this list, and nothing else. */
function handlers(table: () => ApiTable): AnyApiHandler[] {
  return [
    produceHandler,
    fetchHandler,
    listOffsetsHandler,
    metadataHandler,
    offsetCommitHandler,
    offsetFetchHandler,
    listGroupsHandler,
    deleteGroupsHandler,
    offsetDeleteHandler,
    joinGroupHandler,
    heartbeatHandler,
    leaveGroupHandler,
    syncGroupHandler,
    describeGroupsHandler,
    consumerGroupHeartbeatHandler,
    consumerGroupDescribeHandler,
    findCoordinatorHandler,
    saslHandshakeHandler,
    apiVersionsHandler(table),
    createTopicsHandler,
    deleteTopicsHandler,
    deleteRecordsHandler,
    initProducerIdHandler,
    offsetForLeaderEpochHandler,
    describeConfigsHandler,
    alterConfigsHandler,
    incrementalAlterConfigsHandler,
    createPartitionsHandler,
    describeTopicPartitionsHandler,
    describeProducersHandler,
    describeLogDirsHandler,
    electLeadersHandler,
    describeClientQuotasHandler,
    alterClientQuotasHandler,
    describeAclsHandler,
    createAclsHandler,
    deleteAclsHandler,
    describeUserScramCredentialsHandler,
    alterUserScramCredentialsHandler,
    describeClusterHandler,
    saslAuthenticateHandler,
  ];
}

/** The Kafka front: makes a connection for each client, and owns what the connections have in common. */
export class KafkaProtocol implements Protocol<Buffer> {
  readonly name = 'kafka';
  readonly services: GatewayServices;
  readonly #table: ApiTable;
  readonly #limits: ProcessLimits;
  readonly #unfollow: readonly (() => void)[];

  /** @param table for tests: other APIs than those that are served */
  constructor(services: KafkaServices, table?: ApiTable) {
    const { pulsar, options, log, metrics, tenantRefusal, offsetsOf } = services;
    const cluster = services.cluster ?? aloneCluster({ nodeId: options.nodeId ?? 0 });
    const topics = new TopicRegistry(pulsar.admin, {
      ...options,
      tenantRefusal,
      offsetsOf,
      announceChange: (tenant, name) => announceTopicChange(cluster, tenant, name),
    });
    const logs = new PartitionLogs(pulsar, options, log, {
      topicGone: (tenant, topic) => topics.invalidate(tenant, topic.name),
    });
    const leaders = new PartitionLeaders(cluster);
    logs.register(metrics);
    const partitions = new PartitionWriters(pulsar, options, log, logs);
    partitions.register(metrics);
    const fetches = new Fetches(options);
    fetches.register(metrics);
    const groups = new GroupCoordinators({
      pulsar,
      topics,
      logs,
      options,
      log,
      cluster: sliceCluster(cluster),
      tenants: services.tenants,
      limits: services.limits,
      tenantRefusal,
      stateNamespace: cluster.stateNamespace,
    });
    groups.register(metrics);
    this.#unfollow = [
      followTopicChanges(cluster, topics),
      services.tenants?.onChange(({ removed }) => {
        for (const tenant of removed) {
          partitions.endTenant(tenant);
          logs.endTenant(tenant);
        }
      }) ?? (() => {}),
      cluster.onChange(() => partitions.handOver((topic, partition) => leaders.leads(topic, partition))),
    ];
    this.services = { ...services, cluster, leaders, topics, partitions, logs, fetches, groups };
    this.#table = table ?? new ApiTable(handlers(() => this.#table));
    this.#limits = {
      requests: new ProcessBudget(options.requestBytesInFlightMaxPerProcess),
      partialFrames: new PartialFrames(options.partialFrameBytesMaxPerProcess),
      sessions: new SessionWatch(services.authenticator),
    };
    if (services.tenants !== undefined) {
      serveForwarded(this.services, () => this.#table, services.tenants, this.#limits.requests);
    }
    metrics.gauge({
      name: 'pulsegate_kafka_request_in_flight_bytes',
      help: 'Bytes of requests that were read and are not answered.',
      read: () => this.#limits.requests.bytes,
    });
    metrics.gauge({
      name: 'pulsegate_kafka_partial_request_bytes',
      help: 'Bytes of requests that have not arrived in full.',
      read: () => this.#limits.partialFrames.bytes,
    });
  }

  accept(link: Link): ProtocolConnection<Buffer> {
    return new KafkaConnection(link, this.#table, this.services, this.#limits);
  }

  /** After the listeners are closed: takes nothing more and closes all Pulsar producers and readers. */
  async close(): Promise<void> {
    const { partitions, logs, groups } = this.services;
    for (const unfollow of this.#unfollow) unfollow();
    this.#limits.sessions.close();
    await Promise.all([partitions.close(), logs.close(), groups.close()]);
  }
}
