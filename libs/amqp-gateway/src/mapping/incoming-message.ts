import { Buffer } from 'node:buffer';
import {
  type AmqpComposite,
  AmqpDecodeError,
  AmqpErrorCondition,
  type AmqpMessageSections,
  type AmqpScalar,
  decodeApplicationProperties,
  decodeHeader,
  decodeProperties,
  findSections,
} from '#libs/amqp-codec';
import { keyHash } from '#libs/pulsar';
import { AmqpError } from '../amqp.errors.js';
import type { IncomingMessage } from '../node.js';
import { noAnnotations, type SaidAnnotations, saidAnnotations } from './incoming-annotations.js';
import { hasShortestHead, nullBody } from './body-head.js';
import { StoredBody } from './message-properties.js';

/** A message of a client, decoded as far as the hub needs it. Views on the socket's bytes: for one turn. */
export interface DecodedMessage {
  readonly sections: AmqpMessageSections;
  readonly header: AmqpComposite<'header'> | undefined;
  readonly properties: AmqpComposite<'properties'> | undefined;
  readonly applicationProperties: ReadonlyMap<string, AmqpScalar> | undefined;
  readonly annotations: SaidAnnotations;
  readonly body: StoredBody;
  /** Where the payload is in the message; what is before it, from `bareStart` to `prefixEnd`, is stored beside it. */
  readonly prefixEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** What chooses the partition; -1: nothing does. */
  readonly hash: number;
  /** Bytes that storing it takes, about. */
  readonly bytes: number;
}

/** Prefix and text of what is in it, both stored. */
const prefixCopies = 3;
const fixedBytes = 256;

/**
 * @throws AmqpError, of scope link, for the one message: `amqp:decode-error` where it is no message of AMQP 1.0,
 *   `amqp:unauthorized-access` where it says another user than who sends it, `amqp:invalid-field`
 */
export function decodeMessage(
  message: IncomingMessage,
  users: readonly Buffer[],
  nowMs: number,
): DecodedMessage {
  const { parts } = message;
  const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  try {
    return decoded(findSections(bytes), users, nowMs);
  } catch (error) {
    if (error instanceof AmqpDecodeError) throw new AmqpError(error.code, error.message);
    throw error;
  }
}

/** What the `user-id` of someone's messages may be. */
export function userIdsOf(user: string, tenant: string): readonly Buffer[] {
  return [user, `${tenant}/${user}`, `${user}@${tenant}`].map((name) => Buffer.from(name));
}

function decoded(sections: AmqpMessageSections, users: readonly Buffer[], nowMs: number): DecodedMessage {
  const { header: headerSection, properties: propertiesSection } = sections;
  const header = headerSection && decodeHeader(sections);
  const properties = propertiesSection && decodeProperties(sections);
  if (properties?.userId !== undefined) checkUser(properties.userId, users);
  const annotations = sections.messageAnnotations ? saidAnnotations(sections, nowMs) : noAnnotations;
  const place = payloadOf(sections);
  return {
    sections,
    header,
    properties,
    applicationProperties: sections.applicationProperties && decodeApplicationProperties(sections),
    annotations,
    ...place,
    expiresAtMs: expiryOf(header?.ttl, properties?.absoluteExpiryTime, nowMs),
    hash: hashOf(annotations.key, properties?.groupId),
    bytes:
      fixedBytes +
      (place.payloadEnd - place.payloadStart) +
      prefixCopies * (sections.message.length - (place.payloadEnd - place.payloadStart)),
  };
}

/** Who sends may not say that it was somebody else (AMQP 3.2.4). */
function checkUser(said: Buffer, users: readonly Buffer[]): void {
  if (said.length === 0 || users.some((user) => user.equals(said))) return;
  throw new AmqpError(AmqpErrorCondition.UNAUTHORIZED_ACCESS, 'user-id is not who has authenticated');
}

function expiryOf(ttl: number | undefined, absolute: bigint | undefined, nowMs: number): number | undefined {
  const byTtl = ttl === undefined || ttl === 0 ? undefined : nowMs + ttl;
  if (absolute === undefined || absolute <= 0n || absolute > Number.MAX_SAFE_INTEGER) return byTtl;
  return byTtl === undefined ? Number(absolute) : Math.min(byTtl, Number(absolute));
}

function hashOf(key: string | Buffer | undefined, groupId: string | undefined): number {
  const chosen = key ?? groupId;
  return chosen === undefined ? -1 : keyHash(chosen);
}

type PayloadPlace = Pick<DecodedMessage, 'body' | 'prefixEnd' | 'payloadStart' | 'payloadEnd'>;

const narrowCodes = [0xa0, 0xa1];
const wideBit = 0x10;
const stringCode = 0xa1;

/** One data section, or an `amqp-value` string or binary, is the payload without its head; all else is stored as it is encoded. */
function payloadOf(sections: AmqpMessageSections): PayloadPlace {
  const { message, bareStart, bareEnd, body, bodyKind } = sections;
  if (body === undefined) return encoded(bareEnd, bareEnd);
  if (bodyKind === 'sequence') return encoded(body.start, bareEnd);
  const { start, valueAt, end } = body;
  const code = message[valueAt] as number;
  if (end - start === nullBody.length && message.compare(nullBody, 0, nullBody.length, start, end) === 0) {
    return { body: StoredBody.null, prefixEnd: start, payloadStart: end, payloadEnd: end };
  }
  const isNarrow = narrowCodes.includes(code);
  if (!isNarrow && !narrowCodes.includes(code - wideBit)) return encoded(start, bareEnd);
  const contentAt = valueAt + (isNarrow ? 2 : 5);
  const bytes = isNarrow ? (message[valueAt + 1] as number) : message.readUInt32BE(valueAt + 1);
  // Several data sections are one body: none of them is the payload alone.
  if (contentAt + bytes !== end) return encoded(start, bareEnd);
  const place = { payloadStart: contentAt, payloadEnd: end };
  if (bodyKind === 'data' && hasShortestHead(message, 'data', start, contentAt, bytes)) {
    return { body: StoredBody.data, prefixEnd: start, ...place };
  }
  const isText = bodyKind === 'value' && (isNarrow ? code : code - wideBit) === stringCode;
  if (isText && hasShortestHead(message, 'text', start, contentAt, bytes)) {
    return { body: StoredBody.text, prefixEnd: start, ...place };
  }
  return { body: StoredBody.headed, prefixEnd: contentAt, ...place };

  function encoded(payloadStart: number, payloadEnd: number): PayloadPlace {
    return {
      body: StoredBody.encoded,
      prefixEnd: Math.max(bareStart, payloadStart),
      payloadStart,
      payloadEnd,
    };
  }
}
