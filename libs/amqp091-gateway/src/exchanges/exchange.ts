import type { FieldTable } from '#libs/amqp091-codec';

/** How an exchange chooses (0-9-1 section 3.1.3). */
export const routingTypes = ['direct', 'fanout', 'topic', 'headers'] as const;
export type RoutingType = (typeof routingTypes)[number];

/** The name that RabbitMQ's delayed message plugin gave the type. */
export const delayedType = 'x-delayed-message';
export type ExchangeType = RoutingType | typeof delayedType;

/** An exchange as it was declared; the same object as long as it is not deleted. */
export interface Exchange {
  /** Empty: the default exchange. */
  readonly name: string;
  /** Of this declaration: one that is deleted and declared again is another. */
  readonly uid: string;
  readonly type: ExchangeType;
  /** Of an `x-delayed-message` exchange: its `x-delayed-type`. */
  readonly routingType: RoutingType;
  /** Whether the header `x-delay` of what comes here counts. */
  readonly isDelayed: boolean;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Clients may not publish to it. */
  readonly internal: boolean;
  readonly arguments: FieldTable;
  /** Gets what this exchange has no binding for. It need not exist. */
  readonly alternateExchange: string | undefined;
}

export const defaultExchangeName = '';
