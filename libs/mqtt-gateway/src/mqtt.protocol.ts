import { SessionWatch } from '#libs/auth';
import { aloneCluster } from '#libs/cluster';
import type { Link, Protocol, ProtocolConnection, WebSocketProfile } from '#libs/transport';
import { MqttAuthorization } from './authorization/mqtt-authorization.js';
import { KeepAliveWheel } from './connection/keep-alive-wheel.js';
import type { MqttFrame } from './connection/mqtt-frame.js';
import { MqttConnection } from './mqtt.connection.js';
import { MqttCounters } from './mqtt.counters.js';
import { registerMqttMetrics } from './mqtt.metrics.js';
import type { MqttProcess, MqttServices } from './mqtt.services.js';
import { MqttTopicRegistry } from './publishing/mqtt-topic-registry.js';
import type { Publisher } from './publishing/publisher.js';
import { SequencedPublishers } from './publishing/sequenced-publishers.js';
import { TopicPublishers } from './publishing/topic-publishers.js';
import { MappedTopics } from './reading/mapped-topics.js';
import { MatchedTopics } from './reading/matched-topics.js';
import { PartitionFeeds } from './reading/partition-feeds.js';
import { ReadingCounters } from './reading/reading-counters.js';
import { registerReadingMetrics } from './reading/reading-metrics.js';
import { pulsarRetainedState, RetainedMessages } from './retained/retained-messages.js';
import { RetainedPublisher } from './retained/retained-publisher.js';
import { MqttSession } from './session/mqtt-session.js';
import { PublishEncoder } from './session/publish-encoder.js';
import type { OpenRequest } from './session/session-directory.js';
import type { SessionScope } from './session/session-scope.js';
import { type TransientParts, TransientSessionStore } from './session/transient-session-store.js';
import type { TransientSession } from './slices/slice-parts.js';
import { SliceSessions } from './slices/slice-sessions.js';
import { SharedSubscriptions } from './subscriptions/share-subscriptions.js';
import { SplicedClients } from './splicing/spliced-clients.js';
import { TailSubscriptions } from './subscriptions/tail-subscriptions.js';
import { SystemTopics } from './system-topics/system-topics.js';

/** What the services are made of, and how they end. */
interface Made {
  readonly services: MqttServices;
  close(): Promise<void>;
}

/** A message may hold a packet of the largest size, and so much of smaller ones that a client gathered. */
const webSocketMarginBytes = 262_144;
/** AUTH packets, frame headers and what each read costs, beside CONNECT. */
const authenticationMarginBytes = 65_536;

/** The MQTT front: makes a connection for each client, and owns what the connections have in common. */
export class MqttProtocol implements Protocol<MqttFrame> {
  readonly name = 'mqtt';
  readonly websocket: WebSocketProfile;
  readonly services: MqttServices;
  readonly #made: Made;
  readonly #spliced: SplicedClients;

  constructor(process: MqttProcess) {
    this.#made = makeServices(process);
    const { services } = this.#made;
    this.services = services;
    this.websocket = {
      // [MQTT-6.0.0-3]; the second is what 3.1 clients say.
      subprotocols: ['mqtt', 'mqttv3.1'],
      messageBytesMax: process.options.packetBytesMax + webSocketMarginBytes,
      unauthenticatedBytesMax: process.options.connectBytesMax + authenticationMarginBytes,
    };
    this.#spliced = new SplicedClients({
      ...process,
      accept: (link, client) => new MqttConnection(link, services, client),
    });
    this.#spliced.serve(services.cluster);
    process.metrics.gauge({
      name: 'pulsegate_mqtt_spliced_clients',
      help: 'Clients that other gateways carry here, as this one has their sessions.',
      read: () => this.#spliced.count,
    });
  }

  accept(link: Link): ProtocolConnection<MqttFrame> {
    return new MqttConnection(link, this.services);
  }

  /** After the listeners are closed: gives sessions away, and closes all Pulsar producers and readers. */
  async close(): Promise<void> {
    await this.#spliced.drain();
    await this.#made.close();
  }
}

