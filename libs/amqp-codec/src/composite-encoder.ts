import { AmqpEncodeError } from './amqp-codec.errors.js';
import { AmqpWriter, checkInteger } from './amqp-writer.js';
import type { AmqpDescribed, AmqpValue } from './amqp-value.js';
import { compositeRows } from './composite-rows.js';
import type {
  AmqpCompositeInput,
  AmqpCompositeName,
  AmqpFieldType,
  AmqpFieldValues,
} from './composite-table.js';
import { TypeCode } from './type-code.js';
import { writeUlong, writeValue } from './value-encoder.js';

type AnyInput = AmqpCompositeInput<AmqpCompositeName>;

/** A composite as a described value, for where any value may be: lifetime policies, a coordinator's messages. */
export function describedComposite(composite: AnyInput): AmqpDescribed {
  const writer = new AmqpWriter();
  writeFields(writer, composite);
  const descriptor = { type: 'ulong', value: BigInt(compositeRows[composite.type].code) } as const;
  return { type: 'described', descriptor, encoded: writer.finish() };
}

/** With its descriptor, which is the code and never the symbol. */
export function writeComposite(writer: AmqpWriter, composite: AnyInput): void {
  writer.writeUint8(TypeCode.DESCRIBED);
  writer.writeUint8(TypeCode.SMALLULONG);
  writer.writeUint8(compositeRows[composite.type].code);
  writeFields(writer, composite);
}

/** Nulls at the end are left out, and defaults are written as null (AMQP 1.4). */
function writeFields(writer: AmqpWriter, composite: AnyInput): void {
  const { fields, name } = compositeRows[composite.type];
  const values = composite as unknown as Readonly<Record<string, unknown>>;
  const mark = writer.startCompound();
  let count = 0;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    const value = values[field.name];
    if (value === undefined && field.need === 'required') {
      throw new AmqpEncodeError('invalid-value', `${name} without ${field.name}`);
    }
    if (value === undefined || value === field.byDefault) continue;
    for (; count < i; count++) writer.writeNull();
    writeField(writer, field.type, value);
    count++;
  }
  writer.endCompound(mark, TypeCode.LIST8, count);
}

function writeField(writer: AmqpWriter, type: AmqpFieldType, value: unknown): void {
  switch (type) {
    case 'uint':
      writer.writeUint(value as number);
      return;
    case 'boolean':
      writer.writeBoolean(value as boolean);
      return;
    case 'binary':
      writer.writeBinary(value as Buffer);
      return;
    case 'string':
      writer.writeString(value as string);
      return;
    case 'symbol':
      writer.writeSymbol(value as string);
      return;
    case 'ubyte':
      writer.writeUint8(TypeCode.UBYTE);
      writer.writeUint8(checkInteger(value as number, 0, 0xff, 'ubyte'));
      return;
    case 'ushort':
      writer.writeUint8(TypeCode.USHORT);
      writer.writeUint16(checkInteger(value as number, 0, 0xffff, 'ushort'));
      return;
    case 'ulong':
      writeUlong(writer, value as bigint);
      return;
    case 'timestamp':
      writeValue(writer, { type, value: value as bigint });
      return;
    case 'symbols':
      writeSymbols(writer, value as readonly string[]);
      return;
    case 'fields':
      writeKeyedMap(writer, value as ReadonlyMap<string, AmqpValue>, (key) => writer.writeSymbol(key));
      return;
    case 'any':
    case 'message-id':
      writeValue(writer, value as AmqpValue);
      return;
    case 'unsettled':
      writeUnsettled(writer, value as AmqpFieldValues['unsettled']);
      return;
    case 'error':
    case 'source':
    case 'target':
    case 'outcome':
    case 'delivery-state':
      writeState(writer, value as AnyInput | AmqpDescribed);
      return;
  }
}

function writeState(writer: AmqpWriter, value: AnyInput | AmqpDescribed): void {
  if (value.type === 'described') writeValue(writer, value);
  else writeComposite(writer, value);
}

/** Always an array: not every peer takes a single symbol for one. */
function writeSymbols(writer: AmqpWriter, symbols: readonly string[]): void {
  writeValue(writer, {
    type: 'array',
    of: 'symbol',
    value: symbols.map((value) => ({ type: 'symbol', value }) as const),
  });
}

export function writeKeyedMap<Key>(
  writer: AmqpWriter,
  entries: ReadonlyMap<Key, AmqpValue>,
  writeKey: (key: Key) => void,
): void {
  const mark = writer.startCompound();
  for (const [key, value] of entries) {
    writeKey(key);
    writeValue(writer, value);
  }
  writer.endCompound(mark, TypeCode.MAP8, 2 * entries.size);
}

function writeUnsettled(writer: AmqpWriter, entries: AmqpFieldValues['unsettled']): void {
  const mark = writer.startCompound();
  for (const [tag, state] of entries) {
    writer.writeBinary(tag);
    if (state === undefined) writer.writeNull();
    else writeState(writer, state);
  }
  writer.endCompound(mark, TypeCode.MAP8, 2 * entries.length);
}
