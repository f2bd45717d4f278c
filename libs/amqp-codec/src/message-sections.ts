import type { Buffer } from 'node:buffer';
import type { AmqpDecodeError } from './amqp-codec.errors.js';
import { AmqpReader } from './amqp-reader.js';
import { readDescriptor } from './composite-decoder.js';
import { TypeCode } from './type-code.js';
import { wrongType } from './scalar-decoder.js';

/** Where a section is in its message: from its descriptor on, and the described value in it. */
export interface AmqpSection {
  readonly start: number;
  readonly valueAt: number;
  readonly end: number;
}

/**
 * The sections of a message, found but not decoded (AMQP 3.2). The bare message, which no intermediary may change, is the
 * bytes from `bareStart` to `bareEnd`: properties, application properties and body.
 */
export interface AmqpMessageSections {
  readonly message: Buffer;
  readonly header: AmqpSection | undefined;
  readonly deliveryAnnotations: AmqpSection | undefined;
  readonly messageAnnotations: AmqpSection | undefined;
  readonly properties: AmqpSection | undefined;
  readonly applicationProperties: AmqpSection | undefined;
  /** `none`: against the specification, but some clients send messages without a body, and there is nothing to guess. */
  readonly bodyKind: AmqpBodyKind;
  /** All sections of the body, one behind the other. */
  readonly body: AmqpSection | undefined;
  readonly footer: AmqpSection | undefined;
  readonly bareStart: number;
  readonly bareEnd: number;
}

export type AmqpBodyKind = 'data' | 'sequence' | 'value' | 'none';

type SectionName = Exclude<keyof AmqpMessageSections, 'message' | 'bodyKind' | 'bareStart' | 'bareEnd'>;

interface SectionRule {
  readonly name: SectionName;
  readonly symbol: string;
  /** What its value must be; the encodings of one category differ in width only. */
  readonly holds: 'list' | 'map' | 'binary' | 'anything';
  readonly bodyKind?: AmqpBodyKind;
}

const FIRST_CODE = 0x70;
/** By code, from 0x70 on, which is also their order in a message. */
const sectionRules: readonly SectionRule[] = [
  { name: 'header', symbol: 'amqp:header:list', holds: 'list' },
  { name: 'deliveryAnnotations', symbol: 'amqp:delivery-annotations:map', holds: 'map' },
  { name: 'messageAnnotations', symbol: 'amqp:message-annotations:map', holds: 'map' },
  { name: 'properties', symbol: 'amqp:properties:list', holds: 'list' },
  { name: 'applicationProperties', symbol: 'amqp:application-properties:map', holds: 'map' },
  { name: 'body', symbol: 'amqp:data:binary', holds: 'binary', bodyKind: 'data' },
  { name: 'body', symbol: 'amqp:amqp-sequence:list', holds: 'list', bodyKind: 'sequence' },
  { name: 'body', symbol: 'amqp:amqp-value:*', holds: 'anything', bodyKind: 'value' },
  { name: 'footer', symbol: 'amqp:footer:map', holds: 'map' },
];
const codesBySymbol = new Map(sectionRules.map(({ symbol }, index) => [symbol, FIRST_CODE + index]));
const codesHeld: Readonly<Record<SectionRule['holds'], readonly number[] | undefined>> = {
  list: [TypeCode.LIST8, TypeCode.LIST32, TypeCode.LIST0],
  map: [TypeCode.MAP8, TypeCode.MAP32],
  binary: [TypeCode.BINARY8, TypeCode.BINARY32],
  anything: undefined,
};

/**
 * Finds the sections of a whole message. Only their borders, order and kinds are checked, so the cost does not depend on
 * what they hold.
 *
 * @param message the payloads of one delivery's transfers, joined
 * @throws AmqpDecodeError of fault `message`
 */
export function findSections(message: Buffer): AmqpMessageSections {
  const reader = new AmqpReader('message');
  reader.reset(message, 0, message.length);
  const found: Partial<Record<SectionName, AmqpSection>> = {};
  let bodyKind: AmqpBodyKind = 'none';
  let bareStart = 0;
  let last = 0;
  while (reader.offset < reader.end) {
    const start = reader.offset;
    const code = readSectionCode(reader);
    const rule = sectionRules[code - FIRST_CODE]!;
    if (rule.bodyKind === undefined) {
      if (code <= last) throw misplaced(reader, rule);
    } else {
      // Data and sequences may be many; bodies of different kinds may not meet (AMQP 3.2).
      if (last > code || (last === code && rule.bodyKind === 'value')) throw misplaced(reader, rule);
      if (bodyKind !== 'none' && bodyKind !== rule.bodyKind) throw misplaced(reader, rule);
      bodyKind = rule.bodyKind;
    }
    last = code;
    const valueAt = reader.offset;
    const valueCode = reader.skipValue();
    const codes = codesHeld[rule.holds];
    if (codes !== undefined && (message[valueAt] !== valueCode || !codes.includes(valueCode))) {
      throw wrongType(reader, message[valueAt]!, rule.holds);
    }
    const { offset } = reader;
    const former = found[rule.name];
    found[rule.name] = former ? { ...former, end: offset } : { start, valueAt, end: offset };
    if (code < FIRST_CODE + 3) bareStart = offset;
  }
  const { header, deliveryAnnotations, messageAnnotations, properties, applicationProperties, body, footer } =
    found;
  return {
    ...{ message, header, deliveryAnnotations, messageAnnotations, properties, applicationProperties },
    ...{ bodyKind, body, footer, bareStart, bareEnd: footer?.start ?? message.length },
  };
}

/** A view of the bytes that travel unchanged. */
export function bareMessage({ message, bareStart, bareEnd }: AmqpMessageSections): Buffer {
  return message.subarray(bareStart, bareEnd);
}

/** Reads up to the section's value. */
export function readSectionCode(reader: AmqpReader): number {
  const first = reader.readUint8();
  if (first !== TypeCode.DESCRIBED) throw wrongType(reader, first, 'a section');
  const descriptor = readDescriptor(reader);
  const code = typeof descriptor === 'string' ? codesBySymbol.get(descriptor) : Number(descriptor);
  if (code === undefined || sectionRules[code - FIRST_CODE] === undefined) {
    throw reader.decodeError('AMQP 3.2', 'unknown section');
  }
  return code;
}

function misplaced(reader: AmqpReader, { symbol }: SectionRule): AmqpDecodeError {
  return reader.decodeError('AMQP 3.2', `${symbol} behind a section that it may not follow`);
}
