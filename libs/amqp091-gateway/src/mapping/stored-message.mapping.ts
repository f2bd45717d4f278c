import { Buffer } from 'node:buffer';
import {
  type BasicProperties,
  decodeBasicProperties,
  decodeFieldTable,
  type FieldTable,
  type RawBasicProperties,
} from '#libs/amqp091-codec';
import { HubProperty, type MessageCursor, reservedPropertyPrefix } from '#libs/pulsar';
import { foreignProperties } from './foreign-message.mapping.js';
import { Amqp091Property } from './message-properties.js';

/** A message of a queue's Pulsar topic as AMQP 0-9-1 sees it, whoever wrote it. */
export interface StoredMessage {
  /** What it was published to; empty, the default exchange, where no 0-9-1 client did. */
  readonly exchange: string;
  /** What it was published with; the name of the queue where no 0-9-1 client did. */
  readonly routingKey: string;
  /** Of what a 0-9-1 client sent: the very bytes. */
  readonly properties: RawBasicProperties;
  readonly basic: BasicProperties;
  readonly headers: FieldTable;
  /** A view on the entry's bytes. */
  readonly body: Buffer;
  /** Milliseconds since 1970; undefined: never, but the queue may say otherwise of what others wrote. */
  readonly expiresAtMs: number | undefined;
  /** False: its `expiresAtMs` does not know of the TTL of the queue. */
  readonly isOwn: boolean;
  /** A dead letter: what its headers say of deaths is the gateway's. */
  readonly hasDied: boolean;
}

/**
 * The message that the cursor stands on, of an entry of a Pulsar topic, whoever wrote it (docs/mapping.md); undefined where
 * compaction removed it.
 *
 * @param queue its name
 * @throws EntryDecodeError
 */
export function messageFromPulsar(
  cursor: MessageCursor,
  queue: string,
  nowMs: number,
): StoredMessage | undefined {
  if (cursor.compactedOut) return undefined;
  const stored = new StoredProperties(cursor);
  const body = cursor.value ?? noBytes;
  const { expiresAtMs } = stored;
  const own = stored.properties && decoded(stored.properties);
  if (own === undefined) {
    const foreign = foreignProperties(cursor, expiresAtMs, nowMs);
    const place = { exchange: '', routingKey: queue, isOwn: false, hasDied: false };
    return { ...place, ...foreign, body, expiresAtMs };
  }
  const { exchange = '', routingKey = queue, hasDied } = stored;
  return { exchange, routingKey, ...own, body, expiresAtMs, isOwn: true, hasDied };
}

const noBytes = Buffer.alloc(0);
const noHeaders: FieldTable = [];
const shortBytesMax = 255;
const reserved = Buffer.from(reservedPropertyPrefix);
/** The first letters behind the prefix of the names that are read here. */
const [letterA, letterE] = [...Buffer.from('ae')];

/** Undefined: these are no properties, whoever says so. */
function decoded(
  properties: RawBasicProperties,
): Pick<StoredMessage, 'properties' | 'basic' | 'headers'> | undefined {
  try {
    const basic = decodeBasicProperties(properties);
    const headers = basic.headers === undefined ? noHeaders : decodeFieldTable(basic.headers);
    return { properties, basic, headers };
  } catch {
    return undefined;
  }
}

/** What the gateway stored beside the payload. */
class StoredProperties {
  properties: Buffer | undefined = undefined;
  exchange: string | undefined = undefined;
  routingKey: string | undefined = undefined;
  expiresAtMs: number | undefined = undefined;
  hasDied = false;

  constructor(cursor: MessageCursor) {
    const { fieldBytes } = cursor;
    while (cursor.nextProperty()) {
      const start = cursor.propertyNameStart;
      const letter = fieldBytes[start + reserved.length];
      // Most properties are the application's: nothing is made of them here.
      if (fieldBytes[start] !== reserved[0] || (letter !== letterA && letter !== letterE)) continue;
      this.#set(fieldBytes.toString('latin1', start, cursor.propertyNameEnd), cursor);
    }
  }

  #set(name: string, { fieldBytes, propertyValueStart: start, propertyValueEnd: end }: MessageCursor): void {
    switch (name) {
      case Amqp091Property.properties:
        this.properties = Buffer.from(fieldBytes.toString('latin1', start, end), 'base64');
        break;
      case Amqp091Property.exchange:
        if (end - start <= shortBytesMax) this.exchange = fieldBytes.toString('utf8', start, end);
        break;
      case Amqp091Property.routingKey:
        if (end - start <= shortBytesMax) this.routingKey = fieldBytes.toString('utf8', start, end);
        break;
      case Amqp091Property.dead:
        this.hasDied = true;
        break;
      case HubProperty.expiresAt:
        this.expiresAtMs = integer(fieldBytes.toString('latin1', start, end));
        break;
      default:
    }
  }
}

function integer(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
