import { Buffer } from 'node:buffer';
import { Authenticator, SessionWatch } from '#libs/auth';
import { aloneCluster } from '#libs/cluster';
import { type MqttQos, MqttReasonCode } from '#libs/mqtt-codec';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { type InMemoryLink, type InMemoryOptions, inMemoryLink } from '#libs/transport';
import { KeepAliveWheel } from '../connection/keep-alive-wheel.js';
import { type MqttMessage, ownedMessage } from '../message.js';
import { MqttConnection } from '../mqtt.connection.js';
import { MqttCounters } from '../mqtt.counters.js';
import { MqttError } from '../mqtt.errors.js';
import { type MqttOptions, mqttOptionsSchema } from '../mqtt.options.js';
import type { MqttServices } from '../mqtt.services.js';
import type { PublishDone, Publisher, PublishRequest } from '../publishing/publisher.js';
import { RetainedMessages } from '../retained/retained-messages.js';
import { RetainedPublisher } from '../retained/retained-publisher.js';
import { retainedDefaults } from '../retained/retained.options.js';
import { LocalSessions } from './local-sessions.js';
import { PublishEncoder } from '../session/publish-encoder.js';
import { WillPublisher } from './will-publisher.js';
import { FilterTree } from '../subscriptions/filter-tree.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import { SystemTopics } from '../system-topics/system-topics.js';
import { FakeRetainedState } from './fake-retained-state.js';
import { TestClient } from './test-client.js';

/** Stores in memory, and gives what was stored to who has subscribed. */
export class MemoryMessages implements Publisher {
  readonly published: (PublishRequest & { readonly text: string })[] = [];
  /** Publishes wait in {@link waiting} until they are called. */
  holds = false;
  readonly waiting: PublishDone[] = [];
  /** What the next publishes are answered. */
  fault: MqttError | undefined;
  readonly #tree = new FilterTree<TailSubscriber, MqttSubscription>();
  readonly #filters = new Map<TailSubscriber, Set<string>>();

  publish(request: PublishRequest, done: PublishDone): undefined {
    const { fault } = this;
    const payload = Buffer.from(request.payload);
    const store: PublishDone = (error) => {
      if (error === undefined) {
        this.published.push({ ...request, payload, text: payload.toString() });
        this.#fanOut({ ...request, payload });
      }
      done(error);
    };
    if (this.holds) this.waiting.push(store);
    else store(fault);
  }

  subscribe(
    _tenant: Tenant,
    subscriber: TailSubscriber,
    subscription: MqttSubscription,
    done: () => void,
  ): void {
    this.#tree.add(subscription.filter, subscriber, subscription);
    const filters = this.#filters.get(subscriber) ?? new Set();
    this.#filters.set(subscriber, filters.add(subscription.filter));
    done();
  }

  unsubscribe(_tenant: Tenant, subscriber: TailSubscriber, filter: string): boolean {
    const filters = this.#filters.get(subscriber);
    if (filters?.delete(filter) && filters.size === 0) this.#filters.delete(subscriber);
    return this.#tree.remove(filter, subscriber) !== undefined;
  }

  drop(_tenant: Tenant, subscriber: TailSubscriber): void {
    for (const filter of this.#filters.get(subscriber) ?? []) this.#tree.remove(filter, subscriber);
    this.#filters.delete(subscriber);
  }

  join(_tenant: Tenant, _member: unknown, _subscription: unknown, done: (error: MqttError) => void): void {
    done(new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'there are no shared subscriptions here'));
  }

  leave(): boolean {
    return false;
  }

  get subscribers(): number {
    return this.#filters.size;
  }

