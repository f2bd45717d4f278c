/** Constructors of the primitive types (AMQP 1.6). */
export const TypeCode = {
  DESCRIBED: 0x00,
  NULL: 0x40,
  TRUE: 0x41,
  FALSE: 0x42,
  UINT0: 0x43,
  ULONG0: 0x44,
  LIST0: 0x45,
  UBYTE: 0x50,
  BYTE: 0x51,
  SMALLUINT: 0x52,
  SMALLULONG: 0x53,
  SMALLINT: 0x54,
  SMALLLONG: 0x55,
  BOOLEAN: 0x56,
  USHORT: 0x60,
  SHORT: 0x61,
  UINT: 0x70,
  INT: 0x71,
  FLOAT: 0x72,
  CHAR: 0x73,
  DECIMAL32: 0x74,
  ULONG: 0x80,
  LONG: 0x81,
  DOUBLE: 0x82,
  TIMESTAMP: 0x83,
  DECIMAL64: 0x84,
  DECIMAL128: 0x94,
  UUID: 0x98,
  BINARY8: 0xa0,
  STRING8: 0xa1,
  SYMBOL8: 0xa3,
  BINARY32: 0xb0,
  STRING32: 0xb1,
  SYMBOL32: 0xb3,
  LIST8: 0xc0,
  MAP8: 0xc1,
  LIST32: 0xd0,
  MAP32: 0xd1,
  ARRAY8: 0xe0,
  ARRAY32: 0xf0,
} as const;

const { NULL, TRUE, FALSE, UINT0, ULONG0, LIST0, UBYTE, BYTE, SMALLUINT, SMALLULONG, SMALLINT, SMALLLONG } =
  TypeCode;
const { BOOLEAN, USHORT, SHORT, UINT, INT, FLOAT, CHAR, DECIMAL32, ULONG, LONG, DOUBLE, TIMESTAMP } =
  TypeCode;
const { DECIMAL64, DECIMAL128, UUID, BINARY8, BINARY32, STRING8, STRING32, SYMBOL8, SYMBOL32 } = TypeCode;

/** The constructors of each type; the last is the one that every value of the type fits. */
const codesByType = {
  null: [NULL],
  boolean: [TRUE, FALSE, BOOLEAN],
  ubyte: [UBYTE],
  ushort: [USHORT],
  uint: [UINT0, SMALLUINT, UINT],
  ulong: [ULONG0, SMALLULONG, ULONG],
  byte: [BYTE],
  short: [SHORT],
  int: [SMALLINT, INT],
  long: [SMALLLONG, LONG],
  float: [FLOAT],
  double: [DOUBLE],
  decimal32: [DECIMAL32],
  decimal64: [DECIMAL64],
  decimal128: [DECIMAL128],
  char: [CHAR],
  timestamp: [TIMESTAMP],
  uuid: [UUID],
  binary: [BINARY8, BINARY32],
  string: [STRING8, STRING32],
  symbol: [SYMBOL8, SYMBOL32],
  list: [LIST0, TypeCode.LIST8, TypeCode.LIST32],
  map: [TypeCode.MAP8, TypeCode.MAP32],
  array: [TypeCode.ARRAY8, TypeCode.ARRAY32],
} as const;

export type AmqpTypeName = keyof typeof codesByType;

export const typeNames: ReadonlyMap<number, AmqpTypeName> = new Map(
  Object.entries(codesByType).flatMap(([name, codes]) =>
    codes.map((code) => [code, name as AmqpTypeName] as const),
  ),
);

/** The constructor that holds any value of the type. */
export function widestCode(type: AmqpTypeName): number {
  return codesByType[type].at(-1)!;
}
