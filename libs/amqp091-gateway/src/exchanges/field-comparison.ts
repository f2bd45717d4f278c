import { Buffer } from 'node:buffer';
import type { FieldTable, FieldValue } from '#libs/amqp091-codec';

/** RabbitMQ's names of the types, which its refusals show. */
export const fieldTypeNames: Readonly<Record<FieldValue['tag'], string>> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  L: 'long',
  f: 'float',
  d: 'double',
  T: 'timestamp',
  D: 'decimal',
  S: 'longstr',
  x: 'binary',
  F: 'table',
  A: 'array',
  V: 'void',
};

/**
 * The same text for what RabbitMQ holds for equal: whole numbers of all sizes are one class, the two of floating point
 * another, everything else is compared within its type. Tables in the order of their names.
 */
export function comparable(field: FieldValue): string {
  switch (field.tag) {
    case 't':
      return field.value ? 'true' : 'false';
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'l':
    case 'L':
      return `i${field.value}`;
    case 'f':
    case 'd':
      // In Erlang as here, minus zero is equal to zero.
      return `f${field.value === 0 ? 0 : field.value}`;
    case 'T':
      return `T${field.value}`;
    case 'D':
      return `D${field.scale}.${field.value}`;
    case 'S':
    case 'x':
      return `${field.tag}${bytesText(field.value)}`;
    case 'F':
      return `F${JSON.stringify(sorted(field.value).map(([name, value]) => [name, comparable(value)]))}`;
    case 'A':
      return `A${JSON.stringify(field.value.map(comparable))}`;
    case 'V':
      return 'V';
  }
}

/** By name; of repeated names all, in their order. */
export function sorted(table: FieldTable): FieldTable {
  return [...table].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Each byte a character: what is no UTF-8 is compared too. */
function bytesText({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
