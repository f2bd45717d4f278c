import type { Buffer } from 'node:buffer';
import {
  type AmqpAnnotations,
  AmqpErrorCondition,
  type AmqpMessageSections,
  type AmqpSection,
  type AmqpValue,
  decodeMessageAnnotations,
  encodeMessageAnnotations,
} from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import { Annotation } from './message-properties.js';
import { scalarText } from './typed-text.js';

/** What a client's message annotations are to the hub. */
export interface SaidAnnotations {
  readonly key: string | Buffer | undefined;
  /** Milliseconds since 1970; undefined: at once. */
  readonly deliverAtMs: number | undefined;
  /** The map of those that travel, with its constructor, in `bytes[start, end)`; undefined: there is none. */
  readonly stored: { readonly bytes: Buffer; readonly start: number; readonly end: number } | undefined;
}

export const noAnnotations: SaidAnnotations = { key: undefined, deliverAtMs: undefined, stored: undefined };

/** Those that who reads is told by the gateway: what a client says of them would be said twice. */
const setByGateway: ReadonlySet<string | bigint> = new Set([
  Annotation.partitionKey,
  Annotation.sequenceNumber,
  Annotation.enqueuedTime,
  Annotation.mqttTopic,
  Annotation.mqttResponseTopic,
]);
/** Bytes of descriptor and its constructor before the map of a section that is encoded here. */
const ownHeadBytes = 3;

export function saidAnnotations(sections: AmqpMessageSections, nowMs: number): SaidAnnotations {
  const said = decodeMessageAnnotations(sections);
  if (said === undefined || said.size === 0) return noAnnotations;
  return {
    key: keyOf(said.get(Annotation.partitionKey)),
    deliverAtMs: deliverAt(said, nowMs),
    stored: storedOf(said, sections),
  };
}

function storedOf(said: AmqpAnnotations, sections: AmqpMessageSections): SaidAnnotations['stored'] {
  let isClean = true;
  for (const name of said.keys()) isClean &&= !setByGateway.has(name);
  if (isClean) {
    const { valueAt, end } = sections.messageAnnotations as AmqpSection;
    return { bytes: sections.message, start: valueAt, end };
  }
  const kept = new Map([...said].filter(([name]) => !setByGateway.has(name)));
  if (kept.size === 0) return undefined;
  const bytes = encodeMessageAnnotations(kept);
  return { bytes, start: ownHeadBytes, end: bytes.length };
}

function keyOf(value: AmqpValue | undefined): string | Buffer | undefined {
  if (value === undefined) return undefined;
  switch (value.type) {
    case 'null':
      return undefined;
    case 'binary':
      return value.value;
    case 'list':
    case 'map':
    case 'array':
    case 'described':
      throw new AmqpError(AmqpErrorCondition.INVALID_FIELD, `${Annotation.partitionKey} is a ${value.type}`);
    default:
      return scalarText(value);
  }
}

/** Undefined where the time has come already. */
function deliverAt(said: AmqpAnnotations, nowMs: number): number | undefined {
  const time = integer(said, Annotation.deliveryTime) ?? integer(said, Annotation.scheduledEnqueueTime);
  const delay = integer(said, Annotation.deliveryDelay);
  const atMs = time ?? (delay === undefined ? 0 : nowMs + delay);
  return atMs > nowMs ? atMs : undefined;
}

function integer(said: AmqpAnnotations, name: string): number | undefined {
  const value = said.get(name);
  if (value === undefined || value.type === 'null') return undefined;
  const number = 'value' in value ? value.value : undefined;
  const isInteger = typeof number === 'bigint' || Number.isInteger(number);
  if (!isInteger || value.type === 'char' || Number(number) > latestMs || Number(number) < 0) {
    throw new AmqpError(AmqpErrorCondition.INVALID_FIELD, `${name} is no time of milliseconds`);
  }
  return Number(number);
}

/** Later than any time that clocks and languages agree on. */
const latestMs = 8.64e15;
