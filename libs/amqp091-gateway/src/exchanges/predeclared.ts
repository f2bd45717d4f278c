import { defaultExchangeName, type Exchange, type RoutingType } from './exchange.js';

const predeclared: readonly (readonly [name: string, type: RoutingType])[] = [
  [defaultExchangeName, 'direct'],
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.topic', 'topic'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
];

/** What every vhost has, and nobody deletes; their names are their uids, which no declaration has. */
export const predeclaredExchanges: readonly Exchange[] = predeclared.map(([name, type]) => ({
  name,
  uid: name,
  type,
  routingType: type,
  isDelayed: false,
  durable: true,
  autoDelete: false,
  internal: false,
  arguments: [],
  alternateExchange: undefined,
}));
