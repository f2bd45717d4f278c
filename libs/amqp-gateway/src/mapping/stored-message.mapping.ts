import { Buffer } from 'node:buffer';
import { encodeHeader, findSections } from '#libs/amqp-codec';
import { HubProperty, type MessageCursor, reservedPropertyPrefix } from '#libs/pulsar';
import { bodyHead, isHeadOf, nullBody } from './body-head.js';
import { type ForeignMessage, foreignMessage } from './foreign-message.mapping.js';
import { AmqpProperty, StoredBody } from './message-properties.js';
import { annotationsSection, isMap } from './stored-annotations.js';

/** A message of a Pulsar topic as AMQP sees it, whoever wrote it. Its buffers may be views on the entry's bytes. */
export interface AmqpMessage {
  /** Message annotations, as a section. */
  readonly annotations: Buffer;
  /** Properties, application properties and body: of what an AMQP client sent, the very bytes. */
  readonly bare: readonly Buffer[];
  readonly footer: Buffer | undefined;
  readonly durable: boolean;
  readonly priority: number;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** Unsuccessful deliveries that its sender knew of. */
  readonly deliveryCount: number;
  /** The container that sent it, for `no-local`. */
  readonly containerId: string | undefined;
}

/** What a delivery says of itself, beside the message. */
export interface DeliveryFacts {
  /** Unsuccessful deliveries from here. */
  readonly redeliveries: number;
  readonly nowMs: number;
}

/**
 * The message that the cursor stands on, of an entry of a Pulsar topic, whoever wrote it (docs/mapping.md); undefined where
 * compaction removed it.
 *
 * @throws EntryDecodeError
 */
export function messageFromPulsar(cursor: MessageCursor): AmqpMessage | undefined {
  if (cursor.compactedOut) return undefined;
  const stored = new StoredProperties(cursor);
  const payload = cursor.value ?? noBytes;
  let bare = stored.body === undefined ? undefined : bareMessage(stored.body, stored.prefix, payload);
  let foreign: ForeignMessage | undefined;
  if (bare === undefined) {
    foreign = foreignMessage(cursor);
    bare = foreign.bare;
  }
  return {
    annotations: annotationsSection(
      cursor,
      foreign === undefined ? stored.annotations : undefined,
      foreign?.shown,
    ),
    bare,
    footer: foreign === undefined ? stored.footer : undefined,
    // What others wrote is as durable as Pulsar is.
    durable: stored.durable || foreign !== undefined,
    priority: stored.priority,
    expiresAtMs: stored.expiresAtMs,
    deliveryCount: stored.deliveryCount,
    containerId: stored.containerId,
  };
}

/** All sections in their order, header first, for `OutgoingDelivery`. */
export function deliveryParts(message: AmqpMessage, facts: DeliveryFacts): Buffer[] {
  const { annotations, bare, footer } = message;
  const parts = [headerSection(message, facts), annotations];
  for (const part of bare) parts.push(part);
  if (footer !== undefined) parts.push(footer);
  return parts;
}

export function hasExpired(message: AmqpMessage, nowMs: number): boolean {
  return message.expiresAtMs !== undefined && message.expiresAtMs <= nowMs;
}

const noBytes = Buffer.alloc(0);
const priorityDefault = 4;
const uint32Max = 0xffff_ffff;
/** What nearly all deliveries have: by `durable`, then `first-acquirer`. */
const usualHeaders = [false, true].map((durable) =>
  [false, true].map((firstAcquirer) =>
    Buffer.from(encodeHeader({ type: 'header', durable, ...(firstAcquirer ? { firstAcquirer } : {}) })),
  ),
) as [[Buffer, Buffer], [Buffer, Buffer]];

function headerSection(message: AmqpMessage, { redeliveries, nowMs }: DeliveryFacts): Buffer {
  const { durable, priority, expiresAtMs } = message;
  const deliveryCount = message.deliveryCount + redeliveries;
  const firstAcquirer = redeliveries === 0;
  if (deliveryCount === 0 && expiresAtMs === undefined && priority === priorityDefault) {
    return usualHeaders[durable ? 1 : 0][firstAcquirer ? 1 : 0];
  }
  return encodeHeader({
    type: 'header',
    durable,
    priority,
    ttl: expiresAtMs === undefined ? undefined : Math.min(uint32Max, Math.max(1, expiresAtMs - nowMs)),
    firstAcquirer,
    deliveryCount: Math.min(uint32Max, deliveryCount),
  });
}

