import type { Buffer } from 'node:buffer';
import { type Encodable, KafkaErrorCode, type ProduceRequest, type ProduceResponse } from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import type { RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode } from '../kafka.errors.js';
import { type PartitionBatch, toPulsarEntry } from '../mapping/record.mapping.js';
import { type RecordFault, RecordsRefused } from '../mapping/record.validation.js';
import type { Append } from '../producers/append.js';
import { appendParts } from '../producers/split-append.js';
import type { PartitionWriter } from '../producers/partition-writer.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';

/** A topic, or why it cannot be had. */
export type ResolvedTopic = KafkaTopic | Error;

const noFaults: readonly { batchIndex: number; batchIndexErrorMessage: string }[] = [];

/** One partition of a request: its batch on the way in, its part of the response on the way out. */
class PartitionProduce implements Append {
  errorCode: number = KafkaErrorCode.NONE;
  baseOffset = -1;
  logAppendTimeMs = -1;
  logStartOffset = -1;
  recordErrors = noFaults;
  errorMessage: string | null = null;
  batch: PartitionBatch = undefined as never;
  settled = false;
  writer: PartitionWriter | undefined;
  private release: (() => void) | undefined;

  constructor(
    private readonly call: ProduceCall,
    readonly index: number,
    readonly records: Buffer | null,
    public topicName: string,
  ) {}

  get client() {
    return this.call.context.connection;
  }

  get abandoned(): boolean {
    return this.settled;
  }

  done(error: unknown, baseOffset: number): void {
    // The answer may take long yet: of a thousand small batches each would keep a piece of memory until then.
    this.batch = undefined as never;
    if (this.settled) {
      this.forget();
      return;
    }
    if (error !== undefined) {
      this.refuse(error);
      return;
    }
    this.baseOffset = baseOffset;
    this.logStartOffset = this.writer?.logStartOffset ?? -1;
    this.settle();
  }

  refuse(error: unknown): void {
    if (this.settled) return;
    this.errorCode = kafkaErrorCode(error);
    this.logAppendTimeMs = -1;
    if (error instanceof KafkaError) this.errorMessage = error.message;
    if (error instanceof RecordsRefused) this.recordErrors = error.faults.map(toRecordError);
    this.call.refused(this, error);
    this.settle();
  }

  /** Its time is over. Its bytes stay: with Pulsar's producer until `done`, or waiting for the turn until `forget`. */
  expire(error: unknown): void {
    if (this.settled) return;
    const held = this.writer === undefined ? this.records : this.batch.entry.buffer;
    this.release = this.call.context.retain(held?.length ?? 0);
    this.refuse(error);
  }

  forget(): void {
    this.release?.();
    this.release = undefined;
  }

  private settle(): void {
    this.settled = true;
    this.call.settled();
  }
}

function toRecordError(fault: RecordFault) {
  return { batchIndex: fault.batchIndex, batchIndexErrorMessage: fault.message };
}

/** One Produce request until all its partitions have their outcome, or its time is over. */
export class ProduceCall {
  /** Resolves with the response; never rejects. */
  readonly answer: Promise<Encodable<ProduceResponse>>;
  /** At least one partition was refused. */
  failed = false;
  private readonly topics: { name: string; topicId: Buffer; partitionResponses: PartitionProduce[] }[];
  private readonly response: { responses: ProduceCall['topics'] };
  private resolve!: (response: Encodable<ProduceResponse>) => void;
  private left: number;
  private timer: NodeJS.Timeout | undefined;
  /** The next batch to take, and what was taken so far. */
  private topicAt = 0;
  private partitionAt = 0;
  private bytes = 0;
  private messages = 0;

  constructor(
    private readonly request: ProduceRequest,
    readonly context: RequestContext,
  ) {
    this.answer = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.left = 1;
    this.topics = request.topicData.map(({ name, topicId, partitionData }) => {
      this.left += partitionData.length;
      const partitionResponses = partitionData.map(
        ({ index, records }) => new PartitionProduce(this, index, records, name),
      );
      return { name, topicId, partitionResponses };
    });
    this.response = { responses: this.topics };
    this.armTimer();
  }

  refuse(error: KafkaError): void {
    for (const { partitionResponses } of this.topics) {
      for (const partition of partitionResponses) partition.refuse(error);
    }
    this.settled();
  }

  /**
   * Sends all batches on their way. Whatever goes wrong is an outcome of a partition. With many or large ones it takes
   * several turns of the event loop; then it gives a promise, and the connection is not read until it is done.
   */
  start(topics: readonly ResolvedTopic[]): Promise<void> | undefined {
    if (!this.takeSome(topics, 0)) return this.takeRest(topics);
    this.started();
    return undefined;
  }

  private async takeRest(topics: readonly ResolvedTopic[]): Promise<void> {
    const { link } = this.context.connection;
    link.pause();
    do await loopTurn.next();
    while (!this.takeSome(topics, 1));
    link.resume();
    this.started();
  }

