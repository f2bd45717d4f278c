import { fieldOf, fieldText, type FieldTable, type FieldValue, textField } from '#libs/amqp091-codec';
import type { DeadReason } from './dead-letter.js';

/** How a message died. */
export interface Death {
  readonly queue: string;
  readonly reason: DeadReason;
  /** What it was published to last, and with: CC included, BCC not. */
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  /** Its `expiration`, which it loses. */
  readonly expiration: string | undefined;
  readonly atMs: number;
}

/** Tables of `x-death`, the latest first. */
export type Deaths = readonly FieldTable[];

const ownNames = new Set([
  'x-death',
  ...['reason', 'queue', 'exchange'].flatMap((what) => [`x-first-death-${what}`, `x-last-death-${what}`]),
]);

/**
 * The headers of a message that died once more, as RabbitMQ 4 has them: `x-death` with one table for each queue and reason,
 * the latest first, and those of the first and the last death.
 *
 * @param hasDied what they say of former deaths is the gateway's; what a client says there counts for nothing
 */
export function headersAfterDeath(
  headers: FieldTable,
  hasDied: boolean,
  death: Death,
): { readonly headers: FieldTable; readonly deaths: Deaths } {
  const before = hasDied ? deathsIn(headers) : [];
  const at = before.findIndex((each) => isOf(each, death));
  const latest = at < 0 ? tableOf(death) : countedOn(before[at] as FieldTable);
  const deaths = [latest, ...before.filter((_, each) => each !== at)];
  const first = before.length === 0 ? namesOf('first', death) : headers.filter(isOfFirst);
  return {
    headers: [
      ['x-death', { tag: 'A', value: deaths.map((value) => ({ tag: 'F', value })) }],
      ...first,
      ...namesOf('last', death),
      ...headers.filter(([name]) => !ownNames.has(name)),
    ],
    deaths,
  };
}

/**
 * Whether it comes to a queue again that it left since without that a client has rejected it: it would go round for ever
 * (RabbitMQ's `mc:is_death_cycle`).
 */
export function isDeathCycle(queue: string, deaths: Deaths): boolean {
  for (const death of deaths) {
    if (fieldText(fieldOf(death, 'reason')) === 'rejected') return false;
    if (fieldText(fieldOf(death, 'queue')) === queue) return true;
  }
  return false;
}

function deathsIn(headers: FieldTable): FieldTable[] {
  const field = fieldOf(headers, 'x-death');
  if (field?.tag !== 'A') return [];
  return field.value.flatMap((each) => (each.tag === 'F' ? [each.value] : []));
}

function isOf(table: FieldTable, { queue, reason }: Death): boolean {
  return fieldText(fieldOf(table, 'queue')) === queue && fieldText(fieldOf(table, 'reason')) === reason;
}

/** In RabbitMQ's order. The time is that of the first such death. */
function tableOf({ queue, reason, exchange, routingKeys, expiration, atMs }: Death): FieldTable {
  const fields: FieldTable = [
    ['count', { tag: 'l', value: 1n }],
    ['reason', textField(reason)],
    ['queue', textField(queue)],
    ['time', { tag: 'T', value: BigInt(Math.floor(atMs / 1_000)) }],
    ['exchange', textField(exchange)],
    ['routing-keys', { tag: 'A', value: routingKeys.map(textField) }],
  ];
  return expiration === undefined ? fields : [['original-expiration', textField(expiration)], ...fields];
}

function countedOn(table: FieldTable): FieldTable {
  return table.map(([name, value]) => [name, name === 'count' ? oneMore(value) : value] as const);
}

function oneMore(count: FieldValue): FieldValue {
  return { tag: 'l', value: count.tag === 'l' ? count.value + 1n : 1n };
}

function namesOf(which: 'first' | 'last', { reason, queue, exchange }: Death): FieldTable {
  const prefix = `x-${which}-death`;
  return [
    [`${prefix}-reason`, textField(reason)],
    [`${prefix}-queue`, textField(queue)],
    [`${prefix}-exchange`, textField(exchange)],
  ];
}

function isOfFirst([name]: FieldTable[number]): boolean {
  return name.startsWith('x-first-death-') && ownNames.has(name);
}
