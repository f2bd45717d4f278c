// Messages of every AMQP type, in each of its encodings, and of every kind of body: written by hand, after AMQP 1.6 and 3.2.
import type { EncodedMessage } from './amqp-scenario.js';

const section = {
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
};

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const join = (...parts: readonly Buffer[]) => Buffer.concat(parts);
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const sized8 = (code: number, body: Buffer) => join(Buffer.from([code, body.length]), body);
const sized32 = (code: number, body: Buffer) => join(Buffer.from([code]), uint32(body.length), body);

const string8 = (text: string) => sized8(0xa1, Buffer.from(text));
const symbol8 = (text: string) => sized8(0xa3, Buffer.from(text));
const list8 = (...items: readonly Buffer[]) => sized8(0xc0, join(Buffer.from([items.length]), ...items));
const list32 = (...items: readonly Buffer[]) => sized32(0xd0, join(uint32(items.length), ...items));
const map8 = (...items: readonly Buffer[]) => sized8(0xc1, join(Buffer.from([items.length]), ...items));
const map32 = (...items: readonly Buffer[]) => sized32(0xd1, join(uint32(items.length), ...items));
const array8 = (element: Buffer, ...items: readonly Buffer[]) =>
  sized8(0xe0, join(Buffer.from([items.length]), element, ...items));
const array32 = (element: Buffer, ...items: readonly Buffer[]) =>
  sized32(0xf0, join(uint32(items.length), element, ...items));
const described = (descriptor: Buffer, value: Buffer) => join(hex('00'), descriptor, value);
const sectionOf = (code: number, value: Buffer) => described(Buffer.from([0x53, code]), value);

/** What application properties may hold (AMQP 3.2.5): each type in each of its encodings. */
const simple: readonly (readonly [string, Buffer])[] = [
  ['null', hex('40')],
  ['true', hex('41')],
  ['false', hex('42')],
  ['boolean, one octet', hex('5601')],
  ['ubyte', hex('50ff')],
  ['ushort', hex('60ffff')],
  ['uint', hex('70ffffffff')],
  ['smalluint', hex('52ff')],
  ['uint0', hex('43')],
  ['ulong', hex('80ffffffffffffffff')],
  ['smallulong', hex('53ff')],
  ['ulong0', hex('44')],
  ['byte', hex('5180')],
  ['short', hex('618000')],
  ['int', hex('7180000000')],
  ['smallint', hex('5480')],
  ['long', hex('818000000000000000')],
  ['long beyond 53 bits', hex('810020000000000001')],
  ['smalllong', hex('5580')],
  ['float', hex('723fc00000')],
  ['float, not a number with a payload', hex('727fc00001')],
  ['double', hex('82c002000000000000')],
  ['double, minus 0', hex('828000000000000000')],
  ['decimal32', hex('74 3280000f')],
  ['decimal64', hex('84 31c000000000000f')],
  ['decimal128', hex('94 3040000000000000000000000000000f')],
  ['char', hex('730001f600')],
  ['timestamp', hex('83000001e2456c8c00')],
  ['timestamp before 1970', hex('83ffffffffffffffff')],
  ['uuid', hex('98 00112233445566778899aabbccddeeff')],
  ['binary8', hex('a003 0001ff')],
  ['binary8, empty', hex('a000')],
  ['binary32', sized32(0xb0, Buffer.alloc(300, 0xfe))],
  ['string8', string8('größe 😀')],
  ['string8, empty', hex('a100')],
  ['string32', sized32(0xb1, Buffer.from('é'.repeat(300)))],
  ['string32, short', sized32(0xb1, Buffer.from('short'))],
  ['symbol8', symbol8('symbol')],
  ['symbol32', sized32(0xb3, Buffer.from('s'.repeat(300)))],
];

