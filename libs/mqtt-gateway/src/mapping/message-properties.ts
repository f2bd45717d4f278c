import { HubProperty } from '#libs/pulsar';

/**
 * The properties of Pulsar's messages in which travels what MQTT says beside topic and payload (docs/mapping.md), those with
 * the prefix what only MQTT knows. None of them can come from a client of the gateway as a user property or header: names
 * that start with `pulsegate.` are stored in base64.
 */
const prefix = 'pulsegate.mqtt.';

export const MqttProperty = {
  topic: `${prefix}topic`,
  clientId: `${prefix}client-id`,
  /** Absent: 1, as of what others wrote. */
  qos: `${prefix}qos`,
  retain: `${prefix}retain`,
  payloadFormat: `${prefix}payload-format`,
  contentType: HubProperty.contentType,
  responseTopic: `${prefix}response-topic`,
  /** Base64. */
  correlationData: HubProperty.correlation,
  /** Milliseconds since 1970. */
  expiresAt: HubProperty.expiresAt,
} as const;
