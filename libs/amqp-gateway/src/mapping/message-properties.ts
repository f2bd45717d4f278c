/**
 * The properties of Pulsar's messages in which travels what only AMQP 1.0 knows (docs/mapping.md); what other protocols know
 * too is in `HubProperty`. None of them can come from a client of the gateway as an application property: those whose names
 * start with `pulsegate.` are stored in base64.
 */
const prefix = 'pulsegate.amqp.';

export const AmqpProperty = {
  /** One of {@link StoredBody}; present on what AMQP 1.0 clients sent, and on nothing else. */
  body: `${prefix}body`,
  /** Base64: the bare message up to the payload, without the head of the body where {@link StoredBody} says it. */
  prefix: `${prefix}prefix`,
  /** Base64: the map of the message annotations. */
  annotations: `${prefix}annotations`,
  /** Base64: the section. */
  footer: `${prefix}footer`,
  durable: `${prefix}durable`,
  /** Of deliveries before it came here. */
  deliveryCount: `${prefix}delivery-count`,
  /** The container that sent it, for `no-local`. */
  container: `${prefix}container`,
} as const;

/** What the payload is of the body, whose bytes behind the prefix it ends. */
export const StoredBody = {
  /** The data of the one data section, with the shortest head that it can have. */
  data: 'data',
  /** UTF-8 of the one `amqp-value` string, the same. */
  text: 'text',
  /** There is none: `amqp-value` null. */
  null: 'null',
  /** What the head of the section says, which ends the prefix: one data section, one `amqp-value` string or binary. */
  headed: 'headed',
  /** All sections of the body as they were encoded. */
  encoded: 'encoded',
} as const;

export type StoredBody = (typeof StoredBody)[keyof typeof StoredBody];

/** Message annotations that the gateway sets, as Event Hubs and Service Bus do. */
export const Annotation = {
  /** The key: string, or binary where it is no text. */
  partitionKey: 'x-opt-partition-key',
  /** long: the index of the message in its partition, which is its Kafka offset. */
  sequenceNumber: 'x-opt-sequence-number',
  /** timestamp: by the broker's clock. */
  enqueuedTime: 'x-opt-enqueued-time',
  /** timestamp, or any other integer: milliseconds since 1970. */
  deliveryTime: 'x-opt-delivery-time',
  /** The same, as Service Bus clients call it. */
  scheduledEnqueueTime: 'x-opt-scheduled-enqueue-time',
  /** Milliseconds. */
  deliveryDelay: 'x-opt-delivery-delay',
  /** string: the topic that an MQTT client published to. */
  mqttTopic: 'x-opt-mqtt-topic',
  /** string: where an MQTT client awaits the answer. */
  mqttResponseTopic: 'x-opt-mqtt-response-topic',
  /** string: the exchange that an AMQP 0-9-1 client published to, as RabbitMQ shows it. */
  exchange: 'x-exchange',
  /** string: the routing key that it published with. */
  routingKey: 'x-routing-key',
} as const;

/** Those of MQTT that AMQP clients are shown. */
export const MqttProperty = {
  topic: 'pulsegate.mqtt.topic',
  responseTopic: 'pulsegate.mqtt.response-topic',
} as const;

/** Those of AMQP 0-9-1. */
export const Amqp091Property = {
  exchange: 'pulsegate.amqp091.exchange',
  routingKey: 'pulsegate.amqp091.routing-key',
} as const;