/** What only bodies may hold. */
const composite: readonly (readonly [string, Buffer])[] = [
  ['list0', hex('45')],
  ['list8', list8(hex('41'), string8('two'), hex('40'))],
  ['list32', list32(hex('5401'), list8(hex('43')))],
  ['map8', map8(string8('a'), hex('5401'), symbol8('b'), hex('40'))],
  ['map32, with keys of other types', map32(hex('5401'), string8('one'), hex('a001ff'), map8())],
  ['array8 of int', array8(hex('71'), hex('00000001'), hex('ffffffff'))],
  ['array8 of boolean', array8(hex('56'), hex('00'), hex('01'))],
  ['array8, empty', array8(hex('a1'))],
  ['array32 of symbol', array32(hex('a3'), hex('0161'), hex('026262'))],
  ['array of list', array8(hex('c0'), hex('0100'), hex('020140'))],
  ['array of described', array8(join(hex('00'), symbol8('x:d'), hex('52')), hex('01'), hex('02'))],
  ['described by symbol', described(symbol8('com.example:thing'), list8(string8('inside')))],
  ['described by ulong', described(hex('80 0000468c00000004'), string8('inside'))],
  ['described twice', described(symbol8('outer'), described(hex('5301'), hex('40')))],
];

const id = (value: Buffer) => sectionOf(section.properties, list8(value));
const body = sectionOf(section.data, hex('a001aa'));

const kinds: readonly (readonly [string, Buffer])[] = [
  ['data', sectionOf(section.data, hex('a003 0001ff'))],
  ['data, empty', sectionOf(section.data, hex('a000'))],
  ['data, binary32', sectionOf(section.data, sized32(0xb0, Buffer.from('short')))],
  ['data of 5 kB', sectionOf(section.data, sized32(0xb0, Buffer.alloc(5_000, 7)))],
  ['several data', join(body, sectionOf(section.data, hex('a000')), body)],
  ['sequence', sectionOf(section.sequence, list8(hex('5401'), string8('two')))],
  [
    'several sequences',
    join(sectionOf(section.sequence, hex('45')), sectionOf(section.sequence, list32(hex('41')))),
  ],
  ['descriptor as eight octets', described(hex('80 0000000000000075'), hex('a001aa'))],
  ['descriptor as symbol', described(symbol8('amqp:data:binary'), hex('a001aa'))],
  ['footer', join(body, sectionOf(section.footer, map8(symbol8('x-opt-checksum'), hex('70deadbeef'))))],
  ['message-id ulong', join(id(hex('80ffffffffffffffff')), body)],
  ['message-id uuid', join(id(hex('98 00112233445566778899aabbccddeeff')), body)],
  ['message-id binary', join(id(hex('a002 00ff')), body)],
  ['message-id string', join(id(string8('ID:1')), body)],
  ['properties, none', join(sectionOf(section.properties, hex('45')), body)],
  ['properties, nulls', join(sectionOf(section.properties, list32(hex('40'), hex('40'), hex('40'))), body)],
  [
    'properties, all but user-id',
    join(
      sectionOf(
        section.properties,
        list8(
          ...[string8('id'), hex('40'), string8('to'), string8('subject'), string8('/queues/answers')],
          ...[hex('5307'), symbol8('text/plain'), symbol8('identity'), hex('83000003bb2cc3d800')],
          ...[hex('83000001e2456c8c00'), string8('group'), hex('5203'), string8('reply group')],
        ),
      ),
      body,
    ),
  ],
  ['application properties, none', join(sectionOf(section.applicationProperties, map8()), body)],
  [
    'application properties, map32 with odd names',
    join(
      sectionOf(
        section.applicationProperties,
        map32(string8(''), hex('41'), string8('pulsegate.x'), hex('42'), string8('größe'), hex('43')),
      ),
      body,
    ),
  ],
];

/** Every simple type as an application property and as a body, every other type as a body, and every kind of message. */
export const amqpCorpus: readonly EncodedMessage[] = [
  ...simple.map(
    ([name, value]) =>
      [
        name,
        join(
          sectionOf(section.applicationProperties, map32(string8('p'), value)),
          sectionOf(section.value, value),
        ),
      ] as const,
  ),
  ...composite.map(([name, value]) => [name, sectionOf(section.value, value)] as const),
  ...kinds,
].map(([name, bytes]) => ({ name, hex: bytes.toString('hex') }));
