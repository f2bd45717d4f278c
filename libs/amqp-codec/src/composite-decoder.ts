import type { Buffer } from 'node:buffer';
import { AmqpReader } from './amqp-reader.js';
import type { AmqpDescribed, AmqpFields, AmqpMessageId, AmqpValue } from './amqp-value.js';
import {
  type CompositePlace,
  type CompositeRow,
  compositePlaces,
  rowsByCode,
  rowsBySymbol,
} from './composite-rows.js';
import type { AmqpComposite, AmqpCompositeName, AmqpFieldType, AmqpFieldValues } from './composite-table.js';
import {
  readBinary,
  readBoolean,
  readScalar,
  readString,
  readSymbol,
  readTimestamp,
  readUbyte,
  readUint,
  readUlong,
  readUshort,
  wrongType,
} from './scalar-decoder.js';
import { TypeCode } from './type-code.js';
import { expectEnd, openMap, readValue } from './value-decoder.js';

type AnyComposite = AmqpComposite<AmqpCompositeName>;

/**
 * The described value as the composite type that its descriptor names, or undefined where it names none: lifetime policies
 * in `dynamic-node-properties`, and `declare` and `discharge` in a coordinator's messages.
 */
export function decodeComposite(described: AmqpDescribed): AnyComposite | undefined {
  const { descriptor, encoded } = described;
  const row =
    descriptor.type === 'symbol'
      ? rowsBySymbol.get(descriptor.value)
      : descriptor.type === 'ulong'
        ? rowsByCode.get(Number(descriptor.value))
        : undefined;
  if (row === undefined) return undefined;
  const reader = new AmqpReader('message');
  reader.reset(encoded, 0, encoded.length);
  const composite = readFields(reader, row);
  expectEnd(reader);
  return composite;
}

/** Reads the descriptor of a described value whose constructor was read: a ulong or a symbol of the specification's. */
export function readDescriptor(reader: AmqpReader): bigint | number | string | undefined {
  const code = reader.readUint8();
  switch (code) {
    case TypeCode.SMALLULONG:
      return reader.readUint8();
    case TypeCode.ULONG0:
    case TypeCode.ULONG:
      return readUlong(reader, code);
    case TypeCode.SYMBOL8:
    case TypeCode.SYMBOL32:
      return readSymbol(reader, code);
    default:
      throw reader.decodeError('AMQP 1.2', 'descriptor that is neither a ulong nor a symbol');
  }
}

/** The composite that the described value at hand is; undefined where its descriptor is unknown: nothing is read then. */
export function readKnownComposite(reader: AmqpReader, place: CompositePlace): AnyComposite | undefined {
  const at = reader.offset;
  const code = reader.readUint8();
  if (code !== TypeCode.DESCRIBED) throw wrongType(reader, code, 'a described value');
  const descriptor = readDescriptor(reader);
  const row =
    typeof descriptor === 'string' ? rowsBySymbol.get(descriptor) : rowsByCode.get(Number(descriptor));
  if (row === undefined) {
    reader.offset = at;
    return undefined;
  }
  if (!place.has(row.name)) throw reader.decodeError('AMQP 1.3', `${row.name} where it may not be`);
  return readFields(reader, row);
}

/** The list behind a descriptor. Fields at its end may be left out (AMQP 1.4). */
function readFields(reader: AmqpReader, row: CompositeRow): AnyComposite {
  const code = reader.readUint8();
  if (code !== TypeCode.LIST8 && code !== TypeCode.LIST32 && code !== TypeCode.LIST0) {
    throw wrongType(reader, code, 'a list');
  }
  const outerEnd = reader.end;
  const count = reader.openCompound(code);
  const { fields } = row;
  if (count > fields.length) {
    throw reader.decodeError('AMQP 1.4', `${count} fields in ${row.name}, which has ${fields.length}`);
  }
  const composite: Record<string, unknown> = { type: row.name };
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    let value: unknown;
    if (i < count) value = readField(reader, field.type);
    if (value === undefined && field.need !== 'optional') {
      if (field.need === 'required') {
        throw reader.error('amqp:invalid-field', 'AMQP 1.4', `${row.name} without ${field.name}`);
      }
      value = field.byDefault;
    }
    composite[field.name] = value;
  }
  reader.closeCompound(outerEnd);
  return composite as unknown as AnyComposite;
}

