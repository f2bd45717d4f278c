import { KafkaErrorCode } from '#libs/kafka-codec';
import type { Producer } from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';
import type { EntryPosition } from '../mapping/entry-source.js';
import type { Append, AppendFinished, ProducingClient } from './append.js';
import { isCertainlyNotStored, offsetFault, retriable } from './append-errors.js';
import { type BatchSend, JoinedSends } from './joined-sends.js';
import type { PartitionOffsets } from './partition-offsets.js';
import { ProducerSlot, producerSlotDefaults } from './producer-slot.js';
import { sequenceOf, toSequenceId } from './pulsar-sequence.js';
import { type SequencedBatch, type SequenceVerdict, SequenceWindow } from './sequence-window.js';

/** Repeated requests that wait for the outcome of one batch in flight; further ones are refused, retriable. */
export const duplicatesWaitingMax = 16;

/** A producer that nothing is known of and that does not start at 0 has to insist for so long. */
export const midStreamSettleMs = 300;

type SendVerdict = Extract<SequenceVerdict<number>, { readonly first: number }>;

/**
 * One idempotent Kafka producer on one partition, as one Pulsar producer named after its producer id. What Kafka keeps
 * in its log about the producer, Pulsar's deduplication keeps: the last sequence id that it stored for that name.
 *
 * The order of things: Pulsar producer open -> window restored from its last sequence id -> batches are judged and sent.
 * After a failure of unknown outcome the Pulsar producer is given up and all starts again from what the broker says.
 */
export class IdempotentWriter {
  private readonly slot: ProducerSlot;
  private readonly sends: JoinedSends;
  private readonly window = new SequenceWindow<number>();
  private readonly waiting = new Map<SequencedBatch<number>, Append[]>();
  private readonly clients = new Map<ProducingClient, () => void>();
  /** Behind it is what was sent and never confirmed, and may be stored; unset when nothing is or nothing is known. */
  private uncertainSince: EntryPosition | undefined;
  /** The lowest sequence that a producer of which nothing is known came with. */
  private midStream:
    | { readonly epoch: number; readonly sequence: number; readonly since: number }
    | undefined;
  /** Batches that were taken and are not answered. */
  private pending = 0;
  lastUsedAt = 0;

  constructor(
    create: () => Promise<Producer>,
    offsets: PartitionOffsets,
    private readonly finished: AppendFinished,
    private readonly now: () => number,
  ) {
    const restore = (producer: Producer) => this.window.restore(producer.lastSequenceId);
    this.slot = new ProducerSlot(create, restore, producerSlotDefaults, now);
    this.sends = new JoinedSends(offsets);
  }

  get idle(): boolean {
    return this.pending === 0;
  }

  /** -1 for what is not known. */
  get state(): { readonly epoch: number; readonly lastSequence: number } {
    const { epoch, lastStored } = this.window;
    return { epoch, lastSequence: lastStored < 0 ? -1 : sequenceOf(lastStored) };
  }

  append(append: Append): void {
    this.pending++;
    if (!this.clients.has(append.client)) this.welcome(append.client);
    const producer = this.slot.current;
    if (producer !== undefined) {
      if (producer.lastSequenceId <= this.window.lastTaken) {
        this.judge(producer, append);
        return;
      }
      // Away from its broker, it was overtaken: another gateway led meanwhile, and what it stored is no gap.
      this.slot.discard();
    }
    this.slot.run({
      ready: (opened) => this.judge(opened, append),
      refused: (error) => this.answer(append, retriable(error), -1),
    });
  }

  async end(): Promise<void> {
    for (const cancel of this.clients.values()) cancel();
    this.clients.clear();
    this.sends.flush();
    await this.slot.end();
  }

  private judge(producer: Producer, append: Append): void {
    if (append.abandoned) {
      this.answer(append, undefined, -1);
      return;
    }
    const { epoch, sequence, entry } = append.batch;
    const verdict = this.window.examine(epoch, sequence, entry.numMessages);
    switch (verdict.kind) {
      case 'next':
      case 'ask-broker':
        this.send(producer, append, verdict);
        return;
      case 'mid-stream':
        if (this.insists(epoch, sequence)) this.send(producer, append, verdict);
        else this.answer(append, midStream(sequence), -1);
        return;
      case 'known':
        this.repeat(append, verdict.batch);
        return;
      case 'forgotten':
        this.answer(append, duplicateSequence(), -1);
        return;
      case 'stale-epoch':
        this.answer(append, staleEpoch(epoch, verdict.epoch), -1);
        return;
      default:
        // Away from the broker nobody knows what another gateway stores: to be told of a gap, clients begin a new epoch.
        this.answer(append, producer.attached ? outOfOrder(sequence, verdict.expected) : away(), -1);
    }
  }

