import {
  bytesMin,
  type Condition,
  condition,
  defaultText,
  fieldTypeText,
  flexibleCondition,
  flexibleDeclaration,
  guarded,
  isNullable,
  local,
  method,
  parameter,
  ternary,
  typeText,
} from './emit-scope.js';
import {
  type Field,
  type FieldType,
  intersect,
  type Message,
  type Struct,
  type Versions,
} from './message-definition.js';

/** The decoding function of one struct: straight-line reads into locals, one object literal at the end. */
export function emitDecoder(message: Message, struct: Struct): string[] {
  const isRoot = struct === message.root;
  const reads: string[] = [];
  for (const field of struct.fields) reads.push(...emitField(message, struct, field));
  reads.push(...emitTags(message, struct));
  const check = isRoot ? [versionCheck(message, 'Decode')] : [];
  const body = [...check, ...flexibleDeclaration(message, reads), ...reads];
  const fields = struct.fields.map((field) =>
    local(field) === field.name ? field.name : `${field.name}: ${local(field)}`,
  );
  return [
    `${isRoot ? 'export ' : ''}function decode${struct.name}(`,
    `  ${parameter('reader', body)}: ByteReader,`,
    `  ${parameter('version', body)}: number,`,
    `): ${struct.name} {`,
    ...body,
    `  return { ${fields.join(', ')} };`,
    '}',
  ];
}

export function versionCheck(message: Message, direction: 'Decode' | 'Encode'): string {
  const { min, max } = message.versions;
  return `  if (!(version >= ${min} && version <= ${max})) unsupported${direction}('${message.name}', version);`;
}

function emitField(message: Message, struct: Struct, field: Field): string[] {
  const name = local(field);
  const known = intersect(struct.versions, field.versions);
  const test = field.tag === undefined ? condition(field.versions, struct.versions) : 'false';
  if (test === 'true' && !isBlock(field))
    return [`  const ${name} = ${readExpression(message, field, known)};`];
  const assigned = test !== 'false' || field.tag !== undefined;
  const isPlainArray = field.type.kind === 'array' && !isNullable(field);
  const keyword = assigned && !isPlainArray ? 'let' : 'const';
  // Nothing is allocated for a default that is overwritten on the next line.
  const initial = test === 'true' && !isPlainArray ? '' : ` = ${defaultText(field)}`;
  const declaration = `  ${keyword} ${name}: ${fieldTypeText(field)}${initial};`;
  return [declaration, ...guarded(test, assign(message, field, known), '  ')];
}

/** Fields whose reading takes statements, not one expression. */
function isBlock(field: Field): boolean {
  return field.type.kind === 'array';
}

/** Statements that read the field's value into its local, in the versions `known`. */
function assign(message: Message, field: Field, known: Versions): string[] {
  if (field.type.kind !== 'array') return [`${local(field)} = ${readExpression(message, field, known)};`];
  const flexible = flexibleCondition(message, known);
  const least = bytesMin(message, field.type.element, known);
  const raw = ternary(flexible, `reader.readCompactArrayCount(${least})`, `reader.readArrayCount(${least})`);
  const push = `${local(field)}.push(${read(message, field.type.element, known, 'false')});`;
  const nullable = condition(field.nullable, known);
  if (!isNullable(field)) {
    return [`for (let count = reader.notNull(${raw}); count > 0; count--) {`, `  ${push}`, '}'];
  }
  const name = `${local(field)}Count`;
  const lines = [`const ${name} = ${ternary(nullable, raw, `reader.notNull(${raw})`)};`];
  if (nullable !== 'true' && nullable !== 'false') {
    lines.splice(0, 1, `const announced = ${raw};`);
    lines.push(`const ${name} = ${nullable} ? announced : reader.notNull(announced);`);
  }
  return [
    ...lines,
    `if (${name} < 0) ${local(field)} = null;`,
    'else {',
    `  ${local(field)} = [];`,
    `  for (let count = ${name}; count > 0; count--) ${push}`,
    '}',
  ];
}

function readExpression(message: Message, field: Field, known: Versions): string {
  return read(message, field.type, known, condition(field.nullable, known));
}

function read(message: Message, type: FieldType, known: Versions, nullable: Condition): string {
  if (type.kind === 'array') throw new Error(`${message.name}: ${typeText(type)} read as one value`);
  if (type.kind === 'struct') {
    const plain = `decode${type.struct}(reader, version)`;
    return ternary(nullable, `(reader.readStructPresent() ? ${plain} : null)`, plain);
  }
  const { kind } = type;
  const flexible = flexibleCondition(message, known);
  const call = (compact: boolean, orNull: boolean) => `reader.${method('read', kind, compact, orNull)}()`;
  const both = (compact: boolean) => {
    const text = ternary(nullable, call(compact, true), call(compact, false));
    return text.includes(' ? ') ? `(${text})` : text;
  };
  return ternary(flexible, both(true), both(false));
}

/** The section of tagged fields at the end of a flexible struct (KIP-482). */
function emitTags(message: Message, struct: Struct): string[] {
  const flexible = flexibleCondition(message, struct.versions);
  const tagged = struct.fields.filter((field) => field.tag !== undefined);
  const known = intersect(struct.versions, message.flexible);
  const branches = tagged
    .map((field) => ({ field, test: condition(field.versions, known) }))
    .filter(({ test }) => test !== 'false');
  if (branches.length === 0) return guarded(flexible, ['reader.skipTags();'], '  ');
  const lines = ['for (let tags = reader.readTagCount(); tags > 0; tags--) {'];
  lines.push('  const tag = reader.readUnsignedVarint();', '  const end = reader.readTagEnd();');
  for (const [at, { field, test }] of branches.entries()) {
    const when = `tag === ${field.tag}${test === 'true' ? '' : ` && ${test}`}`;
    lines.push(`  ${at === 0 ? '' : '} else '}if (${when}) {`);
    // A tag that comes twice must not add to the first one's elements.
    if (field.type.kind === 'array' && !isNullable(field)) lines.push(`    ${local(field)}.length = 0;`);
    lines.push(...assign(message, field, intersect(known, field.versions)).map((line) => `    ${line}`));
  }
  lines.push('  } else {', '    reader.offset = end;', '  }', '  reader.endTag(end);', '}');
  return guarded(flexible, lines, '  ');
}
