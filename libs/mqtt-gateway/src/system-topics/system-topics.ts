import { Buffer } from 'node:buffer';
import type { MqttMessage } from '../message.js';
import { RetainedTree } from '../retained/retained-tree.js';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import { systemValues } from './system-values.js';
import { TenantTraffic } from './tenant-traffic.js';

export interface SystemTopicsOptions {
  /** How often values are sent; 0: there are no system topics. */
  readonly systemTopicsIntervalMs: number;
}

export interface SystemTopicsServices {
  /** Of this gateway. */
  readonly version: string;
  readonly retainedCount: (tenant: string) => number;
  readonly nowMs?: () => number;
}

/** How a filter of `$SYS` begins. */
const systemPrefix = '$SYS/';

export function isSystemFilter(filter: string): boolean {
  return filter.startsWith(systemPrefix) || filter === '$SYS';
}

interface SystemTopic {
  readonly topic: string;
  readonly index: number;
}

/** Who follows system topics: by filter. */
type Followed = Map<string, MqttSubscription>;

interface TenantFollowers {
  readonly followers: Map<TailSubscriber, Followed>;
  /** The last values that were sent, in the order of the topics. */
  messages: readonly MqttMessage[];
}

/**
 * `$SYS/broker/...`: what this gateway counts of the tenant's own clients, under the names that mosquitto made known. They
 * are in no topic of Pulsar: each gateway tells its own. All are QoS 0: who is away misses them.
 */
export class SystemTopics {
  readonly #traffic = new Map<string, TenantTraffic>();
  readonly #tenants = new Map<string, TenantFollowers>();
  readonly #tree = new RetainedTree<SystemTopic>();
  readonly #nowMs: () => number;
  readonly #startedAtMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: SystemTopicsOptions,
    private readonly services: SystemTopicsServices,
  ) {
    this.#nowMs = services.nowMs ?? Date.now;
    this.#startedAtMs = this.#nowMs();
    for (const [index, { topic }] of systemValues.entries()) this.#tree.set(topic, { topic, index });
  }

  /** Counts of a tenant, the same object always. */
  traffic(tenant: string): TenantTraffic {
    let traffic = this.#traffic.get(tenant);
    if (traffic === undefined) this.#traffic.set(tenant, (traffic = new TenantTraffic()));
    return traffic;
  }

  /**
   * From now on the session gets what matches, and what there is now as retained messages. To be called again for a session
   * that comes back.
   *
   * @param existed there was a subscription with this filter, for Retain Handling 1
   */
  follow(tenant: string, subscriber: TailSubscriber, subscription: MqttSubscription, existed: boolean): void {
    if (this.options.systemTopicsIntervalMs === 0) return;
    let followed = this.#tenants.get(tenant);
    if (followed === undefined) {
      followed = { followers: new Map(), messages: this.#valuesOf(tenant) };
      this.#tenants.set(tenant, followed);
    }
    const filters = followed.followers.get(subscriber);
    if (filters === undefined)
      followed.followers.set(subscriber, new Map([[subscription.filter, subscription]]));
    else filters.set(subscription.filter, subscription);
    const { retainHandling, checked } = subscription;
    if (retainHandling === 0 || (retainHandling === 1 && !existed)) {
      for (const index of this.#matching(subscription)) {
        const message = followed.messages[index]!;
        if (checked && !subscriber.mayReceive(message.topic)) continue;
        subscriber.deliver(delivery(message, true, [subscription]));
      }
    }
    this.#timer ??= setInterval(() => this.#tell(), this.options.systemTopicsIntervalMs).unref();
  }

  unfollow(tenant: string, subscriber: TailSubscriber, filter: string): void {
    const followers = this.#tenants.get(tenant)?.followers;
    const filters = followers?.get(subscriber);
    filters?.delete(filter);
    if (filters?.size === 0) this.drop(tenant, subscriber);
  }

  /** The connection has ended. */
  drop(tenant: string, subscriber: TailSubscriber): void {
    const followed = this.#tenants.get(tenant);
    if (followed === undefined) return;
    followed.followers.delete(subscriber);
    if (followed.followers.size === 0) this.#tenants.delete(tenant);
    if (this.#tenants.size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(): void {
    for (const [tenant, followed] of this.#tenants) {
      followed.messages = this.#valuesOf(tenant);
      for (const [subscriber, filters] of followed.followers) this.#tellOne(subscriber, filters, followed);
    }
  }

  /** One message each, however many of its filters match. */
  #tellOne(subscriber: TailSubscriber, filters: Followed, { messages }: TenantFollowers): void {
    const matched = new Map<number, MqttSubscription[]>();
    for (const subscription of filters.values()) {
      for (const index of this.#matching(subscription)) {
        const known = matched.get(index);
        if (known === undefined) matched.set(index, [subscription]);
        else known.push(subscription);
      }
    }
    for (const [index, subscriptions] of matched) {
      const { topic } = messages[index]!;
      if (subscriptions.every(({ checked }) => checked) && !subscriber.mayReceive(topic)) continue;
      const asPublished = subscriptions.some(({ retainAsPublished }) => retainAsPublished);
      subscriber.deliver(delivery(messages[index]!, asPublished, subscriptions));
    }
  }

  #matching({ filter }: MqttSubscription): number[] {
    const walk = this.#tree.matching(filter);
    const found: number[] = [];
    while (!walk.isDone) {
      const topic = walk.next(systemValues.length);
      if (topic !== undefined) found.push(topic.index);
    }
    return found;
  }

  #valuesOf(tenant: string): MqttMessage[] {
    const { version, retainedCount } = this.services;
    const of = {
      version,
      uptimeSeconds: Math.floor((this.#nowMs() - this.#startedAtMs) / 1_000),
      traffic: this.traffic(tenant),
      retained: retainedCount(tenant),
    };
    return systemValues.map(({ topic, read }) => ({
      topic,
      payload: Buffer.from(String(read(of))),
      qos: 0,
      retain: true,
      properties: noProperties,
      expiresAtMs: undefined,
      publisherId: undefined,
    }));
  }
}

const noProperties = {};

function delivery(
  message: MqttMessage,
  retain: boolean,
  subscriptions: readonly MqttSubscription[],
): MqttDelivery {
  const subscriptionIdentifiers = subscriptions.flatMap(({ identifier }) => identifier ?? []);
  return { message, qos: 0, retain, subscriptionIdentifiers };
}
