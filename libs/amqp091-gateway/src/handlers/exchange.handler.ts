import type { Amqp091Command, Amqp091Method, Amqp091MethodOf } from '#libs/amqp091-codec';
import type { BindingRequest } from '../topology/vhost-topology.js';
import { declaredName } from './declared-name.js';
import type { ChannelPart, ChannelPartKind, PartChannel } from '../channels/channel-part.js';

/** exchange.* (0-9-1 section 1.6, and RabbitMQ's "Exchange to Exchange Bindings"): what is declared is for the topology to judge. */
export const exchangeMethods: ChannelPartKind = {
  methods: ['exchange.declare', 'exchange.delete', 'exchange.bind', 'exchange.unbind'],
  capabilities: ['exchange_exchange_bindings'],
  open: (channel) => new ExchangeHandler(channel),
};

class ExchangeHandler implements ChannelPart {
  constructor(private readonly channel: PartChannel) {}

  onCommand({ method }: Amqp091Command): Promise<void> {
    switch (method.name) {
      case 'exchange.declare':
        return this.#declare(method);
      case 'exchange.delete':
        return this.#delete(method);
      case 'exchange.bind':
        return this.#bind(method);
      default:
        return this.#unbind(method as Amqp091MethodOf<'exchange.unbind'>);
    }
  }

  close(): void {}

  async #declare(method: Amqp091MethodOf<'exchange.declare'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    const exchange = declaredName(method.exchange);
    if (method.passive) await topology.checkExchange(exchange);
    else await topology.declareExchange({ ...method, exchange }, client);
    this.#answer(method, { name: 'exchange.declare-ok' });
  }

  async #delete(method: Amqp091MethodOf<'exchange.delete'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    const exchange = declaredName(method.exchange);
    await topology.deleteExchange(exchange, { ifUnused: method.ifUnused }, client);
    this.#answer(method, { name: 'exchange.delete-ok' });
  }

  async #bind(method: Amqp091MethodOf<'exchange.bind'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    await topology.bind(bindingOf(method), client);
    this.#answer(method, { name: 'exchange.bind-ok' });
  }

  async #unbind(method: Amqp091MethodOf<'exchange.unbind'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    await topology.unbind(bindingOf(method), client);
    this.#answer(method, { name: 'exchange.unbind-ok' });
  }

  #answer({ noWait }: { readonly noWait: boolean }, answer: Amqp091Method): void {
    if (!noWait) this.channel.send(answer);
  }
}

function bindingOf(
  method: Amqp091MethodOf<'exchange.bind'> | Amqp091MethodOf<'exchange.unbind'>,
): BindingRequest {
  const { routingKey, arguments: fields } = method;
  return {
    ...{ source: declaredName(method.source), destinationKind: 'exchange', routingKey, arguments: fields },
    destination: declaredName(method.destination),
  };
}
