import type { FieldTable } from '#libs/amqp091-codec';
import type { Queue } from '../topology/queue.js';
import type { Exchange } from './exchange.js';

/** Where a message may come: an exchange or queue that is declared now. */
export type RouteNode = ExchangeNode | QueueNode;

export class QueueNode {
  readonly kind = 'queue';
  /** The last routing that came here: without a set for each message each is visited once. */
  mark = 0;

  constructor(readonly queue: Queue) {}
}

export class ExchangeNode {
  readonly kind = 'exchange';
  mark = 0;

  constructor(
    readonly exchange: Exchange,
    readonly router: Router,
  ) {}
}

/** A binding whose exchange and destination are both there. */
export interface RouteBinding {
  readonly routingKey: string;
  readonly arguments: FieldTable;
  readonly destination: RouteNode;
}

/** A message on its way: what routers ask of it, and tell. */
export interface RoutedMessage {
  readonly routingKeys: string | readonly string[];
  /** By name, the first of repeated ones; put together when first asked for. */
  readonly headers: ReadonlyMap<string, FieldTable[number][1]>;
  /** Of a header, as `comparable` gives it; undefined: there is none. */
  comparableHeader(name: string): string | undefined;
  /** May be told of one destination several times. */
  reach(destination: RouteNode): void;
}

/** What one exchange does with a message, by its bindings. */
export interface Router {
  readonly size: number;
  /** Whether a binding with this key may be added: some cost more than their number says. */
  hasRoom(routingKey: string): boolean;
  add(binding: RouteBinding): void;
  remove(binding: RouteBinding): void;
  route(message: RoutedMessage): void;
}
