// Kafka's Java producer, as it treats the batches of one partition, without a connection.
import { KafkaErrorCode } from '#libs/kafka-codec';
import { kafkaErrorCode } from '../kafka.errors.js';
import type { PartitionWriter } from '../producers/partition-writer.js';
import { toSequenceId } from '../producers/pulsar-sequence.js';
import { FakeClient, type FakePartition } from './fake-partition.js';

const producerId = 7n;
/** At the broker. */
export const javaProducerName = `id.${producerId}`;
const batchBytes = 100;
const inFlightMax = 5;

/** A gateway, what it believes of the leadership, and the producer's connection to it. */
export interface ProducedTo {
  readonly leads: boolean;
  readonly writer: PartitionWriter;
  client: FakeClient;
}

interface Batch {
  readonly first: number;
  readonly size: number;
  epoch: number;
  /** -1: it was not sent yet. */
  sequence: number;
  /** The request that it is on its way in. */
  request: { readonly gateway: ProducedTo; abandoned: boolean } | undefined;
  acked: boolean;
  offset: number;
}

/** By its Sender and TransactionManager: what is in flight, what is repeated and when, and when an epoch ends. */
export class JavaProducer {
  readonly batches: Batch[] = [];
  readonly fatal: number[] = [];
  /** How often it was told that batches which it had no answer for are lost. */
  gaps = 0;
  private readonly sent = new Map<number, Batch>();
  private epoch = 0;
  private nextSequence = 0;
  private lastAcked = -1;

  constructor(
    sizes: readonly number[],
    public leader: ProducedTo,
  ) {
    let first = 0;
    for (const size of sizes) {
      this.batches.push({
        first,
        size,
        epoch: 0,
        sequence: -1,
        request: undefined,
        acked: false,
        offset: -1,
      });
      first += size;
    }
  }

  get finished(): boolean {
    return this.batches.every(({ acked }) => acked);
  }

  send(count: number): void {
    for (let left = count; left > 0; left--) {
      const gateway = this.leader;
      const batch = this.batches.find(({ acked, request }) => !acked && request === undefined);
      if (batch === undefined || this.requests(gateway).length >= inFlightMax) return;
      if (batch.sequence >= 0) {
        // What is repeated goes alone, the oldest first.
        if (batch !== this.unanswered()[0]) return;
      } else this.number(batch);
      this.request(batch, gateway);
    }
  }

  /** The connection is cut, or the request's time is over. */
  lose(gateway: ProducedTo): void {
    for (const batch of this.requests(gateway)) batch.request = undefined;
    gateway.client.close();
    gateway.client = new FakeClient();
  }

  /** The gateway answers the oldest request that Pulsar did not confirm in time. */
  expire(gateway: ProducedTo): void {
    const [batch] = this.requests(gateway);
    if (batch?.request === undefined) return;
    batch.request.abandoned = true;
    batch.request = undefined;
  }

  /** As after a batch that the application gave up: nothing is in flight, and the next ones are of another epoch. */
  bump(): void {
    this.epoch++;
    this.nextSequence = 0;
    this.lastAcked = -1;
    for (const batch of this.unanswered()) this.number(batch);
  }

  bumpIfIdle(): void {
    if (this.unanswered().length === 0) this.bump();
  }

  /** Records by their place in the log. */
  stored({ log }: FakePartition): Map<number, number> {
    const records = new Map<number, number>();
    for (const { producerName, sequenceId, highestSequenceId, index } of log) {
      if (producerName !== javaProducerName) continue;
      let place = index - (highestSequenceId - sequenceId);
      for (let at = sequenceId; at <= highestSequenceId; ) {
        const batch = this.sent.get(at)!;
        for (let each = 0; each < batch.size; each++) records.set(place++, batch.first + each);
        at += batch.size;
      }
    }
    return records;
  }

  private unanswered(): Batch[] {
    return this.batches.filter(({ acked, sequence }) => !acked && sequence >= 0);
  }

  private requests(gateway: ProducedTo): Batch[] {
    return this.batches.filter(({ request }) => request?.gateway === gateway);
  }

  private number(batch: Batch): void {
    batch.epoch = this.epoch;
    batch.sequence = this.nextSequence;
    this.nextSequence += batch.size;
    this.sent.set(toSequenceId(batch.epoch, batch.sequence), batch);
  }

  private request(batch: Batch, gateway: ProducedTo): void {
    const request = { gateway, abandoned: false };
    batch.request = request;
    const answer = (code: number, offset: number) => {
      if (batch.request !== request) return;
      batch.request = undefined;
      this.answered(batch, code, offset);
    };
    if (!gateway.leads) {
      answer(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, -1);
      return;
    }
    const { size: numMessages, epoch, sequence } = batch;
    const bytes = { buffer: Buffer.alloc(batchBytes), payloadStart: 0, payloadEnd: batchBytes };
    gateway.writer.append({
      batch: {
        entry: { ...bytes, numMessages, metadata: {} },
        ...{ producerId, epoch, sequence, joinedBytesMax: 3 * batchBytes },
      },
      client: gateway.client,
      get abandoned() {
        return request.abandoned;
      },
      done: (error, offset) => answer(error === undefined ? 0 : kafkaErrorCode(error), offset),
    });
  }

  private answered(batch: Batch, code: number, offset: number): void {
    const { sequence, size } = batch;
    switch (code) {
      case KafkaErrorCode.NONE:
      case KafkaErrorCode.DUPLICATE_SEQUENCE_NUMBER:
        batch.acked = true;
        batch.offset = offset;
        this.lastAcked = Math.max(this.lastAcked, sequence + size - 1);
        return;
      case KafkaErrorCode.NOT_LEADER_OR_FOLLOWER:
      case KafkaErrorCode.REQUEST_TIMED_OUT:
        return;
      case KafkaErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (sequence !== this.lastAcked + 1) return;
        this.gaps++;
        this.bump();
        return;
      default:
        this.fatal.push(code);
    }
  }
}
