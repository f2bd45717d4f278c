import { type FieldTable, type FieldValue, fieldOf, fieldText } from '#libs/amqp091-codec';
import type { Exchange } from '../exchanges/exchange.js';
import { comparable, fieldTypeNames } from '../exchanges/field-comparison.js';
import type { Queue } from './queue.js';
import { preconditionFailed, resourceText } from './refusals.js';

/** The arguments that a queue is not declared again with others of. What RabbitMQ does not know it does not compare. */
const queueArguments = [
  'x-expires',
  'x-message-ttl',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-priority',
  'x-overflow',
  'x-queue-mode',
  'x-single-active-consumer',
  'x-queue-type',
  'x-delivery-limit',
];
const exchangeArguments = ['alternate-exchange', 'x-delayed-type'];

/** @throws Amqp091Error `precondition-failed` where the exchange is not what was asked for */
export function assertSameExchange(
  current: Exchange,
  asked: Pick<Exchange, 'type' | 'durable' | 'autoDelete' | 'internal' | 'arguments'>,
  vhost: string,
): void {
  const what = resourceText('exchange', current.name, vhost);
  assertSame('type', what, `'${asked.type}'`, `'${current.type}'`);
  assertSame('durable', what, `'${asked.durable}'`, `'${current.durable}'`);
  assertSame('auto_delete', what, `'${asked.autoDelete}'`, `'${current.autoDelete}'`);
  assertSame('internal', what, `'${asked.internal}'`, `'${current.internal}'`);
  assertSameArguments(what, exchangeArguments, asked.arguments, current.arguments);
}

/** Whose it is was looked at before. @throws Amqp091Error `precondition-failed` */
export function assertSameQueue(
  current: Queue,
  asked: Pick<Queue, 'durable' | 'autoDelete' | 'arguments'>,
  vhost: string,
): void {
  const what = resourceText('queue', current.name, vhost);
  assertSame('durable', what, `'${asked.durable}'`, `'${current.durable}'`);
  assertSame('auto_delete', what, `'${asked.autoDelete}'`, `'${current.autoDelete}'`);
  assertSameArguments(what, queueArguments, asked.arguments, current.arguments);
}

function assertSameArguments(
  what: string,
  names: readonly string[],
  asked: FieldTable,
  current: FieldTable,
): void {
  for (const name of names) {
    const [now, before] = [fieldOf(asked, name), fieldOf(current, name)];
    if (now === before || (now && before && comparable(now) === comparable(before))) continue;
    // Queues of the usual type need not say so.
    if (name === 'x-queue-type' && isUsualType(now) && isUsualType(before)) continue;
    throw inequivalent(name, what, shown(now), shown(before));
  }
}

function isUsualType(value: FieldValue | undefined): boolean {
  return value === undefined || fieldText(value) === 'classic';
}

function assertSame(name: string, what: string, asked: string, current: string): void {
  if (asked !== current) throw inequivalent(name, what, asked, current);
}

function inequivalent(name: string, what: string, asked: string, current: string) {
  return preconditionFailed(
    `inequivalent arg '${name}' for ${what}: received ${asked} but current is ${current}`,
  );
}

function shown(value: FieldValue | undefined): string {
  if (value === undefined) return 'none';
  const text = fieldText(value) ?? ('value' in value ? plain(value) : 'undefined');
  return `the value '${text}' of type '${fieldTypeNames[value.tag]}'`;
}

function plain(value: Exclude<FieldValue, { tag: 'V' }>): string {
  return value.tag === 'F' || value.tag === 'A' ? `${value.value.length} values` : String(value.value);
}
