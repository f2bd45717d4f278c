import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FieldTable, FieldValue } from '#libs/amqp091-codec';
import { encodeFieldTable } from '#libs/amqp091-codec';
import { refusal, table } from '../testing/topology-fixture.js';
import {
  argumentsMax,
  bindingKey,
  type BindingRecord,
  decodeTopologyRecord,
  encodeTopologyRecord,
  tableOf,
  type TopologyRecord,
} from './topology-record.js';

const names = fc.string({ unit: 'grapheme', maxLength: 60 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each));
const values = fc.letrec<{ value: FieldValue; table: FieldTable }>((tie) => ({
  table: fc.array(
    fc.tuple(
      fc.string({ maxLength: 20 }).filter((name) => !name.includes('\0')),
      tie('value'),
    ),
    {
      maxLength: 4,
    },
  ),
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.boolean().map((value): FieldValue => ({ tag: 't', value })),
    fc.integer().map((value): FieldValue => ({ tag: 'I', value })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): FieldValue => ({ tag: 'l', value })),
    fc.double({ noNaN: true }).map((value): FieldValue => ({ tag: 'd', value })),
    bytes.map((value): FieldValue => ({ tag: 'S', value })),
    bytes.map((value): FieldValue => ({ tag: 'x', value })),
    fc.constant<FieldValue>({ tag: 'V' }),
    tie('table').map((value): FieldValue => ({ tag: 'F', value })),
    fc.array(tie('value'), { maxLength: 3 }).map((value): FieldValue => ({ tag: 'A', value })),
  ),
}));
const flags = { durable: fc.boolean(), autoDelete: fc.boolean() };
const owners = fc.record(
  { nodeId: fc.nat(), instance: names, connectionId: names },
  { requiredKeys: ['nodeId', 'instance'] },
);
const records: fc.Arbitrary<TopologyRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('exchange' as const),
    vhost: names,
    name: names,
    type: names,
    internal: fc.boolean(),
    ...flags,
    arguments: values.table,
  }),
  fc.record(
    {
      kind: fc.constant('queue' as const),
      vhost: names,
      name: names,
      exclusive: fc.boolean(),
      ...flags,
      owner: owners,
      arguments: values.table,
    },
    { requiredKeys: ['kind', 'vhost', 'name', 'exclusive', 'durable', 'autoDelete', 'arguments'] },
  ),
  fc.record({
    kind: fc.constant('binding' as const),
    vhost: names,
    source: names,
    sourceUid: names,
    destinationKind: fc.constantFrom<'queue' | 'exchange'>('queue', 'exchange'),
    destination: names,
    destinationUid: names,
    routingKey: names,
    arguments: values.table,
  }),
  fc.record({ kind: fc.constant('unused' as const), vhost: names, name: names, uid: names }),
);

const plain: BindingRecord = {
  kind: 'binding',
  vhost: '/',
  source: 'x',
  sourceUid: 'u1',
  destinationKind: 'queue',
  destination: 'q',
  destinationUid: 'u2',
  routingKey: 'k',
  arguments: table({ a: 1, b: 2 }),
};

describe('records of the topology', () => {
  it('are read as they were written, arguments byte for byte', () => {
    fc.assert(
      fc.property(records, (record) => {
        const read = decodeTopologyRecord(encodeTopologyRecord(record));
        expect({ ...read, arguments: undefined }).toEqual({ ...record, arguments: undefined });
        if (record.kind === 'unused' || read === undefined || read.kind === 'unused') return;
        expect(encodeFieldTable(read.arguments)).toEqual(encodeFieldTable(record.arguments));
      }),
    );
  });

  it('are never read from what they are not', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, fc.json().map(Buffer.from)), (any) => {
        expect(decodeTopologyRecord(any)).toBeUndefined();
      }),
    );
  });

  it('may have fields that a later version adds', () => {
    const later = { ...JSON.parse(encodeTopologyRecord(plain).toString()), since: 7 };
    expect(decodeTopologyRecord(Buffer.from(JSON.stringify(later)))).toEqual(plain);
  });

  it('of one binding have one key, of others another', () => {
    const same = bindingKey({ ...plain, arguments: table({ b: 2, a: 1 }) });
    expect(same).toBe(bindingKey(plain));
    const others = [
      { ...plain, vhost: 'v' },
      { ...plain, sourceUid: 'u3' },
      { ...plain, destinationUid: 'u3' },
      { ...plain, routingKey: '' },
      { ...plain, arguments: table({ a: 1 }) },
      { ...plain, arguments: table({ a: 1, b: { tag: 'l', value: 2n } }) },
    ].map(bindingKey);
    expect(new Set([same, ...others]).size).toBe(7);
  });

  it('have a limit on arguments, those inside of others too', async () => {
    const most: FieldTable = Array.from({ length: argumentsMax }, (_, at) => [`a${at}`, { tag: 'V' }]);
    expect(tableOf(encodeFieldTable(most))).toHaveLength(argumentsMax);
    const nested: FieldTable = [['list', { tag: 'A', value: most.map(([, value]) => value) }]];
    const refused = await refusal((async () => tableOf(encodeFieldTable(nested)))());
    expect(refused).toBe(`406 channel: PRECONDITION_FAILED - over ${argumentsMax} arguments`);
  });
});
