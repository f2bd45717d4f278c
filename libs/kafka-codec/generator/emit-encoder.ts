import { versionCheck } from './emit-decoder.js';
import {
  type Condition,
  condition,
  flexibleCondition,
  flexibleDeclaration,
  guarded,
  isNullable,
  local,
  method,
  parameter,
} from './emit-scope.js';
import {
  type Field,
  type FieldType,
  intersect,
  type Message,
  type Struct,
  structOf,
  type Versions,
} from './message-definition.js';

/** The encoding function of one struct. A missing field is written as its default. */
export function emitEncoder(message: Message, struct: Struct): string[] {
  const isRoot = struct === message.root;
  const writes: string[] = [];
  for (const field of struct.fields) writes.push(...emitField(message, struct, field));
  writes.push(...emitTags(message, struct));
  const check = isRoot ? [versionCheck(message, 'Encode')] : [];
  const body = [...check, ...flexibleDeclaration(message, writes), ...writes];
  return [
    `${isRoot ? 'export ' : ''}function encode${struct.name}(`,
    `  ${parameter('writer', body)}: ByteWriter,`,
    `  ${parameter('value', body)}: Encodable<${struct.name}>,`,
    `  ${parameter('version', body)}: number,`,
    '): void {',
    ...body,
    '}',
  ];
}

function emitField(message: Message, struct: Struct, field: Field): string[] {
  const test = condition(field.versions, struct.versions);
  const known = intersect(struct.versions, field.versions);
  const lines = field.tag === undefined ? guarded(test, write(message, struct, field, known), '  ') : [];
  if (field.ignorable || test === 'true') return lines;
  const refuse = `if (${isNotDefault(field)}) notInVersion('${struct.name}.${field.name}', version);`;
  if (test === 'false') return [...lines, `  ${refuse}`];
  if (field.tag === undefined) return [...lines.slice(0, -1), `  } else ${refuse}`];
  return [`  if (!(${test})) {`, `    ${refuse}`, '  }'];
}

/** Statements that write the field's value, in the versions `known`. */
function write(message: Message, struct: Struct, field: Field, known: Versions): string[] {
  const name = local(field);
  const lines = [`const ${name} = ${valueOrDefault(field)};`];
  const nullable = condition(field.nullable, known);
  const whole = `${struct.name}.${field.name}`;
  if (isNullable(field) && nullable !== 'true') {
    const denied = nullable === 'false' ? `${name} === null` : `${name} === null && !(${nullable})`;
    lines.push(`if (${denied}) notNullable('${whole}', version);`);
  }
  const flexible = flexibleCondition(message, known);
  if (field.type.kind === 'array') {
    const writeCount = (count: string) =>
      byFlexible(flexible, (c) => `writer.write${c}ArrayCount(${count});`);
    const each = `for (const item of ${name}) ${writeOne(field.type.element, 'item', flexible, false)}`;
    if (!isNullable(field)) return [...lines, ...writeCount(`${name}.length`), each];
    return [
      ...lines,
      `if (${name} === null) {`,
      ...writeCount('-1').map((line) => `  ${line}`),
      '} else {',
      ...[...writeCount(`${name}.length`), each].map((line) => `  ${line}`),
      '}',
    ];
  }
  if (field.type.kind === 'struct' && isNullable(field) && nullable !== 'false') {
    const one = writeOne(field.type, name, flexible, false);
    return [...lines, `writer.writeInt8(${name} === null ? -1 : 1);`, `if (${name} !== null) ${one}`];
  }
  // One expression statement; a null that this version does not know was refused above.
  return [...lines, writeOne(field.type, name, flexible, isNullable(field))];
}

function byFlexible(flexible: Condition, text: (compact: string) => string): string[] {
  if (flexible === 'true') return [text('Compact')];
  if (flexible === 'false') return [text('')];
  return [`if (flexible) ${text('Compact')}`, `else ${text('')}`];
}

function writeOne(type: FieldType, name: string, flexible: Condition, nullable: boolean): string {
  if (type.kind === 'array') throw new Error(`${name} is an array`);
  if (type.kind === 'struct') return `encode${type.struct}(writer, ${name}, version);`;
  const compact = `writer.${method('write', type.kind, true, nullable)}(${name})`;
  const plain = `writer.${method('write', type.kind, false, nullable)}(${name})`;
  if (compact === plain || flexible === 'false') return `${plain};`;
  return flexible === 'true' ? `${compact};` : `flexible ? ${compact} : ${plain};`;
}

function valueOrDefault(field: Field): string {
  const access = `value.${field.name}`;
  if (field.defaultLiteral === undefined) return `${access} === undefined ? {} : ${access}`;
  // `??` would turn a null that means something into the default.
  if (isNullable(field) && field.defaultLiteral !== 'null') {
    return `${access} === undefined ? ${field.defaultLiteral} : ${access}`;
  }
  return `${access} ?? ${field.defaultLiteral}`;
}

/** The value is given and is not the default. */
function isNotDefault(field: Field): string {
  const access = `value.${field.name}`;
  const literal = field.defaultLiteral;
  if (literal === 'null') return `(${access} ?? null) !== null`;
  if (literal === undefined) return `${access} !== undefined && !isDefault${structOf(field.type)}(${access})`;
  switch (field.type.kind) {
    case 'int64':
      return `${access} !== undefined && BigInt(${access}) !== ${literal}`;
    case 'uuid':
      return `${access} !== undefined && !isZeroUuid(${access})`;
    case 'array':
    case 'bytes':
      return `${access} !== undefined && ${access}${isNullable(field) ? '?' : ''}.length !== 0`;
    default:
      return `${access} !== undefined && ${access} !== ${literal}`;
  }
}

function emitTags(message: Message, struct: Struct): string[] {
  const flexible = flexibleCondition(message, struct.versions);
  const known = intersect(struct.versions, message.flexible);
  const tagged = struct.fields
    .filter((field) => field.tag !== undefined && condition(field.versions, known) !== 'false')
    .sort((a, b) => a.tag! - b.tag!);
  if (tagged.length === 0) return guarded(flexible, ['writer.writeUnsignedVarint(0);'], '  ');
  const lines = ['let tags = 0;'];
  const present = tagged.map((field) => {
    const test = condition(field.versions, known);
    return `has${field.name.charAt(0).toUpperCase()}${field.name.slice(1)} = ${test === 'true' ? '' : `${test} && `}${isNotDefault(field)}`;
  });
  for (const text of present)
    lines.push(`const ${text};`, `if (${text.slice(0, text.indexOf(' '))}) tags++;`);
  lines.push('writer.writeUnsignedVarint(tags);');
  for (const [at, field] of tagged.entries()) {
    const flag = present[at]!;
    lines.push(`if (${flag.slice(0, flag.indexOf(' '))}) {`);
    lines.push(`  const start = writer.beginTag(${field.tag});`);
    lines.push(...write(message, struct, field, intersect(known, field.versions)).map((line) => `  ${line}`));
    lines.push('  writer.endTag(start);', '}');
  }
  return guarded(flexible, lines, '  ');
}

/** `isDefaultX`, for structs that are tagged or not in all versions. */
export function emitIsDefault(struct: Struct): string[] {
  return [
    `function isDefault${struct.name}(value: Encodable<${struct.name}>): boolean {`,
    '  return !(',
    ...struct.fields.map((field, at) => `    ${at === 0 ? '' : '|| '}(${isNotDefault(field)})`),
    '  );',
    '}',
  ];
}
