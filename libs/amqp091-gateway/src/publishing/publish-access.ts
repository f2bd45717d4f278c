import type { Buffer } from 'node:buffer';
import type { ChannelConnection } from '../channels/channel-part.js';
import { defaultExchangeName, type Exchange } from '../exchanges/exchange.js';
import { preconditionFailed } from '../topology/refusals.js';
import type { TopologyClient } from '../topology/vhost-topology.js';

/** Routing keys of one exchange that are known to be allowed. */
const keysMax = 1_024;
/** Stands for all keys of exchanges where they do not matter. */
const anyKey = '';

/** Whether a channel may publish: the answers are kept as long as none of them can have changed. */
export class PublishAccess {
  #exchange: Exchange | undefined;
  #client: TopologyClient | undefined;
  #version = -1;
  readonly #keys = new Set<string>();

  constructor(private readonly connection: ChannelConnection) {}

  /** @throws Amqp091Error `access-refused` */
  check(exchange: Exchange, routingKey: string): void {
    const { client, services, principal } = this.connection;
    const version = services.authorizer.version(principal.tenant.name);
    if (exchange !== this.#exchange || client !== this.#client || version !== this.#version) {
      this.#keys.clear();
      this.#exchange = exchange;
      this.#client = client;
      this.#version = version;
    }
    const isKeyed = exchange.name === defaultExchangeName || exchange.routingType === 'topic';
    const key = isKeyed ? routingKey : anyKey;
    if (this.#keys.has(key)) return;
    client.access.publish(exchange, routingKey);
    if (this.#keys.size >= keysMax) this.#keys.clear();
    this.#keys.add(key);
  }

  /** Nobody may say that it was somebody else (RabbitMQ's "Validated User-ID"). @throws Amqp091Error `precondition-failed` */
  checkUser(said: string | Buffer | undefined): void {
    if (said === undefined) return;
    const { user, tenant } = this.connection.principal;
    if (said === user || said === `${tenant.name}/${user}` || said === `${user}@${tenant.name}`) return;
    throw preconditionFailed(
      `user_id property set to '${said.toString().toWellFormed()}' but authenticated user was '${user}'`,
    );
  }
}
