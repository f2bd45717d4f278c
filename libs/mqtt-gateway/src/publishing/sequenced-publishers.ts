import { MqttReasonCode } from '#libs/mqtt-codec';
import {
  isPulsarError,
  keyHash,
  type PulsarClient,
  PartitionPublisher,
  PublishBudget,
  TurnEnd,
} from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { clientFields, publishBytes, topicFields } from '../mapping/message.mapping.js';
import { MqttError } from '../mqtt.errors.js';
import type { MqttOptions } from '../mqtt.options.js';
import type { MqttTopics, TopicUser } from './mqtt-topic.js';
import { type MqttPartitionPublisher, mqttPublishKind } from './publish-kind.js';
import { asPublishError } from './publish-errors.js';
import type { PublishDone, PublishRequest } from './publisher.js';
import type { SequencedPlace, SequencedProducers, SequencedPublisher } from './sequenced-publisher.js';
import { emptyPayloadFault } from './topic-publisher.js';

const pendingBytesMax = 256 * 1024 * 1024;

/** What the producers of all names have in common. */
interface SequencedProcess {
  readonly pulsar: PulsarClient;
  readonly topics: MqttTopics;
  readonly budget: PublishBudget;
  readonly partitionBytesMax: number;
  readonly turnEnd: TurnEnd;
  onThrown(thrown: unknown): void;
}

/** Makes the producers of those who must store each message once (see {@link SequencedProducers}). */
export class SequencedPublishers implements SequencedPublisher {
  private readonly process: SequencedProcess;
  private readonly opened = new Set<NamedProducers>();

  constructor(pulsar: PulsarClient, topics: MqttTopics, options: MqttOptions, log: Log) {
    this.process = {
      pulsar,
      topics,
      budget: new PublishBudget(options.publishBytesInFlightMaxPerProcess),
      partitionBytesMax: options.publishBytesInFlightMaxPerPartition,
      turnEnd: new TurnEnd(),
      onThrown: (error) => log.error({ event: 'mqtt.publish-callback-threw', error }, 'a callback threw'),
    };
  }

  open(tenant: Tenant, producerName: string): SequencedProducers {
    const producers = new NamedProducers(tenant, producerName, this.process, () =>
      this.opened.delete(producers),
    );
    this.opened.add(producers);
    return producers;
  }

  async close(): Promise<void> {
    await Promise.all([...this.opened].map((producers) => producers.close()));
  }
}

class NamedProducers implements SequencedProducers {
  private readonly partitions = new Map<string, SequencedPartition>();
  /** By Pulsar topic: the reservation that the next one waits for. */
  private readonly order = new Map<string, Promise<unknown>>();
  private closed = false;

  constructor(
    private readonly tenant: Tenant,
    private readonly producerName: string,
    private readonly process: SequencedProcess,
    private readonly onClosed: () => void,
  ) {}

  async reserve(request: PublishRequest): Promise<SequencedPlace> {
    const place = this.process.topics.mapping(this.tenant).toPulsar(request.topic);
    if (place instanceof MqttError) throw place;
    const { topic: name, key } = place;
    // The payload's bytes are the socket's: nothing of them is looked at later.
    const isEmpty = request.payload.length === 0;
    const { clientId, log } = request;
    const by = { clientId, ...(log && { log }) };
    const turn = (this.order.get(name) ?? Promise.resolve()).then(() =>
      this.reserveNow(name, key, isEmpty, by),
    );
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.order.set(name, settled);
    try {
      return await turn;
    } catch (error) {
      throw this.closed ? givenUp() : asPublishError(error);
    } finally {
      if (this.order.get(name) === settled) this.order.delete(name);
    }
  }

  send({ partition, sequenceId }: SequencedPlace, request: PublishRequest, done: PublishDone): void {
    if (this.closed) {
      done(givenUp());
      return;
    }
    const place = this.process.topics.mapping(this.tenant).toPulsar(request.topic);
    if (place instanceof MqttError) {
      done(place);
      return;
    }
    const fields = { ofTopic: topicFields(request.topic, place), ofClient: clientFields(request.clientId) };
    const bytes = publishBytes(request, fields.ofTopic, fields.ofClient);
    // What Pulsar was given and did not confirm before the end may be stored.
    const told: PublishDone = (error) => done(error !== undefined && this.closed ? givenUp() : error);
    this.partition(partition).publisher.append(request, fields, Date.now(), bytes, sequenceId, told);
  }

  async lastStored(partition: string): Promise<number> {
    try {
      return await this.partition(partition).lastStored();
    } catch (error) {
      if (this.closed) throw givenUp();
      // With the topic all that was stored there is gone.
      if (error instanceof MqttError && isPulsarError(error.cause, 'TopicNotFound')) return -1;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all([...this.partitions.values()].map(({ publisher }) => publisher.end(givenUp())));
    this.onClosed();
  }

  private async reserveNow(
    name: string,
    key: string,
    isEmpty: boolean,
    by: TopicUser,
  ): Promise<SequencedPlace> {
    await this.room();
    if (this.closed) throw givenUp();
    const topic = await this.process.topics.forPublishing(this.tenant, name, by);
    if (topic.compacted && isEmpty) throw emptyPayloadFault();
    const partition = topic.partitions[keyHash(key) % topic.partitions.length] as string;
    if (this.closed) throw givenUp();
    return { partition, sequenceId: await this.partition(partition).next() };
  }

  private room(): Promise<void> {
    return new Promise((resolve) => this.process.budget.onRelief(resolve));
  }

  private partition(name: string): SequencedPartition {
    let partition = this.partitions.get(name);
    if (partition === undefined) {
      partition = new SequencedPartition(name, this.tenant, this.producerName, this.process);
      this.partitions.set(name, partition);
    }
    return partition;
  }
}

/** The producer of one name on one partition. */
class SequencedPartition {
  readonly publisher: MqttPartitionPublisher;
  private last: number | undefined;

  constructor(topic: string, { name: tenantKey }: Tenant, producerName: string, process: SequencedProcess) {
    const { pulsar, turnEnd, budget, partitionBytesMax } = process;
    this.publisher = new PartitionPublisher(mqttPublishKind, new PublishBudget(partitionBytesMax, budget), {
      // No time limit: a failure of unknown outcome would have to be asked for again.
      open: () =>
        pulsar.createProducer({ topic, tenantKey, name: producerName, pendingBytesMax, sendTimeoutMs: 0 }),
      openMsMax: Number.POSITIVE_INFINITY,
      schedule: turnEnd.schedule,
      onLost: () => {},
      onThrown: process.onThrown,
    });
  }

  async next(): Promise<number> {
    const { lastSequenceId } = await this.publisher.opened();
    // Here too: of several that waited, each has another one.
    this.last = Math.max(this.last ?? -1, lastSequenceId) + 1;
    return this.last;
  }

  async lastStored(): Promise<number> {
    return (await this.publisher.opened()).lastSequenceId;
  }
}

function givenUp(): MqttError {
  return new MqttError(MqttReasonCode.SERVER_SHUTTING_DOWN, "the session is no longer this gateway's");
}
