import { MqttReasonCode } from '#libs/mqtt-codec';
import {
  type EntryPosition,
  keyHash,
  type PulsarClient,
  type PublishPressure,
  PublisherPool,
  TenantPublishers,
} from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import { type Tenant, tenantMqttDefaults } from '#libs/tenancy';
import { clientFields, publishBytes, topicFields } from '../mapping/message.mapping.js';
import { RecentMap } from '../mapping/recent-map.js';
import { MqttError } from '../mqtt.errors.js';
import type { MqttOptions } from '../mqtt.options.js';
import type { MqttTopicRegistry } from './mqtt-topic-registry.js';
import type { CommonFields } from './publish-kind.js';
import { publisherClosed } from './publish-errors.js';
import type { PublishDone, Publisher, PublishRequest } from './publisher.js';
import { type PublisherProcess, TopicPublisher } from './topic-publisher.js';

/** MQTT topics, and clients, of which what is stored with each message is remembered, twice; of a tenant. */
const remembered = 8_192;
/** Longer ones are not remembered: memory. */
const rememberedCharsMax = 256;
/** Pulsar topics of a tenant, above those that it may have, about which Pulsar is asked. */
const refusedTopicsMax = 1_000;

/** Where the messages of one MQTT topic go, with what they have in common. */
interface Route {
  readonly name: string;
  readonly hash: number;
  readonly fields: Buffer;
  publisher: TopicPublisher;
}

/** What publishing has of one tenant: publishers by Pulsar topic, and how to get there. */
class TenantTopics extends TenantPublishers<TopicPublisher> {
  readonly routes = new RecentMap<string, Route>(remembered);
  readonly clients = new RecentMap<string, Buffer>(remembered);
}

/**
 * Stores what MQTT clients publish: a map look-up to the Pulsar topic, a copy into the entry that is being put together
 * there, and a callback after its receipt.
 */
export class TopicPublishers implements Publisher {
  /** Told of each entry that Pulsar has, before its publishers hear of it. */
  onStored: ((tenant: Tenant, partition: string, position: EntryPosition) => void) | undefined;
  private readonly pool: PublisherPool<TopicPublisher, TenantTopics>;
  private readonly process: PublisherProcess;
  /** What is encoded for the message at hand; used only inside one call. */
  private readonly fields: { -readonly [K in keyof CommonFields]: Buffer } = {
    ofTopic: Buffer.alloc(0),
    ofClient: Buffer.alloc(0),
  };

  constructor(
    pulsar: PulsarClient,
    private readonly topics: MqttTopicRegistry,
    options: MqttOptions,
    log: Log,
  ) {
    const pool = new PublisherPool<TopicPublisher, TenantTopics>({
      ...{ pulsar, protocol: 'mqtt', log, publishTimeoutMs: options.publishTimeoutMs },
      bytesInFlightMax: options.publishBytesInFlightMaxPerProcess,
      newTenant: (budget) => new TenantTopics(budget),
      onUsed: (publisher) => void publisher.refresh(),
    });
    this.pool = pool;
    this.process = {
      partitionBytesMax: options.publishBytesInFlightMaxPerPartition,
      publishTimeoutMs: options.publishTimeoutMs,
      topic: (tenant, name, by) => topics.forPublishing(tenant, name, by),
      open: (tenant, partition) => pool.open(tenant, partition),
      schedule: pool.schedule,
      onStored: (tenant, partition, position) => this.onStored?.(tenant, partition, position),
      forget: (tenant, name) => topics.invalidate(tenant, name),
      onThrown: pool.onThrown,
    };
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_mqtt_publish_bytes_in_flight',
      help: 'Bytes that MQTT clients published and Pulsar has not confirmed.',
      read: () => this.pool.bytesInFlight,
    });
    metrics.gauge({
      name: 'pulsegate_mqtt_topics_published',
      help: 'Pulsar topics that MQTT clients publish to at present.',
      read: () => this.pool.count,
    });
  }

  publish(request: PublishRequest, done: PublishDone): PublishPressure | undefined {
    if (this.pool.isClosed) {
      done(publisherClosed());
      return undefined;
    }
    const tenant = this.pool.of(request.tenant);
    const route = tenant.routes.get(request.topic) ?? this.addRoute(tenant, request);
    if (route instanceof MqttError) {
      done(route);
      return undefined;
    }
    if (route.publisher.hasEnded) {
      const publisher = this.publisherOf(tenant, request.tenant, route.name);
      if (publisher === undefined) {
        done(tooManyTopics());
        return undefined;
      }
      route.publisher = publisher;
    }
    const { fields } = this;
    fields.ofTopic = route.fields;
    fields.ofClient = tenant.clients.get(request.clientId) ?? addClient(tenant, request.clientId);
    const bytes = publishBytes(request, fields.ofTopic, fields.ofClient);
    return route.publisher.publish(request, fields, route.hash, Date.now(), bytes, done);
  }

  /** The tenant is not there any more. */
  endTenant(tenant: Tenant): void {
    this.pool.endTenant(tenant);
  }

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  close(): Promise<void> {
    return this.pool.close();
  }

  private addRoute(known: TenantTopics, { tenant, topic }: PublishRequest): Route | MqttError {
    const place = this.topics.mapping(tenant).toPulsar(topic);
    if (place instanceof MqttError) return place;
    const publisher = this.publisherOf(known, tenant, place.topic);
    if (publisher === undefined) return tooManyTopics();
    const route = {
      name: place.topic,
      hash: keyHash(place.key),
      fields: topicFields(topic, place),
      publisher,
    };
    if (topic.length <= rememberedCharsMax) known.routes.set(topic, route);
    return route;
  }

  private publisherOf(known: TenantTopics, tenant: Tenant, name: string): TopicPublisher | undefined {
    const publisher = known.byName.get(name);
    if (publisher !== undefined && !publisher.hasEnded) return publisher;
    const { topicsMax } = tenant.mqtt ?? tenantMqttDefaults;
    if (known.byName.size >= topicsMax + refusedTopicsMax) return undefined;
    return this.pool.add(known, name, new TopicPublisher(tenant, name, known.budget, this.process));
  }
}

function tooManyTopics(): MqttError {
  return new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'too many Pulsar topics are published to');
}

function addClient(known: TenantTopics, clientId: string): Buffer {
  const fields = clientFields(clientId);
  if (clientId.length <= rememberedCharsMax) known.clients.set(clientId, fields);
  return fields;
}
