import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { decodeFieldTable, encodeFieldTable, type FieldTable, type RawFieldTable } from '#libs/amqp091-codec';
import { z } from 'zod';
import { sorted } from '../exchanges/field-comparison.js';

/** One that is declared. Each declaration is a key of its own, so that the log's order says whose was first. */
export type TopologyRecord = ExchangeRecord | QueueRecord | BindingRecord;

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
const recordShape = z.discriminatedUnion('kind', [exchangeShape, queueShape, bindingShape]);

type WithTable<T> = Readonly<Omit<T, 'arguments'>> & { readonly arguments: FieldTable };
export type ExchangeRecord = WithTable<z.infer<typeof exchangeShape>>;
export type QueueRecord = WithTable<z.infer<typeof queueShape>>;
/** It holds as long as both declarations it names are in force. */
export type BindingRecord = WithTable<z.infer<typeof bindingShape>>;

/** Of one value in the log, in bytes: arguments beyond are refused. */
export const recordBytesMax = 32 * 1024;

/** JSON, with the arguments as they are on the wire, in base64. */
export function encodeTopologyRecord(record: TopologyRecord): Buffer {
  return Buffer.from(
    JSON.stringify({ ...record, arguments: encodeFieldTable(record.arguments).toString('base64') }),
  );
}

/** Undefined: it is no record that this version knows. */
export function decodeTopologyRecord(bytes: Buffer): TopologyRecord | undefined {
  if (bytes.length > recordBytesMax) return undefined;
  try {
    const record = recordShape.parse(JSON.parse(bytes.toString('utf8')));
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

/** Of a declaration's key; undefined: it is a binding's, or no key of ours. */
export function uidOfKey(key: string): string | undefined {
  const match = /^(?:exchange|queue)\.(.+)$/.exec(key);
  return match?.[1];
}

/** Raw arguments as they are declared. @throws Amqp091Error */
export function tableOf(raw: RawFieldTable): FieldTable {
  return decodeFieldTable(Buffer.from(raw));
}
