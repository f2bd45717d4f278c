import type { PartitionPublisher, PublishKind } from '#libs/pulsar';
import { appendPublish } from '../mapping/message.mapping.js';
import type { MqttError } from '../mqtt.errors.js';
import { asPublishError, publisherClosed, tooMuchInFlight } from './publish-errors.js';
import type { PublishRequest } from './publisher.js';

/** What is encoded once for all messages of a topic, or a client. */
export interface CommonFields {
  readonly ofTopic: Buffer;
  readonly ofClient: Buffer;
}

export const mqttPublishKind: PublishKind<PublishRequest, CommonFields, MqttError> = {
  append: (builder, request, { ofTopic, ofClient }, nowMs) =>
    appendPublish(builder, request, ofTopic, ofClient, nowMs),
  asError: asPublishError,
  closed: publisherClosed,
  tooMuchInFlight,
};

export type MqttPartitionPublisher = PartitionPublisher<PublishRequest, CommonFields, MqttError>;
