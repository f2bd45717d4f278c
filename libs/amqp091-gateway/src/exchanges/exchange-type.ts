import { Amqp091Error, type FieldTable, fieldOf, fieldText } from '#libs/amqp091-codec';
import { delayedType, type ExchangeType, type RoutingType, routingTypes } from './exchange.js';

const exchangeTypes: readonly ExchangeType[] = [...routingTypes, delayedType];

/** @throws Amqp091Error `command-invalid`, as RabbitMQ */
export function parseExchangeType(text: string): ExchangeType {
  const type = exchangeTypes.find((each) => each === text);
  if (type === undefined) throw new Amqp091Error('command-invalid', `unknown exchange type '${text}'`);
  return type;
}

/** @throws Amqp091Error `precondition-failed`, `command-invalid` */
export function routingTypeOf(type: ExchangeType, table: FieldTable): RoutingType {
  if (type !== delayedType) return type;
  const text = fieldText(fieldOf(table, 'x-delayed-type'));
  if (text === undefined) {
    throw new Amqp091Error(
      'precondition-failed',
      `Invalid argument, 'x-delayed-type' must be an existing exchange type`,
    );
  }
  const delayed = parseExchangeType(text);
  if (delayed !== delayedType) return delayed;
  throw new Amqp091Error(
    'precondition-failed',
    `Invalid argument, '${delayedType}' can't be used for 'x-delayed-type'`,
  );
}
