import type { Buffer } from 'node:buffer';
import {
  Amqp091Error,
  type BasicProperties,
  decodeBasicProperties,
  decodeFieldTable,
  encodeBasicProperties,
  encodeFieldTable,
  fieldOf,
  fieldText,
  type FieldTable,
  type FieldValue,
  type RawBasicProperties,
} from '#libs/amqp091-codec';
import { fieldTypeNames } from '../exchanges/field-comparison.js';

/** The properties of a message that is published, decoded as far as routing and the hub need them. */
export interface PublishedProperties {
  /** As they are stored: what came, without BCC. A view where it came so. */
  readonly raw: RawBasicProperties;
  readonly basic: BasicProperties;
  readonly headers: FieldTable;
  /** Routing keys beside that of basic.publish: CC, then BCC ("Sender-selected Distribution"). */
  readonly routes: readonly string[];
  /** Milliseconds from its arrival in a queue to its end (`expiration`). */
  readonly expirationMs: number | undefined;
  /** Milliseconds that exchanges of the type `x-delayed-message` keep it (`x-delay`). */
  readonly delayMs: number | undefined;
}

const noHeaders: FieldTable = [];
const noRoutes: readonly string[] = [];
/** RabbitMQ's largest expiration. */
const expirationMsMax = 0xffff_ffff;
/** Of text that came and is repeated in a reply. */
const shownCharsMax = 64;

/**
 * @throws Amqp091Error `syntax-error`; `precondition-failed` where expiration, CC or BCC are not what they must be, with
 *   RabbitMQ's texts
 */
export function decodePublished(raw: RawBasicProperties): PublishedProperties {
  const basic = decodeBasicProperties(raw);
  const expirationMs = basic.expiration === undefined ? undefined : expirationOf(basic.expiration);
  if (basic.headers === undefined) {
    return { raw, basic, headers: noHeaders, routes: noRoutes, expirationMs, delayMs: undefined };
  }
  const headers = decodeFieldTable(basic.headers);
  const routes = [...routesOf(headers, 'CC'), ...routesOf(headers, 'BCC')];
  const decoded = { raw, basic, headers, routes, expirationMs, delayMs: delayOf(headers) };
  if (fieldOf(headers, 'BCC') === undefined) return decoded;
  // Who receives it is not told of whom else it was for.
  return {
    ...decoded,
    ...withHeaders(
      basic,
      headers.filter(([name]) => name !== 'BCC'),
    ),
  };
}

/** Of what the gateway publishes again: it does not expire. `routes`: routing keys beside its own. */
export function propertiesOf(
  basic: BasicProperties,
  headers: FieldTable,
  routes: readonly string[],
): PublishedProperties {
  return { ...withHeaders(basic, headers), routes, expirationMs: undefined, delayMs: delayOf(headers) };
}

/** The same properties with other headers, or with none. */
export function withHeaders(
  { headers: _, ...basic }: BasicProperties,
  headers: FieldTable,
): Pick<PublishedProperties, 'raw' | 'basic' | 'headers'> {
  const changed = headers.length === 0 ? basic : { ...basic, headers: encodeFieldTable(headers) };
  return { raw: encodeBasicProperties(changed), basic: changed, headers };
}

/** What comes out of a delaying exchange: its `x-delay` is negative from then on, and does not count again. */
export function afterDelay(properties: PublishedProperties): PublishedProperties {
  if (properties.delayMs === undefined) return properties;
  const headers = properties.headers.map(
    ([name, value]) => [name, name === 'x-delay' ? negated(value) : value] as const,
  );
  return { ...properties, ...withHeaders(properties.basic, headers), delayMs: undefined };
}

function negated(field: FieldValue): FieldValue {
  switch (field.tag) {
    case 'l':
    case 'L':
      return { tag: field.tag, value: -field.value };
    case 'b':
    case 's':
    case 'I':
    case 'f':
    case 'd':
      return { tag: field.tag, value: -field.value };
    // These hold nothing negative.
    case 'B':
    case 'u':
    case 'i':
      return { tag: 'l', value: -BigInt(field.value) };
    default:
      return field;
  }
}

function delayOf(headers: FieldTable): number | undefined {
  const field = fieldOf(headers, 'x-delay');
  if (field === undefined) return undefined;
  const delayMs = Math.trunc(delayNumber(field));
  return delayMs > 0 && Number.isSafeInteger(Date.now() + delayMs) ? delayMs : undefined;
}

function delayNumber(field: FieldValue): number {
  switch (field.tag) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'f':
    case 'd':
    case 'l':
    case 'L':
      return Number(field.value);
    default:
      return Number.NaN;
  }
}

/** RabbitMQ's `rabbit_basic:parse_expiration`. */
function expirationOf(value: string | Buffer): number {
  const text = value.toString();
  const digits = /^[+-]?\d+/.exec(text)?.[0];
  if (digits === undefined) throw invalidExpiration(text, 'no_integer');
  if (digits.length < text.length) {
    throw invalidExpiration(text, `{leftover_string,"${shown(text.slice(digits.length))}"}`);
  }
  const expirationMs = Number(digits);
  if (expirationMs < 0) throw invalidExpiration(text, `{value_negative,${shown(digits)}}`);
  if (expirationMs > expirationMsMax) throw invalidExpiration(text, `{value_too_big,${shown(digits)}}`);
  return Math.abs(expirationMs);
}

function invalidExpiration(text: string, why: string): Amqp091Error {
  return new Amqp091Error('precondition-failed', `invalid expiration '${shown(text)}': ${why}`);
}

function shown(text: string): string {
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax).toWellFormed()}...`;
}

/** RabbitMQ's `rabbit_basic:header_routes`: the long strings of an array. */
function routesOf(headers: FieldTable, name: string): readonly string[] {
  const field = fieldOf(headers, name);
  if (field === undefined) return noRoutes;
  if (field.tag !== 'A') {
    throw new Amqp091Error(
      'precondition-failed',
      `invalid message: {unacceptable_type_in_header,"${name}",${fieldTypeNames[field.tag]}}`,
    );
  }
  return field.value.filter(({ tag }) => tag === 'S').map((route) => fieldText(route) as string);
}
