import type { FieldTable } from '#libs/amqp091-codec';
import type { Queue } from '../topology/queue.js';
import type { Exchange } from './exchange.js';
import type { Router } from './router.js';

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
