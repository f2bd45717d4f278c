// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { AnyKafkaApi } from '../kafka-api.js';
import { produceApi } from './produce.js';
import { fetchApi } from './fetch.js';
import { listOffsetsApi } from './list-offsets.js';
import { metadataApi } from './metadata.js';
import { offsetCommitApi } from './offset-commit.js';
import { offsetFetchApi } from './offset-fetch.js';
import { findCoordinatorApi } from './find-coordinator.js';
import { joinGroupApi } from './join-group.js';
import { heartbeatApi } from './heartbeat.js';
import { leaveGroupApi } from './leave-group.js';
import { syncGroupApi } from './sync-group.js';
import { describeGroupsApi } from './describe-groups.js';
import { listGroupsApi } from './list-groups.js';
import { saslHandshakeApi } from './sasl-handshake.js';
import { apiVersionsApi } from './api-versions.js';
import { createTopicsApi } from './create-topics.js';
import { deleteTopicsApi } from './delete-topics.js';
import { deleteRecordsApi } from './delete-records.js';
import { initProducerIdApi } from './init-producer-id.js';
import { offsetForLeaderEpochApi } from './offset-for-leader-epoch.js';
import { addPartitionsToTxnApi } from './add-partitions-to-txn.js';
import { addOffsetsToTxnApi } from './add-offsets-to-txn.js';
import { endTxnApi } from './end-txn.js';
import { writeTxnMarkersApi } from './write-txn-markers.js';
import { txnOffsetCommitApi } from './txn-offset-commit.js';
import { describeAclsApi } from './describe-acls.js';
import { createAclsApi } from './create-acls.js';
import { deleteAclsApi } from './delete-acls.js';
import { describeConfigsApi } from './describe-configs.js';
import { alterConfigsApi } from './alter-configs.js';
import { alterReplicaLogDirsApi } from './alter-replica-log-dirs.js';
import { describeLogDirsApi } from './describe-log-dirs.js';
import { saslAuthenticateApi } from './sasl-authenticate.js';
import { createPartitionsApi } from './create-partitions.js';
import { createDelegationTokenApi } from './create-delegation-token.js';
import { renewDelegationTokenApi } from './renew-delegation-token.js';
import { expireDelegationTokenApi } from './expire-delegation-token.js';
import { describeDelegationTokenApi } from './describe-delegation-token.js';
import { deleteGroupsApi } from './delete-groups.js';
import { electLeadersApi } from './elect-leaders.js';
import { incrementalAlterConfigsApi } from './incremental-alter-configs.js';
import { alterPartitionReassignmentsApi } from './alter-partition-reassignments.js';
import { listPartitionReassignmentsApi } from './list-partition-reassignments.js';
import { offsetDeleteApi } from './offset-delete.js';
import { describeClientQuotasApi } from './describe-client-quotas.js';
import { alterClientQuotasApi } from './alter-client-quotas.js';
import { describeUserScramCredentialsApi } from './describe-user-scram-credentials.js';
import { alterUserScramCredentialsApi } from './alter-user-scram-credentials.js';
import { describeQuorumApi } from './describe-quorum.js';
import { updateFeaturesApi } from './update-features.js';
import { describeClusterApi } from './describe-cluster.js';
import { describeProducersApi } from './describe-producers.js';
import { unregisterBrokerApi } from './unregister-broker.js';
import { describeTransactionsApi } from './describe-transactions.js';
import { listTransactionsApi } from './list-transactions.js';
import { consumerGroupHeartbeatApi } from './consumer-group-heartbeat.js';
import { consumerGroupDescribeApi } from './consumer-group-describe.js';
import { getTelemetrySubscriptionsApi } from './get-telemetry-subscriptions.js';
import { pushTelemetryApi } from './push-telemetry.js';
import { listConfigResourcesApi } from './list-config-resources.js';
import { describeTopicPartitionsApi } from './describe-topic-partitions.js';
import { shareGroupHeartbeatApi } from './share-group-heartbeat.js';
import { shareGroupDescribeApi } from './share-group-describe.js';
import { shareFetchApi } from './share-fetch.js';
import { shareAcknowledgeApi } from './share-acknowledge.js';
import { addRaftVoterApi } from './add-raft-voter.js';
import { removeRaftVoterApi } from './remove-raft-voter.js';
import { initializeShareGroupStateApi } from './initialize-share-group-state.js';
import { readShareGroupStateApi } from './read-share-group-state.js';
import { writeShareGroupStateApi } from './write-share-group-state.js';
import { deleteShareGroupStateApi } from './delete-share-group-state.js';
import { readShareGroupStateSummaryApi } from './read-share-group-state-summary.js';
import { streamsGroupHeartbeatApi } from './streams-group-heartbeat.js';
import { streamsGroupDescribeApi } from './streams-group-describe.js';
import { describeShareGroupOffsetsApi } from './describe-share-group-offsets.js';
import { alterShareGroupOffsetsApi } from './alter-share-group-offsets.js';
import { deleteShareGroupOffsetsApi } from './delete-share-group-offsets.js';

