/**
 * The properties of Pulsar's messages in which travels what only AMQP 0-9-1 knows (docs/mapping.md); what other protocols know
 * too is in `HubProperty`. None of them can come from a client of the gateway as a header: those whose names start with
 * `pulsegate.` are stored in base64.
 */
const prefix = 'pulsegate.amqp091.';

export const Amqp091Property = {
  /** Base64: flags and properties of the content header. Present on what 0-9-1 clients sent, and on nothing else. */
  properties: `${prefix}properties`,
  /** What it was published to, and with: text. */
  exchange: `${prefix}exchange`,
  routingKey: `${prefix}routing-key`,
  /** `true` on dead letters: what their headers say of deaths is the gateway's. */
  dead: `${prefix}dead`,
} as const;

/** Headers in which 0-9-1 clients are shown what others said, by the names that AMQP 1.0 clients know. */
export const ForeignHeader = {
  /** The key: long string, or byte array where it is no text. */
  partitionKey: 'x-opt-partition-key',
  mqttTopic: 'x-opt-mqtt-topic',
  mqttResponseTopic: 'x-opt-mqtt-response-topic',
} as const;

/** Those of MQTT that 0-9-1 clients are shown. */
export const MqttProperty = {
  topic: 'pulsegate.mqtt.topic',
  responseTopic: 'pulsegate.mqtt.response-topic',
} as const;
