import type { KeyValue } from './wire/commands.js';

/**
 * The hub of the gateway (ARCHITECTURE.md): one Pulsar message, whoever wrote it. `null` and empty differ for keys and
 * values; properties keep their order and repetitions, as the wire does and the Java client's map does not.
 */
export interface PulsarMessage {
  readonly ledgerId: number;
  readonly entryId: number;
  /** -1 when the message is an entry of its own. */
  readonly batchIndex: number;
  /** Messages in the entry, 1 when it is no batch. */
  readonly batchSize: number;
  /** The broker's index of this message; absent where the broker does not expose it. */
  readonly index: number | undefined;
  /** As native readers, compaction and Key_Shared see it: base64 text when `keyIsBase64`. */
  readonly key: string | null;
  readonly keyIsBase64: boolean;
  readonly orderingKey: Buffer | null;
  /** A view on the entry's bytes. */
  readonly value: Buffer | null;
  /** Milliseconds since 1970, set by the application; absent when it set none. */
  readonly eventTime: number | undefined;
  /** Milliseconds since 1970 by the producer's clock. */
  readonly publishTime: number;
  /** Milliseconds since 1970 by the broker's clock; absent where the broker does not expose it. */
  readonly brokerTimestamp: number | undefined;
  readonly properties: readonly KeyValue[];
  readonly producerName: string;
  readonly sequenceId: number;
  readonly schemaVersion: Buffer | undefined;
}

/** A message to publish. An absent key is a null key. */
export interface OutgoingMessage {
  /** Text is stored plain, bytes too if they are UTF-8, else as base64 with Pulsar's flag. */
  readonly key?: string | Buffer | null;
  readonly orderingKey?: Buffer;
  readonly value: Buffer | null;
  readonly eventTime?: number;
  readonly properties?: readonly KeyValue[];
}

/** Names of properties that begin so are the gateway's: no client's header or user property is stored by such a name. */
export const reservedPropertyPrefix = 'pulsegate.';
/** Before the name of a header or user property that is reserved, or whose value is no text: the value is base64. */
export const base64PropertyPrefix = 'pulsegate.base64.';
/** Before the name of a Kafka header without a value. */
export const nullPropertyPrefix = 'pulsegate.null.';

/**
 * Properties that more than one protocol writes and reads: what they say is the same whoever says it (docs/mapping.md). Where
 * nothing else is said, text.
 */
export const HubProperty = {
  /** MIME type of the payload. */
  contentType: `${reservedPropertyPrefix}content-type`,
  contentEncoding: `${reservedPropertyPrefix}content-encoding`,
  /** Milliseconds since 1970. */
  expiresAt: `${reservedPropertyPrefix}expires-at`,
  messageId: `${reservedPropertyPrefix}message-id`,
  /** What an answer repeats of its request: base64. */
  correlation: `${reservedPropertyPrefix}correlation`,
  /** Where an answer goes: an address of AMQP. */
  replyTo: `${reservedPropertyPrefix}reply-to`,
  subject: `${reservedPropertyPrefix}subject`,
  /** Who sent it, as its gateway knows. */
  userId: `${reservedPropertyPrefix}user-id`,
  /** 0 to 255. */
  priority: `${reservedPropertyPrefix}priority`,
  /** JSON object: the AMQP 1.0 type of each property that is the text of something else than a string. */
  types: `${reservedPropertyPrefix}types`,
} as const;

/** What `HubProperty.types` says, by property; undefined where it says nothing that can be read. */
export function propertyTypes(json: string | undefined): ReadonlyMap<string, string> | undefined {
  if (json === undefined) return undefined;
  try {
    const types: unknown = JSON.parse(json);
    if (typeof types !== 'object' || types === null) return undefined;
    return new Map(Object.entries(types).filter(([, type]) => typeof type === 'string'));
  } catch {
    return undefined;
  }
}
