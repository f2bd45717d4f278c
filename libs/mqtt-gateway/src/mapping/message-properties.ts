/**
 * The properties of Pulsar's messages in which travels what only MQTT knows (docs/mapping.md). None of them can come from
 * a client of the gateway as a user property or header: names that start with `pulsegate.` are stored in base64.
 */
const prefix = 'pulsegate.mqtt.';

export const MqttProperty = {
  topic: `${prefix}topic`,
  clientId: `${prefix}client-id`,
  /** Absent: 1, as of what others wrote. */
  qos: `${prefix}qos`,
  retain: `${prefix}retain`,
  payloadFormat: `${prefix}payload-format`,
  contentType: `${prefix}content-type`,
  responseTopic: `${prefix}response-topic`,
  /** Base64. */
  correlationData: `${prefix}correlation-data`,
  /** Milliseconds since 1970. */
  expiresAt: `${prefix}expires-at`,
} as const;

export const mqttPropertyPrefix = prefix;
