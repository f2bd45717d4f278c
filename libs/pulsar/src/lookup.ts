import type { BrokerConnection } from './broker-connection.js';
import type { ResolvedClientOptions } from './client.options.js';
import type { BrokerAddress } from './connection.js';
import { serviceAddress } from './connection-pool.js';
import { PulsarError } from './pulsar.errors.js';
import { hostPort, parseServiceUrl } from './service-url.js';
import type { BaseCommand } from './wire/commands.js';

export interface LookupConnections {
  readonly tls: boolean;
  connection(broker: BrokerAddress, key: { tenantKey: string; use: 'lookup' }): Promise<BrokerConnection>;
}

/** Redirects followed in one lookup; Java's client has the same bound. */
const redirectsMax = 20;
const responseRedirect = 0;

/**
 * Which broker serves a topic. A lookup is also what makes a broker load the topic's bundle, so it
 * precedes every PRODUCER and SUBSCRIBE and its result is not cached; concurrent ones for a topic are one.
 */
export class TopicLookup {
  readonly #options: ResolvedClientOptions;
  readonly #connections: LookupConnections;
  readonly #underway = new Map<string, Promise<BrokerAddress>>();
  readonly #metadataUnderway = new Map<string, Promise<number>>();

  constructor(options: ResolvedClientOptions, connections: LookupConnections) {
    this.#options = options;
    this.#connections = connections;
  }

  /** Rejects with the broker's error, 'TooManyRedirects', 'TooManyPending' or a connection's error. */
  broker(topic: string): Promise<BrokerAddress> {
    return this.#once(this.#underway, topic, () => this.#find(topic));
  }

  /** Number of partitions, 0 for a topic without. Never creates; rejects with 'TopicNotFound'. */
  partitions(topic: string): Promise<number> {
    return this.#once(this.#metadataUnderway, topic, async () => {
      const connection = await this.#lookupConnection(serviceAddress);
      const { partitionMetadataResponse: metadata } = await connection.request({
        partitionMetadata: { topic, metadataAutoCreationEnabled: false },
      });
      return metadata?.partitions ?? 0;
    });
  }

  /** The address behind a URL that a broker named, reached the way `like` is. Undefined when there is none to use. */
  address(
    url: string | undefined,
    urlTls: string | undefined,
    throughServiceUrl: boolean,
  ): BrokerAddress | undefined {
    const chosen = this.#connections.tls ? urlTls : url;
    if (!chosen) return undefined;
    const [host] = parseServiceUrl(chosen).hosts;
    if (!host) return undefined;
    const key = `${throughServiceUrl ? 'via ' : ''}${hostPort(host.host, host.port)}`;
    return { key, host: host.host, port: host.port, throughServiceUrl };
  }

  async #find(topic: string): Promise<BrokerAddress> {
    let at = serviceAddress;
    let authoritative = false;
    for (let hop = 0; hop <= redirectsMax; hop++) {
      const answer = await this.#ask(at, topic, authoritative);
      const through = answer.proxyThroughServiceUrl ?? false;
      const address = this.address(answer.brokerServiceUrl, answer.brokerServiceUrlTls, through);
      if (!address) {
        const kind = this.#connections.tls ? 'TLS' : 'plain';
        throw new PulsarError(
          'ServiceNotReady',
          `${topic}: the lookup named no broker with a ${kind} address`,
        );
      }
      if (answer.response !== responseRedirect) return address;
      at = address;
      authoritative = answer.authoritative ?? false;
    }
    throw new PulsarError('TooManyRedirects', `${topic}: more than ${redirectsMax} redirects`);
  }

  async #ask(at: BrokerAddress, topic: string, authoritative: boolean) {
    const connection = await this.#lookupConnection(at);
    const { lookupTopicResponse } = await connection.request({
      lookupTopic: { topic, authoritative, advertisedListenerName: this.#options.listenerName },
    });
    return lookupTopicResponse as NonNullable<BaseCommand['lookupTopicResponse']>;
  }

  #lookupConnection(at: BrokerAddress): Promise<BrokerConnection> {
    return this.#connections.connection(at, { tenantKey: '', use: 'lookup' });
  }

  #once<T>(underway: Map<string, Promise<T>>, topic: string, ask: () => Promise<T>): Promise<T> {
    const present = underway.get(topic);
    if (present) return present;
    const pending = this.#underway.size + this.#metadataUnderway.size;
    if (pending >= this.#options.lookupsPendingMax) {
      return Promise.reject(new PulsarError('TooManyPending', `${pending} lookups outstanding`));
    }
    const asked = ask().finally(() => underway.delete(topic));
    underway.set(topic, asked);
    return asked;
  }
}