  #fanOut({ topic, payload, qos, retain, properties, clientId }: PublishRequest): void {
    const message: MqttMessage = ownedMessage({
      ...{ topic, payload, qos, retain, properties },
      expiresAtMs: undefined,
      publisherId: clientId,
    });
    const given = new Map<TailSubscriber, { qos: MqttQos; identifiers: number[] }>();
    for (const values of this.#tree.matching(topic)) {
      for (const [subscriber, subscription] of values) {
        const known = given.get(subscriber) ?? { qos: 0, identifiers: [] };
        if (subscription.qos > known.qos) known.qos = subscription.qos;
        if (subscription.identifier !== undefined) known.identifiers.push(subscription.identifier);
        given.set(subscriber, known);
      }
    }
    for (const [subscriber, { qos: granted, identifiers }] of given) {
      const lower = granted < qos ? granted : qos;
      subscriber.deliver({ message, qos: lower, retain: false, subscriptionIdentifiers: identifiers });
    }
  }
}

export interface MqttBed {
  readonly services: MqttServices;
  readonly messages: MemoryMessages;
  /** Topics and filters that nobody may use; to be added to. */
  readonly denied: Set<string>;
  readonly sessions: LocalSessions;
  /** A new connection, CONNECT not sent. */
  open(link?: InMemoryOptions): TestClient & { readonly memory: InMemoryLink };
  close(): void;
}

export const testTenants: readonly Tenant[] = [
  {
    name: 'acme',
    pulsarNamespace: 'acme/n',
    limits: {},
    kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
  },
];

/** The MQTT front without Pulsar: one anonymous tenant, and the user `alice` with the password `secret`. */
export async function mqttBed(
  settings: Partial<MqttOptions> & { readonly anonymous?: boolean } = {},
  replaced: Partial<MqttServices> = {},
): Promise<MqttBed> {
  const { anonymous = true, ...changed } = settings;
  const options = { ...mqttOptionsSchema.parse({}), ...changed };
  const tenants = new TenantDirectory(testTenants);
  const listener = { name: 'mqtt', tenant: 'acme', anonymousTenant: anonymous ? 'acme' : undefined };
  const authenticator = new Authenticator({
    ...{ users: [{ tenant: 'acme', name: 'alice', password: 'secret' }], tenants, listeners: [listener] },
    ...{ log: silentLog, failureFloorMs: 0 },
  });
  const messages = new MemoryMessages();
  const metrics = new Metrics({ processMetrics: false });
  const counters = new MqttCounters();
  const cluster = aloneCluster();
  const denied = new Set<string>();
  const authorization = {
    mayPublish: (_: unknown, topic: string) => !denied.has(topic),
    maySubscribe: (_: unknown, filter: string) =>
      (denied.has(filter) ? 'denied' : 'allowed') as 'denied' | 'allowed',
    mayReceive: (_: unknown, topic: string) => !denied.has(topic),
    version: () => 1,
  };
  const retained = new RetainedMessages(retainedDefaults, {
    ...{ cluster, metrics },
    openState: () => new FakeRetainedState(),
  });
  const publisher = new RetainedPublisher(messages, retained);
  const { outboundQueueMessagesMax, outboundQueueBytesMax } = options;
  const scope = {
    ...{ outboundQueueMessagesMax, outboundQueueBytesMax, counters },
    ...{ encoder: new PublishEncoder(), nowMs: Date.now },
  };
  const wills = new WillPublisher({ publisher, authorization });
  const sessions = new LocalSessions({
    publisher,
    tails: messages,
    groups: messages,
    scope,
    wills,
    log: silentLog,
  });
  const services = {
    ...{
      authenticator,
      limits: new RateLimits(tenants),
      tenants,
      options,
      log: silentLog,
      metrics,
      counters,
      cluster,
    },
    ...{ publisher, sessions, scope, tails: messages, groups: messages, retained, authorization },
    system: new SystemTopics(options, { version: 'test', retainedCount: () => 0 }),
    keepAlive: new KeepAliveWheel(),
    watch: new SessionWatch(authenticator),
    ...replaced,
  } as unknown as MqttServices;
  const protocol = { name: 'mqtt', accept: (link: never) => new MqttConnection(link, services) };
  return {
    ...{ services, messages, denied, sessions },
    open: (link = {}) => {
      const memory = inMemoryLink(protocol, link);
      return Object.assign(new TestClient(memory.client), { memory });
    },
    close: () => {
      services.keepAlive.close();
      services.watch.close();
      services.system.close();
      void retained.close();
    },
  };
}
