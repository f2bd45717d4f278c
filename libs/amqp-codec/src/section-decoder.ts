import type { Buffer } from 'node:buffer';
import { AmqpReader } from './amqp-reader.js';
import type { AmqpAnnotations, AmqpScalar, AmqpValue } from './amqp-value.js';
import { readKeyedMap, readKnownComposite } from './composite-decoder.js';
import { type CompositePlace, compositePlaces } from './composite-rows.js';
import type { AmqpComposite } from './composite-table.js';
import { type AmqpMessageSections, type AmqpSection, readSectionCode } from './message-sections.js';
import { readBinary, readScalar, readString, readSymbol, readUlong } from './scalar-decoder.js';
import { TypeCode } from './type-code.js';
import { expectEnd, readValue } from './value-decoder.js';

// Single sections on demand; each function gives undefined where the message has no such section, and throws
// AmqpDecodeError of fault `message` where it holds what it may not.

export function decodeHeader({ message, header }: AmqpMessageSections): AmqpComposite<'header'> | undefined {
  return decodeList(message, header, compositePlaces.header) as AmqpComposite<'header'> | undefined;
}

export function decodeProperties(sections: AmqpMessageSections): AmqpComposite<'properties'> | undefined {
  const { message, properties } = sections;
  return decodeList(message, properties, compositePlaces.properties) as
    | AmqpComposite<'properties'>
    | undefined;
}

export function decodeDeliveryAnnotations(sections: AmqpMessageSections): AmqpAnnotations | undefined {
  return decodeMap(sections.message, sections.deliveryAnnotations, readAnnotationKey, readValue);
}

export function decodeMessageAnnotations(sections: AmqpMessageSections): AmqpAnnotations | undefined {
  return decodeMap(sections.message, sections.messageAnnotations, readAnnotationKey, readValue);
}

export function decodeFooter(sections: AmqpMessageSections): AmqpAnnotations | undefined {
  return decodeMap(sections.message, sections.footer, readAnnotationKey, readValue);
}

/** Names are strings, values are neither lists, maps, arrays nor described (AMQP 3.2.5). */
export function decodeApplicationProperties(
  sections: AmqpMessageSections,
): ReadonlyMap<string, AmqpScalar> | undefined {
  const read = (reader: AmqpReader) => readScalar(reader, reader.readUint8());
  const { message, applicationProperties } = sections;
  return decodeMap(message, applicationProperties, readString, read) as
    | ReadonlyMap<string, AmqpScalar>
    | undefined;
}

export type AmqpBody =
  /** Views, to be joined in this order. */
  | { readonly kind: 'data'; readonly parts: readonly Buffer[] }
  | { readonly kind: 'sequence'; readonly lists: readonly (readonly AmqpValue[])[] }
  | { readonly kind: 'value'; readonly value: AmqpValue }
  | { readonly kind: 'none' };

/** What every section of the body holds. */
export function decodeBody({ message, bodyKind, body }: AmqpMessageSections): AmqpBody {
  if (body === undefined || bodyKind === 'none') return { kind: 'none' };
  const reader = new AmqpReader('message');
  reader.reset(message, body.start, body.end);
  const parts: Buffer[] = [];
  const lists: (readonly AmqpValue[])[] = [];
  while (reader.offset < reader.end) {
    readSectionCode(reader);
    if (bodyKind === 'data') {
      parts.push(readBinary(reader, reader.readUint8()));
      continue;
    }
    const value = readValue(reader);
    if (bodyKind === 'value') return { kind: 'value', value };
    if (value.type === 'list') lists.push(value.value);
  }
  return bodyKind === 'data' ? { kind: 'data', parts } : { kind: 'sequence', lists };
}

function decodeList(
  message: Buffer,
  section: AmqpSection | undefined,
  place: CompositePlace,
): { readonly type: string } | undefined {
  if (section === undefined) return undefined;
  const reader = new AmqpReader('message');
  reader.reset(message, section.start, section.end);
  const composite = readKnownComposite(reader, place);
  expectEnd(reader);
  return composite;
}

function decodeMap<Key>(
  message: Buffer,
  section: AmqpSection | undefined,
  readKey: (reader: AmqpReader, code: number) => Key,
  readEntry: (reader: AmqpReader) => AmqpValue,
): ReadonlyMap<Key, AmqpValue> | undefined {
  if (section === undefined) return undefined;
  const reader = new AmqpReader('message');
  reader.reset(message, section.valueAt, section.end);
  const entries = readKeyedMap(reader, reader.readUint8(), readKey, readEntry);
  expectEnd(reader);
  return entries;
}

/** A symbol, or a ulong, which is reserved (AMQP 3.2.10). */
function readAnnotationKey(reader: AmqpReader, code: number): string | bigint {
  if (code === TypeCode.SYMBOL8 || code === TypeCode.SYMBOL32) return readSymbol(reader, code);
  return readUlong(reader, code);
}
