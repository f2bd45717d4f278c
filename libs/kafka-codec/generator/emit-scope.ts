// What the emitters of decoders, encoders and types share: version conditions and types as TypeScript text.
import {
  type Field,
  type FieldType,
  includes,
  intersect,
  isNone,
  type Message,
  type Primitive,
  type Struct,
  structOf,
  type Versions,
} from './message-definition.js';

export type Condition = 'true' | 'false' | (string & {});

/** `version` lies in `range`, as an expression, where it is known to lie in `known`. */
export function condition(range: Versions, known: Versions): Condition {
  const both = intersect(range, known);
  if (isNone(both)) return 'false';
  const parts: string[] = [];
  if (both.min > known.min) parts.push(`version >= ${both.min}`);
  if (both.max < known.max) parts.push(`version <= ${both.max}`);
  return parts.length === 0 ? 'true' : parts.join(' && ');
}

/** The flexible versions have one name in generated code, so that the condition reads as what it means. */
export function flexibleCondition(message: Message, known: Versions): Condition {
  const plain = condition(message.flexible, known);
  return plain === 'true' || plain === 'false' ? plain : 'flexible';
}

export function ternary(test: Condition, yes: string, no: string): string {
  if (test === 'true' || yes === no) return yes;
  return test === 'false' ? no : `${test} ? ${yes} : ${no}`;
}

/** The declaration of `flexible`, where the body uses it. */
export function flexibleDeclaration(message: Message, body: readonly string[]): string[] {
  return body.some((line) => /\bflexible\b/.test(line))
    ? [`  const flexible = version >= ${message.flexible.min};`]
    : [];
}

/** A parameter's name, with the underscore that says it is not used in `body`. */
export function parameter(name: string, body: readonly string[]): string {
  const used = new RegExp(`\\b${name}\\b`);
  return body.some((line) => used.test(line)) ? name : `_${name}`;
}

/** Lines inside `if (test) { }`, or bare where the test is constant. */
export function guarded(test: Condition, lines: readonly string[], indent: string): string[] {
  if (test === 'false' || lines.length === 0) return [];
  if (test === 'true') return lines.map((line) => indent + line);
  return [`${indent}if (${test}) {`, ...lines.map((line) => `${indent}  ${line}`), `${indent}}`];
}

const PRIMITIVE_TYPES: Record<Primitive, string> = {
  bool: 'boolean',
  int8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  int64: 'bigint',
  float64: 'number',
  uuid: 'Buffer',
  string: 'string',
  bytes: 'Buffer',
  records: 'Buffer',
};

export function typeText(type: FieldType): string {
  if (type.kind === 'array') return `${typeText(type.element)}[]`;
  return type.kind === 'struct' ? type.struct : PRIMITIVE_TYPES[type.kind];
}

export function isNullable(field: Field): boolean {
  return !isNone(field.nullable) || field.type.kind === 'records';
}

export function fieldTypeText(field: Field): string {
  return typeText(field.type) + (isNullable(field) ? ' | null' : '');
}

/** The default as an expression; structs have a function for it. */
export function defaultText(field: Field): string {
  return field.defaultLiteral ?? `default${structOf(field.type)}()`;
}

const READ_WRITE: Record<Primitive, string> = {
  bool: 'Boolean',
  int8: 'Int8',
  int16: 'Int16',
  uint16: 'Uint16',
  int32: 'Int32',
  int64: 'Int64',
  float64: 'Float64',
  uuid: 'Uuid',
  string: 'String',
  bytes: 'Bytes',
  records: 'Bytes',
};

/** The name of the reader's or writer's method. Records are read as bytes, and may be written in several pieces. */
export function method(
  direction: 'read' | 'write',
  kind: Primitive,
  compact: boolean,
  nullable: boolean,
): string {
  const sized = kind === 'string' || kind === 'bytes' || kind === 'records';
  const type = direction === 'write' && kind === 'records' ? 'Records' : READ_WRITE[kind];
  return `${direction}${sized && compact ? 'Compact' : ''}${sized && nullable ? 'Nullable' : ''}${type}`;
}

const FIXED_BYTES: Partial<Record<Primitive, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
};

/** The least that one value takes on the wire, over the versions in `known`. */
export function bytesMin(message: Message, type: FieldType, known: Versions): number {
  let least = Number.POSITIVE_INFINITY;
  for (let version = known.min; version <= known.max; version++) {
    least = Math.min(least, bytesMinAt(message, type, false, version));
  }
  // An element of no bytes would make the announced count the only bound.
  if (least < 1) throw new Error(`${message.name} has an array of elements that may take no bytes`);
  return least;
}

function bytesMinAt(message: Message, type: FieldType, nullable: boolean, version: number): number {
  const flexible = includes(message.flexible, version);
  if (type.kind === 'struct')
    return nullable ? 1 : structBytesMinAt(message, message.structs.get(type.struct)!, version);
  if (type.kind === 'string') return flexible ? 1 : 2;
  return FIXED_BYTES[type.kind as Primitive] ?? (flexible ? 1 : 4);
}

function structBytesMinAt(message: Message, struct: Struct, version: number): number {
  let total = includes(message.flexible, version) ? 1 : 0;
  for (const field of struct.fields) {
    if (field.tag !== undefined || !includes(field.versions, version)) continue;
    total += bytesMinAt(message, field.type, includes(field.nullable, version), version);
  }
  return total;
}

const RESERVED = new Set([
  'reader',
  'writer',
  'value',
  'version',
  'flexible',
  'tags',
  'tag',
  'end',
  'count',
  'start',
]);

/** The local variable that holds a field. */
export function local(field: Field): string {
  return RESERVED.has(field.name) ? `${field.name}Field` : field.name;
}
