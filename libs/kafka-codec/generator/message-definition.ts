// The model of Kafka's message definitions (`common/message/*.json`; format: generator/README.md of Apache Kafka).

/** An inclusive range of versions; `max < min` is the empty range ("none"). */
export interface Versions {
  readonly min: number;
  readonly max: number;
}

export const NO_VERSIONS: Versions = { min: 0, max: -1 };
const OPEN_END = 0x7fff;

/** `none`, `3`, `3+` or `3-7`. */
export function parseVersions(text: string | undefined): Versions {
  if (text === undefined || text === 'none') return NO_VERSIONS;
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text);
  if (!match) throw new Error(`not a range of versions: ${text}`);
  const min = Number(match[1]);
  if (match[2] === undefined) return { min, max: min };
  return { min, max: match[2] === '+' ? OPEN_END : Number(match[3]) };
}

export function intersect(a: Versions, b: Versions): Versions {
  const both = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) };
  return both.max < both.min ? NO_VERSIONS : both;
}

function hull(a: Versions, b: Versions): Versions {
  if (isNone(a)) return b;
  if (isNone(b)) return a;
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

export function isNone(range: Versions): boolean {
  return range.max < range.min;
}

export function includes(range: Versions, version: number): boolean {
  return version >= range.min && version <= range.max;
}

export function formatVersions(range: Versions): string {
  if (range.max === OPEN_END) return `${range.min}+`;
  return range.min === range.max ? `${range.min}` : `${range.min}-${range.max}`;
}

/** As the JSON has it. */
export interface FieldJson {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly tag?: number | string;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly about?: string;
  readonly fields?: readonly FieldJson[];
}

export interface MessageJson {
  readonly name: string;
  readonly type: string;
  readonly apiKey?: number;
  readonly listeners?: readonly string[];
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly latestVersionUnstable?: boolean;
  readonly fields?: readonly FieldJson[];
  readonly commonStructs?: readonly { name: string; versions: string; fields: readonly FieldJson[] }[];
}

const PRIMITIVES = [
  'bool',
  'int8',
  'int16',
  'uint16',
  'int32',
  'int64',
  'float64',
  'uuid',
  'string',
  'bytes',
  'records',
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

export type FieldType =
  | { readonly kind: Primitive }
  | { readonly kind: 'struct'; readonly struct: string }
  | { readonly kind: 'array'; readonly element: Exclude<FieldType, { kind: 'array' }> };

export interface Field {
  /** camelCase, the name in TypeScript. */
  readonly name: string;
  readonly type: FieldType;
  readonly versions: Versions;
  readonly nullable: Versions;
  readonly tag: number | undefined;
  readonly ignorable: boolean;
  /** The default as a TypeScript literal; undefined for a struct that is not null by default. */
  readonly defaultLiteral: string | undefined;
  readonly about: string;
}

export interface Struct {
  /** The name in TypeScript: message and struct, unique over all messages. */
  readonly name: string;
  readonly fields: readonly Field[];
  /** The message versions in which this struct can occur. */
  versions: Versions;
}

export interface Message {
  readonly name: string;
  readonly apiKey: number;
  readonly versions: Versions;
  readonly flexible: Versions;
  readonly latestVersionUnstable: boolean;
  readonly root: Struct;
  /** Nested and common structs by their TypeScript name, in the order of their first use. */
  readonly structs: ReadonlyMap<string, Struct>;
}

/** Parses one definition and works out in which versions each struct occurs. */
export function parseMessage(json: MessageJson): Message {
  const structs = new Map<string, Struct>();
  const versions = parseVersions(json.validVersions);
  const parser = new StructParser(json.name, structs);
  for (const common of json.commonStructs ?? []) parser.add(common.name, common.fields);
  const root: Struct = { name: json.name, fields: parser.fields(json.fields ?? []), versions };
  spreadVersions(root, structs);
  return {
    name: json.name,
    apiKey: json.apiKey ?? -1,
    versions,
    flexible: intersect(parseVersions(json.flexibleVersions), versions),
    latestVersionUnstable: json.latestVersionUnstable ?? false,
    root,
    structs,
  };
}

/** Gives every struct the hull of the versions in which something that can occur refers to it. */
function spreadVersions(struct: Struct, structs: ReadonlyMap<string, Struct>): void {
  for (const field of struct.fields) {
    const name = structOf(field.type);
    if (name === undefined) continue;
    const nested = structs.get(name);
    if (!nested) throw new Error(`${struct.name}.${field.name}: no struct ${name}`);
    nested.versions = hull(nested.versions, intersect(struct.versions, field.versions));
    spreadVersions(nested, structs);
  }
}

export function structOf(type: FieldType): string | undefined {
  if (type.kind === 'array') return structOf(type.element);
  return type.kind === 'struct' ? type.struct : undefined;
}

class StructParser {
  constructor(
    private readonly message: string,
    private readonly structs: Map<string, Struct>,
  ) {}

  add(name: string, fields: readonly FieldJson[]): void {
    const full = this.message + name;
    if (this.structs.has(full)) throw new Error(`${full} is defined twice`);
    this.structs.set(full, { name: full, fields: this.fields(fields), versions: NO_VERSIONS });
  }

  fields(fields: readonly FieldJson[]): Field[] {
    return fields.map((json) => this.field(json));
  }

  private field(json: FieldJson): Field {
    const where = `${this.message}.${json.name}`;
    const type = this.type(json.type);
    const versions = parseVersions(json.versions);
    const nullable = parseVersions(json.nullableVersions);
    if (json.fields) this.add(json.type.replace('[]', ''), json.fields);
    if (json.flexibleVersions !== undefined) throw new Error(`${where}: a field's own flexibleVersions`);
    if (json.taggedVersions !== undefined && json.taggedVersions !== json.versions) {
      throw new Error(`${where}: tagged in some of its versions only`);
    }
    if (json.taggedVersions !== undefined && type.kind === 'struct' && !isNone(nullable)) {
      throw new Error(`${where}: a tagged nullable struct`);
    }
    return {
      name: json.name.charAt(0).toLowerCase() + json.name.slice(1),
      type,
      versions,
      nullable,
      tag: json.taggedVersions === undefined ? undefined : Number(json.tag),
      ignorable: json.ignorable ?? false,
      defaultLiteral: defaultLiteral(where, type, json.default),
      about: (json.about ?? '').trim(),
    };
  }

  private type(text: string): FieldType {
    if (text.startsWith('[]')) {
      const element = this.type(text.slice(2));
      if (element.kind === 'array') throw new Error(`${this.message}: array of arrays`);
      return { kind: 'array', element };
    }
    if ((PRIMITIVES as readonly string[]).includes(text)) return { kind: text as Primitive };
    if (!/^[A-Z]/.test(text)) throw new Error(`${this.message}: unknown type ${text}`);
    return { kind: 'struct', struct: this.message + text };
  }
}

function defaultLiteral(where: string, type: FieldType, value: unknown): string | undefined {
  const text = value === undefined ? undefined : String(value);
  if (text === 'null') return 'null';
  switch (type.kind) {
    case 'bool':
      return text ?? 'false';
    case 'int64':
      return `${BigInt(text ?? 0)}n`;
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'float64':
      return `${Number(text ?? 0)}`;
    case 'string':
      return `'${text ?? ''}'`;
    case 'records':
      return 'null';
    default:
      if (text !== undefined) throw new Error(`${where}: default ${text} of a ${type.kind}`);
      return { uuid: 'ZERO_UUID', bytes: 'EMPTY_BYTES', array: '[]', struct: undefined }[type.kind];
  }
}