/** In the order of who needs whom; closed in the other order. */
function makeServices(process: MqttProcess): Made {
  const { pulsar, options, log, metrics, authenticator, authorizer } = process;
  const cluster = process.cluster ?? aloneCluster();
  const counters = new MqttCounters();
  registerMqttMetrics(metrics, counters);
  const topics = new MqttTopicRegistry(pulsar.admin, cluster, undefined, process.limits);
  const publishers = new TopicPublishers(pulsar, topics, options, log);
  publishers.register(metrics);
  const openState = pulsarRetainedState(options, {
    ...{ pulsar, cluster, log },
    stateServed: process.stateServed ?? (() => true),
  });
  const retained = new RetainedMessages(options, { cluster, openState, metrics });
  const publisher = new RetainedPublisher(publishers, retained);
  const { reading, feeds, matched, tails, groups } = makeReading(process, topics);
  const version = process.version ?? '';
  const system = new SystemTopics(options, { version, retainedCount: (tenant) => retained.count(tenant) });
  const authorization = new MqttAuthorization({ authorizer, mapping: (tenant) => topics.mapping(tenant) });
  const { outboundQueueMessagesMax, outboundQueueBytesMax } = options;
  const scope: SessionScope = {
    ...{ outboundQueueMessagesMax, outboundQueueBytesMax, counters },
    encoder: new PublishEncoder(),
    nowMs: Date.now,
  };
  const sequenced = new SequencedPublishers(pulsar, topics, options, log);
  const sessions = new SliceSessions({
    ...{ pulsar, cluster, tenants: process.tenants, limits: process.limits, options, scope, log },
    ...{
      feeds,
      topics: matched,
      reading,
      shared: groups,
      sequenced,
      publisher,
      authorization,
    },
    retainFirst: new RetainedPublisher(publishesNothing, retained),
    openTransient: (request) => openTransient(request, { publisher, tails, groups }, scope),
  });
  sessions.register(metrics);
  publishers.onStored = (tenant, partition, position) => {
    tails.noteStored(tenant, partition, position);
    sessions.noteStored(tenant, partition, position);
  };
  const unfollow = process.tenants.onChange(({ removed }) => {
    for (const tenant of removed) {
      publishers.endTenant(tenant);
      groups.endTenant(tenant);
      feeds.endTenant(tenant);
      retained.endTenant(tenant);
    }
  });
  const keepAlive = new KeepAliveWheel();
  const watch = new SessionWatch(authenticator);
  const services: MqttServices = {
    ...{ ...process, cluster, counters, publisher, sessions, scope, tails, groups, retained, system },
    ...{ authorization, keepAlive, watch },
  };
  const close = async () => {
    unfollow();
    keepAlive.close();
    watch.close();
    await sessions.close();
    await sequenced.close();
    system.close();
    tails.close();
    await groups.close();
    matched.close();
    feeds.close();
    await publishers.close();
    await retained.close();
    topics.close();
  };
  return { services, close };
}

/** For who publishes elsewhere what is retained before. */
const publishesNothing: Publisher = {
  publish: (_, done) => {
    done(undefined);
    return undefined;
  },
};

function openTransient(
  { clientId, principal }: OpenRequest,
  parts: TransientParts,
  scope: SessionScope,
): TransientSession {
  const store = new TransientSessionStore(parts, principal.tenant);
  const session = new MqttSession({ clientId, store, scope });
  store.bind(session);
  const end = () => {
    session.end();
    store.end();
  };
  return { session, end };
}

/** What is read of Pulsar, and for whom. */
function makeReading({ pulsar, options, log, metrics }: MqttProcess, topics: MqttTopicRegistry) {
  const counters = new ReadingCounters();
  const reading = new MappedTopics(topics);
  const parts = { pulsar, reading, log, counters };
  const { partitionsReadMax, sharedSubscriptionIdleMs, sharedSubscriptionsMax } = options;
  const feeds = new PartitionFeeds({ ...parts, partitionsMax: partitionsReadMax });
  const matched = new MatchedTopics(parts);
  const tails = new TailSubscriptions({ ...parts, feeds, topics: matched });
  const groups = new SharedSubscriptions({
    ...{ ...parts, topics: matched },
    ...{ idleMs: sharedSubscriptionIdleMs, groupsMax: sharedSubscriptionsMax },
  });
  registerReadingMetrics(metrics, counters, tails, groups);
  return { reading, feeds, matched, tails, groups };
}
