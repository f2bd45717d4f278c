import type { RoutingType } from './exchange.js';
import { HeadersRouter } from './headers-router.js';
import type { RouteBinding, RoutedMessage, Router } from './route-node.js';
import { TopicRouter } from './topic-router.js';

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