export * from './produce.js';
export * from './fetch.js';
export * from './list-offsets.js';
export * from './metadata.js';
export * from './offset-commit.js';
export * from './offset-fetch.js';
export * from './find-coordinator.js';
export * from './join-group.js';
export * from './heartbeat.js';
export * from './leave-group.js';
export * from './sync-group.js';
export * from './describe-groups.js';
export * from './list-groups.js';
export * from './sasl-handshake.js';
export * from './api-versions.js';
export * from './create-topics.js';
export * from './delete-topics.js';
export * from './delete-records.js';
export * from './init-producer-id.js';
export * from './offset-for-leader-epoch.js';
export * from './add-partitions-to-txn.js';
export * from './add-offsets-to-txn.js';
export * from './end-txn.js';
export * from './write-txn-markers.js';
export * from './txn-offset-commit.js';
export * from './describe-acls.js';
export * from './create-acls.js';
export * from './delete-acls.js';
export * from './describe-configs.js';
export * from './alter-configs.js';
export * from './alter-replica-log-dirs.js';
export * from './describe-log-dirs.js';
export * from './sasl-authenticate.js';
export * from './create-partitions.js';
export * from './create-delegation-token.js';
export * from './renew-delegation-token.js';
export * from './expire-delegation-token.js';
export * from './describe-delegation-token.js';
export * from './delete-groups.js';
export * from './elect-leaders.js';
export * from './incremental-alter-configs.js';
export * from './alter-partition-reassignments.js';
export * from './list-partition-reassignments.js';
export * from './offset-delete.js';
export * from './describe-client-quotas.js';
export * from './alter-client-quotas.js';
export * from './describe-user-scram-credentials.js';
export * from './alter-user-scram-credentials.js';
export * from './describe-quorum.js';
export * from './update-features.js';
export * from './describe-cluster.js';
export * from './describe-producers.js';
export * from './unregister-broker.js';
export * from './describe-transactions.js';
export * from './list-transactions.js';
export * from './consumer-group-heartbeat.js';
export * from './consumer-group-describe.js';
export * from './get-telemetry-subscriptions.js';
export * from './push-telemetry.js';
export * from './list-config-resources.js';
export * from './describe-topic-partitions.js';
export * from './share-group-heartbeat.js';
export * from './share-group-describe.js';
export * from './share-fetch.js';
export * from './share-acknowledge.js';
export * from './add-raft-voter.js';
export * from './remove-raft-voter.js';
export * from './initialize-share-group-state.js';
export * from './read-share-group-state.js';
export * from './write-share-group-state.js';
export * from './delete-share-group-state.js';
export * from './read-share-group-state-summary.js';
export * from './streams-group-heartbeat.js';
export * from './streams-group-describe.js';
export * from './describe-share-group-offsets.js';
export * from './alter-share-group-offsets.js';
export * from './delete-share-group-offsets.js';

/** Every API that the codec knows, in the order of the keys. */
export const kafkaApis: readonly AnyKafkaApi[] = [
  produceApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  findCoordinatorApi,
  joinGroupApi,
  heartbeatApi,
  leaveGroupApi,
  syncGroupApi,
  describeGroupsApi,
  listGroupsApi,
  saslHandshakeApi,
  apiVersionsApi,
  createTopicsApi,
  deleteTopicsApi,
  deleteRecordsApi,
  initProducerIdApi,
  offsetForLeaderEpochApi,
  addPartitionsToTxnApi,
  addOffsetsToTxnApi,
  endTxnApi,
  writeTxnMarkersApi,
  txnOffsetCommitApi,
  describeAclsApi,
  createAclsApi,
  deleteAclsApi,
  describeConfigsApi,
  alterConfigsApi,
  alterReplicaLogDirsApi,
  describeLogDirsApi,
  saslAuthenticateApi,
  createPartitionsApi,
  createDelegationTokenApi,
  renewDelegationTokenApi,
  expireDelegationTokenApi,
  describeDelegationTokenApi,
  deleteGroupsApi,
  electLeadersApi,
  incrementalAlterConfigsApi,
  alterPartitionReassignmentsApi,
  listPartitionReassignmentsApi,
  offsetDeleteApi,
  describeClientQuotasApi,
  alterClientQuotasApi,
  describeUserScramCredentialsApi,
  alterUserScramCredentialsApi,
  describeQuorumApi,
  updateFeaturesApi,
  describeClusterApi,
  describeProducersApi,
  unregisterBrokerApi,
  describeTransactionsApi,
  listTransactionsApi,
  consumerGroupHeartbeatApi,
  consumerGroupDescribeApi,
  getTelemetrySubscriptionsApi,
  pushTelemetryApi,
  listConfigResourcesApi,
  describeTopicPartitionsApi,
  shareGroupHeartbeatApi,
  shareGroupDescribeApi,
  shareFetchApi,
  shareAcknowledgeApi,
  addRaftVoterApi,
  removeRaftVoterApi,
  initializeShareGroupStateApi,
  readShareGroupStateApi,
  writeShareGroupStateApi,
  deleteShareGroupStateApi,
  readShareGroupStateSummaryApi,
  streamsGroupHeartbeatApi,
  streamsGroupDescribeApi,
  describeShareGroupOffsetsApi,
  alterShareGroupOffsetsApi,
  deleteShareGroupOffsetsApi,
];
