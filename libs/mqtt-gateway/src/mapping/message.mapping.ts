import {
  type BatchBuilder,
  base64PropertyPrefix,
  encodeMessageFields,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import type { PublishRequest } from '../publishing/publisher.js';
import type { MqttMessageProperties } from '../message.js';
import { MqttProperty } from './message-properties.js';
import type { PulsarPlace } from './pulsar-place.js';

const qosFields = [0, 1, 2].map((qos) =>
  qos === 1 ? undefined : encodeMessageFields([{ key: MqttProperty.qos, value: String(qos) }]),
);
const retainField = encodeMessageFields([{ key: MqttProperty.retain, value: 'true' }]);
const payloadFormatFields = [0, 1].map((format) =>
  encodeMessageFields([{ key: MqttProperty.payloadFormat, value: String(format) }]),
);

/** What all messages of a topic have. */
export function topicFields(topic: string, place: PulsarPlace): Buffer {
  return encodeMessageFields([{ key: MqttProperty.topic, value: topic }], place.key);
}

/** What all messages of a client have: its identifier as it is, since No Local compares it and consumers ask who it was. */
export function clientFields(clientId: string): Buffer {
  return encodeMessageFields([{ key: MqttProperty.clientId, value: clientId }]);
}

/**
 * Adds a PUBLISH to a batch (docs/mapping.md). Hot: what messages have in common comes encoded, the payload is copied once.
 *
 * @throws PulsarError 'EntryTooLarge' when there is no room; the batch stays as it was
 */
export function appendPublish(
  builder: BatchBuilder,
  request: PublishRequest,
  ofTopic: Buffer,
  ofClient: Buffer,
  nowMs: number,
): void {
  const { payload, properties, messageExpiryIntervalSeconds: expiry } = request;
  builder.begin();
  builder.fields(ofTopic);
  builder.fields(ofClient);
  const qosField = qosFields[request.qos];
  if (qosField !== undefined) builder.fields(qosField);
  if (request.retain) builder.fields(retainField);
  if (expiry !== undefined) builder.property(MqttProperty.expiresAt, String(nowMs + expiry * 1_000));
  appendProperties(builder, properties);
  builder.eventTime(nowMs);
  builder.valueFrom(payload, 0, payload.length);
}

/** Bytes that {@link appendPublish} takes, about. */
export function publishBytes(request: PublishRequest, ofTopic: Buffer, ofClient: Buffer): number {
  const { userProperties, correlationData, contentType, responseTopic } = request.properties;
  let bytes = request.payload.length + ofTopic.length + ofClient.length + fixedBytes;
  bytes += (contentType?.length ?? 0) + (responseTopic?.length ?? 0);
  if (correlationData !== undefined) bytes += correlationData.length * 2;
  if (userProperties !== undefined) {
    for (const [name, value] of userProperties) bytes += (name.length + value.length) * 2 + fixedBytes;
  }
  return bytes;
}

const fixedBytes = 64;

function appendProperties(builder: BatchBuilder, properties: MqttMessageProperties): void {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties;
  if (payloadFormatIndicator !== undefined) {
    builder.fields(payloadFormatFields[payloadFormatIndicator] as Buffer);
  }
  if (contentType !== undefined) builder.property(MqttProperty.contentType, contentType);
  if (responseTopic !== undefined) builder.property(MqttProperty.responseTopic, responseTopic);
  if (correlationData !== undefined) {
    builder.property(MqttProperty.correlationData, correlationData.toString('base64'));
  }
  if (userProperties === undefined) return;
  for (const [name, value] of userProperties) {
    if (!name.startsWith(reservedPropertyPrefix)) builder.property(name, value);
    else builder.property(base64PropertyPrefix + name, Buffer.from(value).toString('base64'));
  }
}
