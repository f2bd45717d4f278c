import {
  type EntryPosition,
  type Producer,
  type PublishPressure,
  PartitionPublisher,
  PublishBudget,
} from '#libs/pulsar';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import type { MqttTopic, TopicUser } from './mqtt-topic.js';
import { type CommonFields, type MqttPartitionPublisher, mqttPublishKind } from './publish-kind.js';
import { asPublishError, publisherClosed, tooMuchInFlight } from './publish-errors.js';
import type { PublishDone, PublishRequest } from './publisher.js';

/** What the publishers of all topics have in common. */
export interface PublisherProcess {
  readonly partitionBytesMax: number;
  readonly publishTimeoutMs: number;
  topic(tenant: Tenant, name: string, by?: TopicUser): Promise<MqttTopic>;
  open(tenant: Tenant, partition: string): Promise<Producer>;
  schedule(partition: { flush(): void }): void;
  /** Pulsar has an entry; before its publishers hear of it. */
  onStored(tenant: Tenant, partition: string, position: EntryPosition): void;
  /** Forgets what is known of the topic. */
  forget(tenant: Tenant, name: string): void;
  onThrown(thrown: unknown): void;
}

/** Messages to a topic that cannot be had are refused for so long without asking Pulsar again. */
const failureKnownMs = 1_000;

interface Waiting {
  readonly request: PublishRequest;
  readonly fields: CommonFields;
  readonly hash: number;
  readonly nowMs: number;
  readonly bytes: number;
  readonly done: PublishDone;
}

/** Stores messages in one Pulsar topic. The first wait until it is known how many partitions it has, or it is made. */
export class TopicPublisher {
  private topic: MqttTopic | undefined;
  private partitions: MqttPartitionPublisher[] = [];
  private readonly byName = new Map<string, MqttPartitionPublisher>();
  private waiting: Waiting[] = [];
  /** What waits must find room in one partition. */
  private readonly waitingBudget: PublishBudget;
  private resolving = false;
  private failure: { readonly error: MqttError; readonly untilMs: number } | undefined;
  private ended = false;

  constructor(
    private readonly tenant: Tenant,
    private readonly name: string,
    private readonly budget: PublishBudget,
    private readonly process: PublisherProcess,
  ) {
    this.waitingBudget = new PublishBudget(process.partitionBytesMax, budget);
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  get idle(): boolean {
    return this.waiting.length === 0 && this.partitions.every(({ idle }) => idle);
  }

  /** Of the last message, in milliseconds since 1970. */
  get lastUsedMs(): number {
    return this.partitions.reduce((last, { lastUsedMs }) => Math.max(last, lastUsedMs), 0);
  }

  publish(
    request: PublishRequest,
    fields: CommonFields,
    hash: number,
    nowMs: number,
    bytes: number,
    done: PublishDone,
  ): PublishPressure | undefined {
    const { topic, partitions } = this;
    if (topic === undefined) return this.wait({ request, fields, hash, nowMs, bytes, done });
    if (topic.compacted && request.payload.length === 0) {
      done(emptyPayloadFault());
      return undefined;
    }
    const partition = partitions.length === 1 ? partitions[0] : partitions[hash % partitions.length];
    return (partition as MqttPartitionPublisher).append(request, fields, nowMs, bytes, -1, done);
  }

  /** Looks again how many partitions there are. */
  async refresh(): Promise<void> {
    if (this.topic === undefined || this.ended) return;
    const topic = await this.process.topic(this.tenant, this.name).catch(() => undefined);
    if (topic !== undefined && !this.ended) this.use(topic);
  }

  /** For good; publishing to the topic begins anew with another publisher. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.failWaiting(publisherClosed());
    await Promise.all([...this.byName.values()].map((partition) => partition.end()));
  }

  private wait(message: Waiting): PublishPressure | undefined {
    if (this.ended || !this.waitingBudget.admits(message.bytes)) {
      message.done(this.ended ? publisherClosed() : tooMuchInFlight());
      return this.ended ? undefined : this.waitingBudget;
    }
    if (this.failure !== undefined && performance.now() < this.failure.untilMs) {
      message.done(this.failure.error);
      return undefined;
    }
    const { request } = message;
    const { correlationData } = request.properties;
    const properties =
      correlationData === undefined
        ? request.properties
        : { ...request.properties, correlationData: Buffer.from(correlationData) };
    const owned = { ...request, payload: Buffer.from(request.payload), properties };
    this.waiting.push({ ...message, request: owned, fields: { ...message.fields } });
    if (!this.resolving) void this.resolve();
    return this.waitingBudget.add(message.bytes);
  }

  private async resolve(): Promise<void> {
    this.resolving = true;
    try {
      const topic = await this.process.topic(this.tenant, this.name, this.waiting[0]?.request);
      if (!this.ended) this.use(topic);
    } catch (error) {
      const failure = { error: asPublishError(error), untilMs: performance.now() + failureKnownMs };
      this.failure = failure;
      this.failWaiting(failure.error);
      return;
    } finally {
      this.resolving = false;
    }
    for (const { request, fields, hash, nowMs, bytes, done } of this.waiting.splice(0)) {
      this.waitingBudget.remove(bytes);
      this.publish(request, fields, hash, nowMs, bytes, done);
    }
  }

  private use(topic: MqttTopic): void {
    this.topic = topic;
    this.partitions = topic.partitions.map((name) => {
      let partition = this.byName.get(name);
      if (partition === undefined) {
        partition = this.newPartition(name);
        this.byName.set(name, partition);
      }
      return partition;
    });
  }

  private newPartition(partition: string): MqttPartitionPublisher {
    const { process, tenant } = this;
    return new PartitionPublisher(
      mqttPublishKind,
      new PublishBudget(process.partitionBytesMax, this.budget),
      {
        open: () => process.open(tenant, partition),
        openMsMax: process.publishTimeoutMs,
        schedule: (own) => process.schedule(own),
        onStored: (receipt) => process.onStored(tenant, partition, receipt),
        onLost: () => this.lost(),
        onThrown: (thrown) => process.onThrown(thrown),
      },
    );
  }

  /** The topic may have been deleted: the next message looks, and makes it. */
  private lost(): void {
    this.topic = undefined;
    this.process.forget(this.tenant, this.name);
  }

  private failWaiting(error: MqttError): void {
    for (const { bytes, done } of this.waiting.splice(0)) {
      this.waitingBudget.remove(bytes);
      try {
        done(error);
      } catch (thrown) {
        this.process.onThrown(thrown);
      }
    }
  }
}

/** Pulsar's compaction takes an empty message for the deletion of its key. */
export function emptyPayloadFault(): MqttError {
  return new MqttError(
    MqttReasonCode.PAYLOAD_FORMAT_INVALID,
    'a compacted Pulsar topic takes no message without a payload',
  );
}