  /**
   * Of a fresh producer's first batches, sent together, the first may have been refused (no leader yet, topic not looked
   * up) and the others not. Refused with an error that clients repeat in order, they come back with the first in front.
   * A client whose state Pulsar forgot comes back with the same batch.
   */
  private insists(epoch: number, sequence: number): boolean {
    const now = this.now();
    const known = this.midStream;
    if (known === undefined || known.epoch !== epoch || sequence < known.sequence) {
      this.midStream = { epoch, sequence, since: now };
      return false;
    }
    return sequence === known.sequence && now - known.since >= midStreamSettleMs;
  }

  private send(producer: Producer, append: Append, { kind, first }: SendVerdict): void {
    const { epoch, entry } = append.batch;
    const batch = this.window.begin(epoch, first, entry.numMessages);
    entry.sequenceId = toSequenceId(epoch, batch.first);
    entry.highestSequenceId = toSequenceId(epoch, batch.last);
    const send: BatchSend = {
      batch: append.batch,
      stored: (baseOffset, fault) => {
        if (kind !== 'ask-broker') this.uncertainSince = undefined;
        this.window.stored(batch, baseOffset);
        this.conclude(append, batch, offsetFault(fault) ?? storedUnder(baseOffset), baseOffset);
      },
      failed: (error, sentAfter) => {
        if (isCertainlyNotStored(error)) this.window.failed(batch);
        else {
          this.uncertainSince ??= sentAfter;
          if (this.slot.current === producer) this.slot.discard();
        }
        this.conclude(append, batch, retriable(error), -1);
      },
    };
    if (kind === 'ask-broker') this.sends.repeat(producer, send, this.uncertainSince);
    else this.sends.send(producer, send);
  }

  private conclude(append: Append, batch: SequencedBatch<number>, error: unknown, baseOffset: number): void {
    this.answer(append, error, baseOffset);
    this.answerRepeats(batch, error, baseOffset);
  }

  private repeat(append: Append, batch: SequencedBatch<number>): void {
    if (batch.state === 'stored') {
      const baseOffset = batch.outcome ?? -1;
      this.answer(append, storedUnder(baseOffset), baseOffset);
      return;
    }
    const waiting = this.waiting.get(batch) ?? [];
    if (waiting.length >= duplicatesWaitingMax) {
      const error = new KafkaError(
        KafkaErrorCode.REQUEST_TIMED_OUT,
        'the same batch is in flight many times',
      );
      this.answer(append, error, -1);
      return;
    }
    waiting.push(append);
    this.waiting.set(batch, waiting);
  }

  private answerRepeats(batch: SequencedBatch<number>, error: unknown, baseOffset: number): void {
    const repeats = this.waiting.get(batch);
    if (repeats === undefined) return;
    this.waiting.delete(batch);
    for (const repeat of repeats) this.answer(repeat, error, baseOffset);
  }

  private answer(append: Append, error: unknown, baseOffset: number): void {
    this.pending--;
    this.finished(append, error, baseOffset);
    this.restIfUnused();
  }

  private welcome(client: ProducingClient): void {
    let closed = false;
    const cancel = client.whenClosed(() => {
      closed = true;
      this.clients.delete(client);
      this.restIfUnused();
    });
    if (!closed) this.clients.set(client, cancel);
  }

  /** Frees the name at the broker, so that another gateway can go on; what is remembered stays. */
  private restIfUnused(): void {
    if (this.clients.size === 0 && this.pending === 0) void this.slot.rest();
  }
}

/** Stored, but under an unknown offset: clients take DUPLICATE_SEQUENCE_NUMBER as success without one. */
function storedUnder(baseOffset: number): KafkaError | undefined {
  return baseOffset < 0 ? duplicateSequence() : undefined;
}

function duplicateSequence(): KafkaError {
  return new KafkaError(
    KafkaErrorCode.DUPLICATE_SEQUENCE_NUMBER,
    'the batch was stored before, its offset is not remembered',
  );
}

function midStream(sequence: number): KafkaError {
  return new KafkaError(
    KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
    `nothing is known of the producer, and it starts at sequence ${sequence}`,
  );
}

function staleEpoch(epoch: number, current: number): KafkaError {
  return new KafkaError(
    KafkaErrorCode.INVALID_PRODUCER_EPOCH,
    `producer epoch ${epoch} is older than the current one, ${current}`,
  );
}

function away(): KafkaError {
  return new KafkaError(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 'the Pulsar producer is away from its broker');
}

function outOfOrder(sequence: number, expected: number): KafkaError {
  return new KafkaError(
    KafkaErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    `sequence ${sequence} where ${sequenceOf(expected)} was expected`,
  );
}
