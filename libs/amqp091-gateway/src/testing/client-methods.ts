// Methods as clients send them, with the fields that matter to a test; the others are what clients send by default.
import {
  type Amqp091Method,
  type Amqp091MethodOf,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  type RawFieldTable,
  textField,
} from '#libs/amqp091-codec';

/** Whole numbers are int32, or int64 where they are bigint; text is a long string. */
export type Fields = Readonly<Record<string, FieldContent>> | FieldTable;
type FieldContent = number | bigint | string | boolean | FieldValue;

function fieldFor(value: FieldContent): FieldValue {
  switch (typeof value) {
    case 'number':
      return { tag: 'I', value };
    case 'bigint':
      return { tag: 'l', value };
    case 'string':
      return textField(value);
    case 'boolean':
      return { tag: 't', value };
    default:
      return value;
  }
}

export function fieldsOf(fields: Fields): FieldTable {
  if (isTable(fields)) return fields;
  return Object.entries(fields).map(([name, value]) => [name, fieldFor(value)]);
}

const isTable = (fields: Fields): fields is FieldTable => Array.isArray(fields);

export function rawFields(fields: Fields): RawFieldTable {
  return encodeFieldTable(fieldsOf(fields));
}

export const textsField = (...texts: readonly string[]): FieldValue => ({
  tag: 'A',
  value: texts.map(textField),
});

/** Fields of a method that matter to a test, beside its names and arguments. */
export type Rest<N extends Amqp091Method['name']> = Partial<Omit<Amqp091MethodOf<N>, 'name' | 'arguments'>>;

export function queueDeclare(
  queue: string,
  fields: Fields = {},
  rest: Rest<'queue.declare'> = {},
): Amqp091MethodOf<'queue.declare'> {
  return {
    ...{ name: 'queue.declare', queue, passive: false, durable: true, exclusive: false },
    ...{ autoDelete: false, noWait: false, arguments: rawFields(fields), ...rest },
  };
}

export function queueDelete(queue: string, rest: Rest<'queue.delete'> = {}): Amqp091MethodOf<'queue.delete'> {
  return { name: 'queue.delete', queue, ifUnused: false, ifEmpty: false, noWait: false, ...rest };
}

export function queueBind(
  queue: string,
  exchange: string,
  routingKey = '',
  fields: Fields = {},
): Amqp091MethodOf<'queue.bind'> {
  return { name: 'queue.bind', queue, exchange, routingKey, noWait: false, arguments: rawFields(fields) };
}

export function queueUnbind(
  queue: string,
  exchange: string,
  routingKey = '',
  fields: Fields = {},
): Amqp091MethodOf<'queue.unbind'> {
  return { name: 'queue.unbind', queue, exchange, routingKey, arguments: rawFields(fields) };
}

export function exchangeDeclare(
  exchange: string,
  type = 'direct',
  fields: Fields = {},
  rest: Rest<'exchange.declare'> = {},
): Amqp091MethodOf<'exchange.declare'> {
  return {
    ...{ name: 'exchange.declare', exchange, type, passive: false, durable: true, autoDelete: false },
    ...{ internal: false, noWait: false, arguments: rawFields(fields), ...rest },
  };
}

export function exchangeDelete(exchange: string, ifUnused = false): Amqp091MethodOf<'exchange.delete'> {
  return { name: 'exchange.delete', exchange, ifUnused, noWait: false };
}

export function exchangeBind(
  destination: string,
  source: string,
  routingKey = '',
  fields: Fields = {},
): Amqp091MethodOf<'exchange.bind'> {
  const names = { destination, source, routingKey };
  return { name: 'exchange.bind', ...names, noWait: false, arguments: rawFields(fields) };
}

export function exchangeUnbind(
  destination: string,
  source: string,
  routingKey = '',
  fields: Fields = {},
): Amqp091MethodOf<'exchange.unbind'> {
  const names = { destination, source, routingKey };
  return { name: 'exchange.unbind', ...names, noWait: false, arguments: rawFields(fields) };
}

export function basicConsume(
  queue: string,
  fields: Fields = {},
  rest: Rest<'basic.consume'> = {},
): Amqp091MethodOf<'basic.consume'> {
  return {
    ...{ name: 'basic.consume', queue, consumerTag: '', noLocal: false, noAck: false, exclusive: false },
    ...{ noWait: false, arguments: rawFields(fields), ...rest },
  };
}

export function basicCancel(consumerTag: string): Amqp091MethodOf<'basic.cancel'> {
  return { name: 'basic.cancel', consumerTag, noWait: false };
}

export function basicQos(prefetchCount: number, global = false): Amqp091MethodOf<'basic.qos'> {
  return { name: 'basic.qos', prefetchSize: 0, prefetchCount, global };
}

export function basicPublish(
  exchange: string,
  routingKey: string,
  rest: Rest<'basic.publish'> = {},
): Amqp091MethodOf<'basic.publish'> {
  return { name: 'basic.publish', exchange, routingKey, mandatory: false, immediate: false, ...rest };
}
