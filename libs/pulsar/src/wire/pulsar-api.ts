/**
 * The cold part of PulsarApi.proto (Apache Pulsar 4.2, Apache-2.0) that the gateway speaks: names and numbers are
 * Pulsar's, fields it never sets nor reads are left out (unknown fields are skipped when read).
 * `BaseCommand.type` equals the number of the field that is present. Enums are read and written as int32.
 */
export const pulsarApiProto = `
syntax = "proto2";
package pulsar;

message KeyValue { required string key = 1; required string value = 2; }
message IntRange { required int32 start = 1; required int32 end = 2; }
message MessageIdData {
  required uint64 ledgerId = 1; required uint64 entryId = 2; optional int32 partition = 3 [default = -1];
  optional int32 batch_index = 4 [default = -1]; repeated int64 ack_set = 5 [packed = false]; optional int32 batch_size = 6;
}
message FeatureFlags {
  optional bool supports_auth_refresh = 1; optional bool supports_broker_entry_metadata = 2;
  optional bool supports_partial_producer = 3; optional bool supports_topic_watchers = 4;
  optional bool supports_get_partitioned_metadata_without_auto_creation = 5;
}
message AuthData { optional string auth_method_name = 1; optional bytes auth_data = 2; }

message CommandConnect {
  required string client_version = 1; optional bytes auth_data = 3; optional int32 protocol_version = 4;
  optional string auth_method_name = 5; optional string proxy_to_broker_url = 6; optional string original_principal = 7;
  optional FeatureFlags feature_flags = 10;
}
message CommandConnected {
  required string server_version = 1; optional int32 protocol_version = 2; optional int32 max_message_size = 3;
  optional FeatureFlags feature_flags = 4;
}
message CommandAuthChallenge { optional string server_version = 1; optional AuthData challenge = 2; optional int32 protocol_version = 3; }
message CommandAuthResponse { optional string client_version = 1; optional AuthData response = 2; optional int32 protocol_version = 3; }
message CommandPing { }
message CommandPong { }
message CommandSuccess { required uint64 request_id = 1; }
message CommandError { required uint64 request_id = 1; required int32 error = 2; required string message = 3; }

message CommandPartitionedTopicMetadata {
  required string topic = 1; required uint64 request_id = 2; optional bool metadata_auto_creation_enabled = 6 [default = true];
}
message CommandPartitionedTopicMetadataResponse {
  optional uint32 partitions = 1; required uint64 request_id = 2; optional int32 response = 3; optional int32 error = 4;
  optional string message = 5;
}
message CommandLookupTopic {
  required string topic = 1; required uint64 request_id = 2; optional bool authoritative = 3;
  optional string advertised_listener_name = 7;
}
message CommandLookupTopicResponse {
  optional string brokerServiceUrl = 1; optional string brokerServiceUrlTls = 2; optional int32 response = 3;
  required uint64 request_id = 4; optional bool authoritative = 5; optional int32 error = 6; optional string message = 7;
  optional bool proxy_through_service_url = 8;
}
message CommandGetTopicsOfNamespace {
  required uint64 request_id = 1; required string namespace = 2; optional int32 mode = 3; optional string topics_pattern = 4;
  optional string topics_hash = 5;
}
message CommandGetTopicsOfNamespaceResponse {
  required uint64 request_id = 1; repeated string topics = 2; optional bool filtered = 3; optional string topics_hash = 4;
  optional bool changed = 5;
}
message CommandWatchTopicList {
  required uint64 request_id = 1; required uint64 watcher_id = 2; required string namespace = 3;
  required string topics_pattern = 4; optional string topics_hash = 5;
}
message CommandWatchTopicListSuccess {
  required uint64 request_id = 1; required uint64 watcher_id = 2; repeated string topic = 3; required string topics_hash = 4;
}
message CommandWatchTopicUpdate {
  required uint64 watcher_id = 1; repeated string new_topics = 2; repeated string deleted_topics = 3;
  required string topics_hash = 4;
}
message CommandWatchTopicListClose { required uint64 request_id = 1; required uint64 watcher_id = 2; }

message CommandProducer {
  required string topic = 1; required uint64 producer_id = 2; required uint64 request_id = 3; optional string producer_name = 4;
  repeated KeyValue metadata = 6; optional uint64 epoch = 8;
  optional bool user_provided_producer_name = 9 [default = true]; optional int32 producer_access_mode = 10;
  optional uint64 topic_epoch = 11; optional bool txn_enabled = 12;
}
message CommandProducerSuccess {
  required uint64 request_id = 1; required string producer_name = 2; optional int64 last_sequence_id = 3 [default = -1];
  optional uint64 topic_epoch = 5; optional bool producer_ready = 6 [default = true];
}
message CommandSend {
  required uint64 producer_id = 1; required uint64 sequence_id = 2; optional int32 num_messages = 3 [default = 1];
  optional uint64 txnid_least_bits = 4; optional uint64 txnid_most_bits = 5; optional uint64 highest_sequence_id = 6;
  optional bool is_chunk = 7;
}
message CommandSendReceipt {
  required uint64 producer_id = 1; required uint64 sequence_id = 2; optional MessageIdData message_id = 3;
  optional uint64 highest_sequence_id = 4;
}
message CommandSendError {
  required uint64 producer_id = 1; required uint64 sequence_id = 2; required int32 error = 3; required string message = 4;
}
message CommandCloseProducer {
  required uint64 producer_id = 1; required uint64 request_id = 2; optional string assignedBrokerServiceUrl = 3;
  optional string assignedBrokerServiceUrlTls = 4;
}
message CommandTopicMigrated {
  required uint64 resource_id = 1; required int32 resource_type = 2; optional string brokerServiceUrl = 3;
  optional string brokerServiceUrlTls = 4;
}

message KeySharedMeta { required int32 keySharedMode = 1; repeated IntRange hashRanges = 3; optional bool allowOutOfOrderDelivery = 4; }
message CommandSubscribe {
  required string topic = 1; required string subscription = 2; required int32 subType = 3; required uint64 consumer_id = 4;
  required uint64 request_id = 5; optional string consumer_name = 6; optional int32 priority_level = 7;
  optional bool durable = 8 [default = true]; optional MessageIdData start_message_id = 9; repeated KeyValue metadata = 10;
  optional bool read_compacted = 11; optional int32 initialPosition = 13;
  optional bool force_topic_creation = 15 [default = true];
  optional KeySharedMeta keySharedMeta = 17;
  repeated KeyValue subscription_properties = 18; optional uint64 consumer_epoch = 19;
}
message CommandMessage {
  required uint64 consumer_id = 1; required MessageIdData message_id = 2; optional uint32 redelivery_count = 3;
  repeated int64 ack_set = 4 [packed = false]; optional uint64 consumer_epoch = 5;
}
message CommandAck {
  required uint64 consumer_id = 1; required int32 ack_type = 2; repeated MessageIdData message_id = 3;
  optional uint64 txnid_least_bits = 6; optional uint64 txnid_most_bits = 7; optional uint64 request_id = 8;
}
message CommandAckResponse {
  required uint64 consumer_id = 1; optional int32 error = 4; optional string message = 5; optional uint64 request_id = 6;
}
message CommandFlow { required uint64 consumer_id = 1; required uint32 messagePermits = 2; }
message CommandUnsubscribe { required uint64 consumer_id = 1; required uint64 request_id = 2; optional bool force = 3; }
message CommandSeek {
  required uint64 consumer_id = 1; required uint64 request_id = 2; optional MessageIdData message_id = 3;
  optional uint64 message_publish_time = 4;
}
message CommandReachedEndOfTopic { required uint64 consumer_id = 1; }
message CommandCloseConsumer {
  required uint64 consumer_id = 1; required uint64 request_id = 2; optional string assignedBrokerServiceUrl = 3;
  optional string assignedBrokerServiceUrlTls = 4;
}
message CommandRedeliverUnacknowledgedMessages {
  required uint64 consumer_id = 1; repeated MessageIdData message_ids = 2; optional uint64 consumer_epoch = 3;
}
message CommandGetLastMessageId { required uint64 consumer_id = 1; required uint64 request_id = 2; }
message CommandGetLastMessageIdResponse {
  required MessageIdData last_message_id = 1; required uint64 request_id = 2;
  optional MessageIdData consumer_mark_delete_position = 3;
}
message CommandActiveConsumerChange { required uint64 consumer_id = 1; optional bool is_active = 2; }

message CommandTcClientConnectRequest { required uint64 request_id = 1; required uint64 tc_id = 2 [default = 0]; }
message CommandTcClientConnectResponse {
  required uint64 request_id = 1; optional int32 error = 2; optional string message = 3;
}
message CommandNewTxn {
  required uint64 request_id = 1; optional uint64 txn_ttl_seconds = 2 [default = 0]; optional uint64 tc_id = 3 [default = 0];
}
message CommandNewTxnResponse {
  required uint64 request_id = 1; optional uint64 txnid_least_bits = 2 [default = 0];
  optional uint64 txnid_most_bits = 3 [default = 0]; optional int32 error = 4; optional string message = 5;
}
message CommandAddPartitionToTxn {
  required uint64 request_id = 1; optional uint64 txnid_least_bits = 2 [default = 0];
  optional uint64 txnid_most_bits = 3 [default = 0]; repeated string partitions = 4;
}
message CommandAddPartitionToTxnResponse {
  required uint64 request_id = 1; optional int32 error = 4; optional string message = 5;
}
message Subscription { required string topic = 1; required string subscription = 2; }
message CommandAddSubscriptionToTxn {
  required uint64 request_id = 1; optional uint64 txnid_least_bits = 2 [default = 0];
  optional uint64 txnid_most_bits = 3 [default = 0]; repeated Subscription subscription = 4;
}
message CommandAddSubscriptionToTxnResponse {
  required uint64 request_id = 1; optional int32 error = 4; optional string message = 5;
}
message CommandEndTxn {
  required uint64 request_id = 1; optional uint64 txnid_least_bits = 2 [default = 0];
  optional uint64 txnid_most_bits = 3 [default = 0]; optional int32 txn_action = 4;
}
message CommandEndTxnResponse { required uint64 request_id = 1; optional int32 error = 4; optional string message = 5; }

message BaseCommand {
  required int32 type = 1;
  optional CommandConnect connect = 2; optional CommandConnected connected = 3; optional CommandSubscribe subscribe = 4;
  optional CommandProducer producer = 5; optional CommandSend send = 6; optional CommandSendReceipt send_receipt = 7;
  optional CommandSendError send_error = 8; optional CommandMessage message = 9; optional CommandAck ack = 10;
  optional CommandFlow flow = 11; optional CommandUnsubscribe unsubscribe = 12; optional CommandSuccess success = 13;
  optional CommandError error = 14; optional CommandCloseProducer close_producer = 15;
  optional CommandCloseConsumer close_consumer = 16; optional CommandProducerSuccess producer_success = 17;
  optional CommandPing ping = 18; optional CommandPong pong = 19;
  optional CommandRedeliverUnacknowledgedMessages redeliverUnacknowledgedMessages = 20;
  optional CommandPartitionedTopicMetadata partitionMetadata = 21;
  optional CommandPartitionedTopicMetadataResponse partitionMetadataResponse = 22;
  optional CommandLookupTopic lookupTopic = 23; optional CommandLookupTopicResponse lookupTopicResponse = 24;
  optional CommandReachedEndOfTopic reachedEndOfTopic = 27; optional CommandSeek seek = 28;
  optional CommandGetLastMessageId getLastMessageId = 29;
  optional CommandGetLastMessageIdResponse getLastMessageIdResponse = 30;
  optional CommandActiveConsumerChange active_consumer_change = 31;
  optional CommandGetTopicsOfNamespace getTopicsOfNamespace = 32;
  optional CommandGetTopicsOfNamespaceResponse getTopicsOfNamespaceResponse = 33;
  optional CommandAuthChallenge authChallenge = 36; optional CommandAuthResponse authResponse = 37;
  optional CommandAckResponse ackResponse = 38;
  optional CommandNewTxn newTxn = 50; optional CommandNewTxnResponse newTxnResponse = 51;
  optional CommandAddPartitionToTxn addPartitionToTxn = 52;
  optional CommandAddPartitionToTxnResponse addPartitionToTxnResponse = 53;
  optional CommandAddSubscriptionToTxn addSubscriptionToTxn = 54;
  optional CommandAddSubscriptionToTxnResponse addSubscriptionToTxnResponse = 55;
  optional CommandEndTxn endTxn = 56; optional CommandEndTxnResponse endTxnResponse = 57;
  optional CommandTcClientConnectRequest tcClientConnectRequest = 62;
  optional CommandTcClientConnectResponse tcClientConnectResponse = 63;
  optional CommandWatchTopicList watchTopicList = 64; optional CommandWatchTopicListSuccess watchTopicListSuccess = 65;
  optional CommandWatchTopicUpdate watchTopicUpdate = 66; optional CommandWatchTopicListClose watchTopicListClose = 67;
  optional CommandTopicMigrated topicMigrated = 68;
}
`;
