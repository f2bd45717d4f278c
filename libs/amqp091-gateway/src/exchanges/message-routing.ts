import type { FieldTable, FieldValue } from '#libs/amqp091-codec';
import type { Queue } from '../topology/queue.js';
import { defaultExchangeName } from './exchange.js';
import { comparable } from './field-comparison.js';
import type { ExchangeNode, QueueNode, RoutedMessage, RouteNode } from './route-node.js';

/** What is declared, as routing asks for it. */
export interface RouteTable {
  exchangeNode(name: string): ExchangeNode | undefined;
  queueNode(name: string): QueueNode | undefined;
}

/** Of all routings of the process: marks of two vhosts never meet, so one counter is enough. */
let lastRouting = 0;

/**
 * The way of one message after the other through the exchanges of a vhost. It is kept between messages, so that routing
 * allocates nothing.
 */
export class MessageRouting implements RoutedMessage {
  routingKeys: string | readonly string[] = '';
  #tableOf: () => FieldTable = noHeaders;
  #headers: Map<string, FieldValue> | undefined;
  readonly #comparables = new Map<string, string>();
  #visit: (queue: Queue, isDelayed: boolean) => void = () => {};
  readonly #waiting: ExchangeNode[] = [];
  /** Whether the way to each that waits was delayed. */
  readonly #waitingDelayed: boolean[] = [];
  #mark = 0;
  #isDelayed = false;
  #reached = 0;
  #visited = 0;
  #isBusy = false;

  /**
   * @param seen where another routing is under way, whose marks are not to be touched: what this one came to
   */
  constructor(
    private readonly table: RouteTable,
    private readonly seen?: Set<RouteNode>,
  ) {}

  /** A visit routes another message: it needs another routing. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  route(
    exchange: ExchangeNode,
    routingKeys: string | readonly string[],
    headers: () => FieldTable,
    visit: (queue: Queue, isDelayed: boolean) => void,
  ): number {
    this.routingKeys = routingKeys;
    this.#tableOf = headers;
    this.#visit = visit;
    this.#mark = ++lastRouting;
    this.#visited = 0;
    this.#isBusy = true;
    try {
      this.#isDelayed = false;
      this.reach(exchange);
      while (this.#waiting.length > 0) {
        this.#isDelayed = this.#waitingDelayed.pop()!;
        this.#pass(this.#waiting.pop()!);
      }
      return this.#visited;
    } finally {
      this.#forget();
    }
  }

  get headers(): ReadonlyMap<string, FieldValue> {
    if (this.#headers === undefined) {
      this.#headers = new Map();
      for (const [name, value] of this.#tableOf()) {
        if (!this.#headers.has(name)) this.#headers.set(name, value);
      }
    }
    return this.#headers;
  }

  comparableHeader(name: string): string | undefined {
    const known = this.#comparables.get(name);
    if (known !== undefined) return known;
    const value = this.headers.get(name);
    if (value === undefined) return undefined;
    const text = comparable(value);
    this.#comparables.set(name, text);
    return text;
  }

  reach(destination: RouteNode): void {
    this.#reached++;
    if (!this.#isFirst(destination)) return;
    if (destination.kind === 'queue') {
      this.#visited++;
      this.#visit(destination.queue, this.#isDelayed);
    } else {
      this.#waiting.push(destination);
      this.#waitingDelayed.push(this.#isDelayed || destination.exchange.isDelayed);
    }
  }

  #isFirst(destination: RouteNode): boolean {
    if (this.seen !== undefined) return this.seen.size < this.seen.add(destination).size;
    if (destination.mark === this.#mark) return false;
    destination.mark = this.#mark;
    return true;
  }

  #pass({ exchange, router }: ExchangeNode): void {
    if (exchange.name === defaultExchangeName) {
      this.#passDefault();
      return;
    }
    this.#reached = 0;
    router.route(this);
    if (this.#reached > 0 || exchange.alternateExchange === undefined) return;
    const alternate = this.table.exchangeNode(exchange.alternateExchange);
    if (alternate !== undefined) this.reach(alternate);
  }

  /** Each queue is bound to it by its name. */
  #passDefault(): void {
    const { routingKeys } = this;
    if (typeof routingKeys === 'string') this.#reachQueue(routingKeys);
    else for (const key of routingKeys) this.#reachQueue(key);
  }

  #reachQueue(name: string): void {
    const node = this.table.queueNode(name);
    if (node !== undefined) this.reach(node);
  }

  /** What belongs to the message, also where a visit threw. */
  #forget(): void {
    this.#isBusy = false;
    this.#tableOf = noHeaders;
    this.#headers = undefined;
    if (this.#comparables.size > 0) this.#comparables.clear();
    this.#waiting.length = 0;
    this.#waitingDelayed.length = 0;
  }
}

function noHeaders(): FieldTable {
  return [];
}