  /** Takes at least so many batches, and more while the turn lasts; false when there are more. */
  private takeSome(topics: readonly ResolvedTopic[], countMin: number): boolean {
    for (let count = 0; this.topicAt < this.topics.length; this.topicAt++, this.partitionAt = 0) {
      const topic = topics[this.topicAt] as ResolvedTopic;
      const { partitionResponses } = this.topics[this.topicAt]!;
      while (this.partitionAt < partitionResponses.length) {
        if (loopTurn.isOver && count >= countMin) return false;
        this.takeOne(topic, partitionResponses[this.partitionAt++]!);
        count++;
      }
    }
    return true;
  }

  private takeOne(topic: ResolvedTopic, partition: PartitionProduce): void {
    // Its time was over before its turn came.
    if (partition.settled) {
      partition.forget();
      return;
    }
    if (topic instanceof Error) {
      partition.refuse(topic);
      return;
    }
    partition.topicName = topic.name;
    try {
      const taken = this.take(topic, partition);
      this.messages += taken;
      if (taken > 0) this.bytes += partition.records?.length ?? 0;
    } catch (error) {
      partition.refuse(error);
    }
  }

  private started(): void {
    this.account(this.bytes, this.messages);
    this.settled();
  }

  /** One more outcome is there. */
  settled(): void {
    if (--this.left > 0) return;
    clearTimeout(this.timer);
    this.resolve(this.response);
  }

  refused(partition: PartitionProduce, error: unknown): void {
    this.failed = true;
    const { context } = this;
    const { gateway, principal } = context;
    const { errorCode, topicName } = partition;
    gateway.metrics.tenant('kafka', principal.tenant.name).produceErrors++;
    context.refused(errorCode, error instanceof Error ? error.message : String(error), topicName);
    if (errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      gateway.topics.invalidate(principal.tenant, topicName);
    } else if (errorCode === KafkaErrorCode.UNKNOWN_SERVER_ERROR && !(error instanceof KafkaError)) {
      gateway.log.error(
        { event: 'kafka.produce-failed', topic: topicName, error },
        'a batch could not be stored',
      );
    }
  }

  /** Maps one batch and sends it on its way; returns its number of messages. */
  private take(topic: KafkaTopic, partition: PartitionProduce): number {
    const { index, records } = partition;
    if (index < 0 || index >= topic.partitions) {
      throw new KafkaError(
        KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        `${topic.name} has ${topic.partitions} partitions, not ${index}`,
      );
    }
    const { gateway, principal, connection, header } = this.context;
    const nowMs = Date.now();
    const batch = toPulsarEntry(records, {
      produceVersion: header.apiVersion,
      config: topic.config,
      decompressedBytesMax: gateway.options.decompressedBytesMax,
      nowMs,
    });
    if (batch === undefined) {
      partition.done(undefined, -1);
      return 0;
    }
    if (batch.producerId >= 0n && !gateway.leaders.leads(topic, index)) {
      throw new KafkaError(
        KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
        'batches of idempotent producers are for the gateway that leads the partition',
      );
    }
    if (topic.config.timestampType === 'append') partition.logAppendTimeMs = nowMs;
    const writer = gateway.partitions.writer(principal.tenant.name, topic, index);
    let messages = batch.entry.numMessages;
    partition.batch = batch;
    partition.writer = writer;
    if (batch.rest === undefined) writer.append(partition);
    else {
      for (const { entry } of batch.rest) messages += entry.numMessages;
      appendParts(writer, partition, batch.rest);
    }
    if (writer.full) {
      connection.link.pause();
      writer.onRelief(() => connection.link.resume());
    }
    return messages;
  }

  private account(bytes: number, messages: number): void {
    if (messages === 0) return;
    const { context } = this;
    const { gateway, principal } = context;
    const counters = gateway.metrics.tenant('kafka', principal.tenant.name);
    counters.produceBytes += bytes;
    counters.produceMessages += messages;
    const throttleMs = context.connection.quota?.admitIn(bytes, messages) ?? 0;
    context.throttle(throttleMs);
  }

  /** A receipt is what `acks=all` waits for; what else may take its time has only the gateway's own limit. */
  private armTimer(): void {
    const { produceTimeoutMsMax } = this.context.gateway.options;
    const { acks, timeoutMs } = this.request;
    const waitMs =
      acks === -1 && timeoutMs > 0 ? Math.min(timeoutMs, produceTimeoutMsMax) : produceTimeoutMsMax;
    this.timer = setTimeout(() => this.giveUp(waitMs), waitMs);
  }

  private giveUp(waitedMs: number): void {
    const error = new KafkaError(
      KafkaErrorCode.REQUEST_TIMED_OUT,
      `Pulsar did not confirm within ${waitedMs} ms`,
    );
    for (const { partitionResponses } of this.topics) {
      for (const partition of partitionResponses) partition.expire(error);
    }
    // Its turn may not have come: a topic may be looked up for longer than the client waits.
    this.resolve(this.response);
  }
}
