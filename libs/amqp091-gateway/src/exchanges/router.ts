import type { FieldTable } from '#libs/amqp091-codec';
import type { RoutingType } from './exchange.js';
import { HeadersRouter } from './headers-router.js';
import type { RouteBinding, RouteNode } from './route-node.js';
import { TopicRouter } from './topic-router.js';

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

export function routerOf(type: RoutingType): Router {
  switch (type) {
    case 'direct':
      return new DirectRouter();
    case 'fanout':
      return new FanoutRouter();
    case 'topic':
      return new TopicRouter();
    case 'headers':
      return new HeadersRouter();
  }
}

/** 3.1.3.1: the key is equal. */
class DirectRouter implements Router {
  readonly #byKey = new Map<string, Set<RouteBinding>>();
  size = 0;

  hasRoom(): boolean {
    return true;
  }

  add(binding: RouteBinding): void {
    const { routingKey } = binding;
    const same = this.#byKey.get(routingKey);
    if (same === undefined) this.#byKey.set(routingKey, new Set([binding]));
    else same.add(binding);
    this.size++;
  }

  remove(binding: RouteBinding): void {
    const same = this.#byKey.get(binding.routingKey);
    if (same?.delete(binding) !== true) return;
    this.size--;
    if (same.size === 0) this.#byKey.delete(binding.routingKey);
  }

  route(message: RoutedMessage): void {
    const { routingKeys } = message;
    if (typeof routingKeys === 'string') this.#routeKey(routingKeys, message);
    else for (const key of routingKeys) this.#routeKey(key, message);
  }

  #routeKey(key: string, message: RoutedMessage): void {
    const bindings = this.#byKey.get(key);
    if (bindings !== undefined) for (const { destination } of bindings) message.reach(destination);
  }
}

/** 3.1.3.2: whatever the key is. */
class FanoutRouter implements Router {
  readonly #bindings = new Set<RouteBinding>();

  get size(): number {
    return this.#bindings.size;
  }

  hasRoom(): boolean {
    return true;
  }

  add(binding: RouteBinding): void {
    this.#bindings.add(binding);
  }

  remove(binding: RouteBinding): void {
    this.#bindings.delete(binding);
  }

  route(message: RoutedMessage): void {
    for (const { destination } of this.#bindings) message.reach(destination);
  }
}
