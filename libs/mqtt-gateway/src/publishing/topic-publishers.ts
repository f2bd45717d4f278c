import { randomUUID } from 'node:crypto';
import { MqttReasonCode } from '#libs/mqtt-codec';
import {
  type EntryPosition,
  keyHash,
  type PulsarClient,
  type PublishPressure,
  PublishBudget,
  TurnEnd,
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
const sweepIntervalMs = 30_000;
/** A Pulsar topic that nobody published to for so long has no producer. */
const topicIdleMs = 300_000;
/** Pulsar topics of a tenant, above those that it may have, about which Pulsar is asked. */
const refusedTopicsMax = 1_000;
/** One tenant has this of the process's bytes. */
const tenantShare = 0.5;
/** Of Pulsar's producers, above the bounds here: they never refuse first. */
const pendingBytesMax = 256 * 1024 * 1024;

/** Where the messages of one MQTT topic go, with what they have in common. */
interface Route {
  readonly name: string;
  readonly hash: number;
  readonly fields: Buffer;
  publisher: TopicPublisher;
}

/** What publishing has of one tenant. */
class TenantPublishers {
  readonly topics = new Map<string, TopicPublisher>();
  readonly routes = new RecentMap<string, Route>(remembered);
  readonly clients = new RecentMap<string, Buffer>(remembered);

  constructor(readonly budget: PublishBudget) {}
}

/**
 * Stores what MQTT clients publish: a map look-up to the Pulsar topic, a copy into the entry that is being put together
 * there, and a callback after its receipt.
 */
export class TopicPublishers implements Publisher {
  /** Told of each entry that Pulsar has, before its publishers hear of it. */
  onStored: ((tenant: Tenant, partition: string, position: EntryPosition) => void) | undefined;
  /** Of this start of this process: a producer's name that comes back would make deduplication drop data. */
  private readonly instance = randomUUID();
  private producers = 0;
  private readonly tenants = new Map<Tenant, TenantPublishers>();
  private readonly budget: PublishBudget;
  private readonly process: PublisherProcess;
  private readonly sweep: NodeJS.Timeout;
  private readonly turnEnd = new TurnEnd();
  /** What is encoded for the message at hand; used only inside one call. */
  private readonly fields: { -readonly [K in keyof CommonFields]: Buffer } = {
    ofTopic: Buffer.alloc(0),
    ofClient: Buffer.alloc(0),
  };
  private closed = false;

  constructor(
    private readonly pulsar: PulsarClient,
    private readonly topics: MqttTopicRegistry,
    private readonly options: MqttOptions,
    private readonly log: Log,
  ) {
    this.budget = new PublishBudget(options.publishBytesInFlightMaxPerProcess);
    this.process = {
      partitionBytesMax: options.publishBytesInFlightMaxPerPartition,
      publishTimeoutMs: options.publishTimeoutMs,
      topic: (tenant, name) => topics.forPublishing(tenant, name),
      open: (tenant, partition) => this.open(tenant, partition),
      schedule: this.turnEnd.schedule,
      onStored: (tenant, partition, position) => this.onStored?.(tenant, partition, position),
      forget: (tenant, name) => topics.invalidate(tenant, name),
      onThrown: (error) =>
        this.log.error({ event: 'mqtt.publish-callback-threw', error }, 'a callback threw'),
    };
    this.sweep = setInterval(() => this.lookAround(), sweepIntervalMs).unref();
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_mqtt_publish_bytes_in_flight',
      help: 'Bytes that MQTT clients published and Pulsar has not confirmed.',
      read: () => this.budget.bytes,
    });
    metrics.gauge({
      name: 'pulsegate_mqtt_topics_published',
      help: 'Pulsar topics that MQTT clients publish to at present.',
      read: () => this.topicCount,
    });
  }

  publish(request: PublishRequest, done: PublishDone): PublishPressure | undefined {
    if (this.closed) {
      done(publisherClosed());
      return undefined;
    }
    const tenant = this.tenants.get(request.tenant) ?? this.addTenant(request.tenant);
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

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.sweep);
    this.turnEnd.flush();
    const publishers = [...this.tenants.values()].flatMap(({ topics }) => [...topics.values()]);
    this.tenants.clear();
    await Promise.all(publishers.map((publisher) => publisher.end()));
  }

  private get topicCount(): number {
    let count = 0;
    for (const { topics } of this.tenants.values()) count += topics.size;
    return count;
  }

  private addTenant(tenant: Tenant): TenantPublishers {
    const bytesMax = this.options.publishBytesInFlightMaxPerProcess * tenantShare;
    const added = new TenantPublishers(new PublishBudget(bytesMax, this.budget));
    this.tenants.set(tenant, added);
    return added;
  }

  private addRoute(known: TenantPublishers, { tenant, topic }: PublishRequest): Route | MqttError {
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

  private publisherOf(known: TenantPublishers, tenant: Tenant, name: string): TopicPublisher | undefined {
    let publisher = known.topics.get(name);
    if (publisher === undefined || publisher.hasEnded) {
      const { topicsMax } = tenant.mqtt ?? tenantMqttDefaults;
      if (known.topics.size >= topicsMax + refusedTopicsMax) return undefined;
      publisher = new TopicPublisher(tenant, name, known.budget, this.process);
      known.topics.set(name, publisher);
    }
    return publisher;
  }

  private open(tenant: Tenant, topic: string) {
    return this.pulsar.createProducer({
      topic,
      tenantKey: tenant.name,
      name: `pulsegate.${this.instance}.mqtt.${this.producers++}`,
      pendingBytesMax,
      sendTimeoutMs: this.options.publishTimeoutMs,
    });
  }

  private lookAround(): void {
    const idleSince = Date.now() - topicIdleMs;
    for (const { topics } of this.tenants.values()) {
      for (const [name, publisher] of topics) {
        if (!publisher.idle || publisher.lastUsedMs > idleSince) void publisher.refresh();
        else {
          topics.delete(name);
          void publisher.end();
        }
      }
    }
  }
}

function tooManyTopics(): MqttError {
  return new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'too many Pulsar topics are published to');
}

function addClient(known: TenantPublishers, clientId: string): Buffer {
  const fields = clientFields(clientId);
  if (clientId.length <= rememberedCharsMax) known.clients.set(clientId, fields);
  return fields;
}
