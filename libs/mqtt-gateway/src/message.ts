import { Buffer } from 'node:buffer';
import { type MqttPropertiesOf, type MqttQos, noProperties } from '#libs/mqtt-codec';

/** What travels from the publisher to all subscribers unaltered [MQTT-3.3.2-4, -15, -16, -17, -20]. */
export type MqttMessageProperties = Pick<
  MqttPropertiesOf<'publish'>,
  'payloadFormatIndicator' | 'contentType' | 'responseTopic' | 'correlationData' | 'userProperties'
>;

/** What a publisher says, and what others get. */
export type MqttContent = Pick<MqttMessage, 'topic' | 'payload' | 'properties'>;

/** A message as MQTT sees it, whoever wrote it. */
export interface MqttMessage {
  /** A valid topic name; never one that begins with `$`. */
  readonly topic: string;
  /** May be a view on bytes that others own: who keeps it beyond the call keeps {@link ownedMessage}. */
  readonly payload: Buffer;
  /** As it was published; 1 for what other protocols wrote. */
  readonly qos: MqttQos;
  /** The RETAIN flag that it was published with. */
  readonly retain: boolean;
  readonly properties: MqttMessageProperties;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** Client identifier of the MQTT client that published it, for No Local. */
  readonly publisherId: string | undefined;
}

/** What a user property takes in memory beside its characters, about. */
const userPropertyBytes = 64;

/** About what they take in memory. A client chooses how many there are: as much as a payload may be. */
export function propertiesBytes(properties: MqttMessageProperties): number {
  if (properties === noProperties) return 0;
  const { contentType, responseTopic, correlationData, userProperties } = properties;
  let bytes = (contentType?.length ?? 0) + (responseTopic?.length ?? 0) + (correlationData?.length ?? 0);
  if (userProperties === undefined) return bytes;
  for (const [name, value] of userProperties) bytes += userPropertyBytes + name.length + value.length;
  return bytes;
}

/** About what the contents of a message take in memory. */
export function contentBytes({ topic, payload, properties }: MqttContent): number {
  return topic.length + payload.length + propertiesBytes(properties);
}

/** The same with bytes of its own: of what others own, nothing is kept alive by keeping it. */
export function ownedMessage<M extends MqttContent>(message: M): M {
  return withCopies(message, pooledCopy);
}

/**
 * The same for one that may wait for days. Outside Node's pool: whatever else was copied at that time, and is garbage long
 * since, would be kept with it, which is several times a small message.
 */
export function keptMessage(message: MqttMessage): MqttMessage {
  return withCopies(message, exactCopy);
}

function pooledCopy(bytes: Buffer): Buffer {
  return Buffer.from(bytes);
}

/** In memory of its own, outside Node's pool. */
export function exactCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function withCopies<M extends MqttContent>(message: M, copyOf: (bytes: Buffer) => Buffer): M {
  const { correlationData } = message.properties;
  const properties =
    correlationData === undefined
      ? message.properties
      : { ...message.properties, correlationData: copyOf(correlationData) };
  return { ...message, payload: copyOf(message.payload), properties };
}

/** Whole seconds until the message expires, at least 1; undefined: never. What has expired is not sent. */
export function remainingExpirySeconds(message: MqttMessage, nowMs: number): number | undefined {
  if (message.expiresAtMs === undefined) return undefined;
  return Math.max(1, Math.ceil((message.expiresAtMs - nowMs) / 1_000));
}

export function hasExpired(message: MqttMessage, nowMs: number): boolean {
  return message.expiresAtMs !== undefined && message.expiresAtMs <= nowMs;
}
