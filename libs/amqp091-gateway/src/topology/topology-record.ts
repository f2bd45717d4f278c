import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  decodeFieldTable,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  type RawFieldTable,
} from '#libs/amqp091-codec';
import { z } from 'zod';
import { sorted } from '../exchanges/field-comparison.js';
import { preconditionFailed } from './refusals.js';

/** One that is declared. Each declaration is a key of its own, so that the log's order says whose was first. */
export type TopologyRecord = ExchangeRecord | QueueRecord | BindingRecord | UnusedRecord;

const name = z.string().max(255);
const shape = { vhost: name, arguments: z.string().base64() };

const exchangeShape = z.object({
  ...shape,
  kind: z.literal('exchange'),
  name,
  type: name,
  durable: z.boolean(),
  autoDelete: z.boolean(),
  internal: z.boolean(),
});
const queueShape = z.object({
  ...shape,
  kind: z.literal('queue'),
  name,
  durable: z.boolean(),
  exclusive: z.boolean(),
  autoDelete: z.boolean(),
  owner: z
    .object({ nodeId: z.int(), instance: z.string().max(255), connectionId: z.string().max(255).optional() })
    .optional(),
});
const bindingShape = z.object({
  ...shape,
  kind: z.literal('binding'),
  source: name,
  sourceUid: name,
  destinationKind: z.enum(['exchange', 'queue']),
  destination: name,
  destinationUid: name,
  routingKey: name,
});
const unusedShape = z.object({ kind: z.literal('unused'), vhost: name, name, uid: name });
const recordShape = z.discriminatedUnion('kind', [exchangeShape, queueShape, bindingShape, unusedShape]);

type WithTable<T> = Readonly<Omit<T, 'arguments'>> & { readonly arguments: FieldTable };
export type ExchangeRecord = WithTable<z.infer<typeof exchangeShape>>;
export type QueueRecord = WithTable<z.infer<typeof queueShape>>;
/** It holds as long as both declarations it names are in force. */
export type BindingRecord = WithTable<z.infer<typeof bindingShape>>;
/** The exchange is deleted if, at this place of the log, nothing is bound to it. Its writer takes it back. */
export type UnusedRecord = Readonly<z.infer<typeof unusedShape>>;

/** Of one value in the log, in bytes: arguments beyond are refused. */
export const recordBytesMax = 32 * 1024;

/** JSON, with the arguments as they are on the wire, in base64. */
export function encodeTopologyRecord(record: TopologyRecord): Buffer {
  if (record.kind === 'unused') return Buffer.from(JSON.stringify(record));
  const fields = encodeFieldTable(record.arguments).toString('base64');
  return Buffer.from(JSON.stringify({ ...record, arguments: fields }));
}

/** Undefined: it is no record that this version knows. */
export function decodeTopologyRecord(bytes: Buffer): TopologyRecord | undefined {
  if (bytes.length > recordBytesMax) return undefined;
  try {
    const record = recordShape.parse(JSON.parse(bytes.toString('utf8')));
    if (record.kind === 'unused') return record;
    return { ...record, arguments: decodeFieldTable(Buffer.from(record.arguments, 'base64')) };
  } catch {
    return undefined;
  }
}

/** @param uid of the declaration */
export function declarationKey(kind: 'exchange' | 'queue', uid: string): string {
  return `${kind}.${uid}`;
}

/** The same for the same binding, whoever makes it: source, destination, routing key and arguments. */
export function bindingKey(
  binding: Pick<BindingRecord, 'vhost' | 'sourceUid' | 'destinationUid' | 'routingKey' | 'arguments'>,
): string {
  const { vhost, sourceUid, destinationUid, routingKey } = binding;
  const hash = createHash('sha256')
    .update(JSON.stringify([vhost, sourceUid, destinationUid, routingKey]))
    .update(encodeFieldTable(sorted(binding.arguments)));
  return `binding.${hash.digest('base64url')}`;
}

/** @param uid of an exchange */
export function unusedKey(uid: string): string {
  return `unused.${uid}`;
}

/** Of a declaration's key; undefined: it is a binding's, or no key of ours. */
export function uidOfKey(key: string): string | undefined {
  const match = /^(?:exchange|queue)\.(.+)$/.exec(key);
  return match?.[1];
}

/** Of one declaration or binding, those inside of others counted too: each takes many times its bytes in memory. */
export const argumentsMax = 64;

/** Raw arguments as they are declared, in memory of their own. @throws Amqp091Error */
export function tableOf(raw: RawFieldTable): FieldTable {
  const table = decodeFieldTable(Buffer.from(raw));
  if (countOf({ tag: 'F', value: table }) > argumentsMax) {
    throw preconditionFailed(`over ${argumentsMax} arguments`);
  }
  return table;
}

function countOf(field: FieldValue): number {
  if (field.tag === 'F') return field.value.reduce((count, [, value]) => count + 1 + countOf(value), 0);
  return field.tag === 'A' ? field.value.reduce((count, value) => count + 1 + countOf(value), 0) : 0;
}