/** Undefined for null. */
function readField(reader: AmqpReader, type: AmqpFieldType): AmqpFieldValues[AmqpFieldType] | undefined {
  const code = reader.readUint8();
  if (code === TypeCode.NULL) return undefined;
  switch (type) {
    case 'uint':
      return readUint(reader, code);
    case 'boolean':
      return readBoolean(reader, code);
    case 'binary':
      return readBinary(reader, code);
    case 'string':
      return readString(reader, code);
    case 'symbol':
      return readSymbol(reader, code);
    case 'ubyte':
      return readUbyte(reader, code);
    case 'ushort':
      return readUshort(reader, code);
    case 'ulong':
      return readUlong(reader, code);
    case 'timestamp':
      return readTimestamp(reader, code);
    case 'symbols':
      return readSymbols(reader, code);
    case 'fields':
      return readSymbolMap(reader, code);
    case 'message-id':
      return readMessageId(reader, code);
    case 'unsettled':
      return readUnsettled(reader, code);
    default:
      reader.offset--;
      return type === 'any' ? readValue(reader) : readCompositeField(reader, type);
  }
}

function readCompositeField(
  reader: AmqpReader,
  type: 'error' | 'source' | 'target' | 'outcome' | 'delivery-state',
): AmqpFieldValues[typeof type] {
  const known = readKnownComposite(reader, compositePlaces[type]);
  if (known !== undefined) return known as AmqpFieldValues[typeof type];
  if (type === 'error')
    throw reader.decodeError('AMQP 2.8.14', 'unknown descriptor where an error is wanted');
  // Other outcomes, states and kinds of terminus may exist (AMQP 3.4); whether it can serve them is the gateway's to say.
  return readValue(reader) as AmqpDescribed;
}

/** `multiple` fields hold one value or an array of them (AMQP 1.4). */
function readSymbols(reader: AmqpReader, code: number): string[] {
  if (code !== TypeCode.ARRAY8 && code !== TypeCode.ARRAY32) return [readSymbol(reader, code)];
  const outerEnd = reader.end;
  const count = reader.openCompound(code);
  const elementCode = reader.readUint8();
  const symbols: string[] = [];
  // Also an empty array has a constructor, which says nothing then.
  for (let i = 0; i < count; i++) symbols.push(readSymbol(reader, elementCode));
  reader.closeCompound(outerEnd);
  return symbols;
}

/** `fields`, `filter-set`: a map whose keys are symbols (AMQP 2.8.13). */
export function readSymbolMap(reader: AmqpReader, code: number): AmqpFields {
  return readKeyedMap(reader, code, readSymbol);
}

/** A map of unlike keys of one kind; null is not among them. */
export function readKeyedMap<Key>(
  reader: AmqpReader,
  code: number,
  readKey: (reader: AmqpReader, code: number) => Key,
  readEntry: (reader: AmqpReader) => AmqpValue = readValue,
): ReadonlyMap<Key, AmqpValue> {
  const outerEnd = reader.end;
  const pairs = openMap(reader, code);
  const entries = new Map<Key, AmqpValue>();
  for (let i = 0; i < pairs; i++) {
    const key = readKey(reader, reader.readUint8());
    entries.set(key, readEntry(reader));
    if (entries.size <= i) throw reader.decodeError('AMQP 1.6.23', 'two equal keys in a map');
  }
  reader.closeCompound(outerEnd);
  return entries;
}

function readMessageId(reader: AmqpReader, code: number): AmqpMessageId {
  const id = readScalar(reader, code);
  if (id.type !== 'ulong' && id.type !== 'uuid' && id.type !== 'binary' && id.type !== 'string') {
    throw reader.decodeError('AMQP 3.2.4', `message id of type ${id.type}`);
  }
  return id as AmqpMessageId;
}

function readUnsettled(reader: AmqpReader, code: number): AmqpFieldValues['unsettled'] {
  const outerEnd = reader.end;
  const pairs = openMap(reader, code);
  const entries: [Buffer, AmqpFieldValues['delivery-state'] | undefined][] = [];
  const tags = new Set<string>();
  for (let i = 0; i < pairs; i++) {
    const tag = readBinary(reader, reader.readUint8());
    if (tags.add(tag.toString('latin1')).size <= i) {
      throw reader.decodeError('AMQP 1.6.23', 'two equal delivery tags');
    }
    entries.push([tag, readField(reader, 'delivery-state') as AmqpFieldValues['delivery-state'] | undefined]);
  }
  reader.closeCompound(outerEnd);
  return entries;
}