/** Undefined: that is no bare message, whoever says so. */
function bareMessage(body: string, prefix: Buffer, payload: Buffer): readonly Buffer[] | undefined {
  switch (body) {
    case StoredBody.data:
    case StoredBody.text:
      return hasSections(prefix) ? joined(prefix, bodyHead(body, payload.length), payload) : undefined;
    case StoredBody.null:
      return hasSections(prefix) ? joined(prefix, nullBody) : undefined;
    case StoredBody.headed:
      return isHeadOf(prefix, payload.length) ? [prefix, payload] : undefined;
    case StoredBody.encoded:
      return hasSections(prefix) && hasSections(payload) ? joined(prefix, payload) : undefined;
    default:
      return undefined;
  }
}

function joined(prefix: Buffer, head: Buffer, payload?: Buffer): readonly Buffer[] {
  if (payload === undefined) return prefix.length === 0 ? [head] : [prefix, head];
  return prefix.length === 0 ? [head, payload] : [prefix, head, payload];
}

function hasSections(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  try {
    findSections(bytes);
    return true;
  } catch {
    return false;
  }
}

const reserved = Buffer.from(reservedPropertyPrefix);
/** The first letters behind the prefix of the names that are read here. */
const [letterA, letterE, letterP] = [...Buffer.from('aep')];

/** What the gateway stored beside the payload. */
class StoredProperties {
  body: string | undefined = undefined;
  prefix: Buffer = noBytes;
  annotations: Buffer | undefined = undefined;
  footer: Buffer | undefined = undefined;
  durable = false;
  priority = priorityDefault;
  expiresAtMs: number | undefined = undefined;
  deliveryCount = 0;
  containerId: string | undefined = undefined;

  constructor(cursor: MessageCursor) {
    const { fieldBytes } = cursor;
    while (cursor.nextProperty()) {
      const start = cursor.propertyNameStart;
      const letter = fieldBytes[start + reserved.length];
      // Most properties are the application's: nothing is made of them here.
      if (fieldBytes[start] !== reserved[0]) continue;
      if (letter !== letterA && letter !== letterE && letter !== letterP) continue;
      this.set(fieldBytes.toString('latin1', start, cursor.propertyNameEnd), cursor);
    }
  }

  private set(name: string, cursor: MessageCursor): void {
    const value = () =>
      cursor.fieldBytes.toString('utf8', cursor.propertyValueStart, cursor.propertyValueEnd);
    switch (name) {
      case AmqpProperty.body:
        this.body = value();
        break;
      case AmqpProperty.prefix:
        this.prefix = fromBase64(cursor);
        break;
      case AmqpProperty.annotations: {
        const annotations = fromBase64(cursor);
        if (isMap(annotations)) this.annotations = annotations;
        break;
      }
      case AmqpProperty.footer: {
        const footer = fromBase64(cursor);
        if (footer.length > 0 && hasSections(footer)) this.footer = footer;
        break;
      }
      case AmqpProperty.durable:
        this.durable = value() === 'true';
        break;
      case AmqpProperty.deliveryCount:
        this.deliveryCount = integer(value(), uint32Max) ?? 0;
        break;
      case AmqpProperty.container:
        this.containerId = value();
        break;
      case HubProperty.expiresAt:
        this.expiresAtMs = integer(value(), Number.MAX_SAFE_INTEGER);
        break;
      case HubProperty.priority:
        this.priority = integer(value(), 0xff) ?? priorityDefault;
        break;
      default:
    }
  }
}

function integer(text: string, max: number): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

function fromBase64({ fieldBytes, propertyValueStart, propertyValueEnd }: MessageCursor): Buffer {
  return Buffer.from(fieldBytes.toString('latin1', propertyValueStart, propertyValueEnd), 'base64');
}
