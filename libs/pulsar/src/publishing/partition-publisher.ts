import type { SendReceipt } from '../producer/pending-entries.js';
import type { Producer } from '../producer/producer.js';
import { isPulsarError } from '../pulsar.errors.js';
import { BatchQueue } from './batch-queue.js';
import { PublishBatch } from './publish-batch.js';
import type { PublishBudget } from './publish-budget.js';
import type { PublishedDone, PublishKind, PublishPressure } from './publish-kind.js';

/** Entries without a receipt; one that is not full is sent only when there are none. */
const entriesInFlightMax = 32;
/** The same of entries of one message each. */
const ownEntriesInFlightMax = 1_000;
const capacityBytesMin = 4 * 1024;
const capacityBytesMax = 256 * 1024;
const reopenDelayMs = 200;
/** At the end, what was sent has so long to be confirmed. */
const flushMsMax = 2_000;

export interface PartitionPublisherOptions {
  /** Opens the Pulsar producer. */
  open(): Promise<Producer>;
  /** How long opening is tried while messages wait; then they fail. */
  readonly openMsMax: number;
  /** Calls `flush` when the turn of the event loop is over. */
  schedule(partition: { flush(): void }): void;
  /** Pulsar has an entry; before its publishers hear of it. */
  onStored?(receipt: SendReceipt): void;
  /** The producer ended by itself: the topic may be gone. */
  onLost(error: unknown): void;
  onThrown(thrown: unknown): void;
}

/**
 * Stores messages in one partition, in the order of the calls. What comes within one turn of the event loop, or while an
 * entry is on its way, becomes one entry: alone, a message waits for nothing; together, they cost one entry. Messages that
 * must have entries of their own are sent one behind the other when the turn is over.
 *
 * ```
 *           append              opened
 *   closed ───────▶ opening ─────────────▶ open ── the producer ended ──▶ closed
 *      ▲               │ failed for openMsMax, or for good: what waits fails
 *      └───────────────┘                                  any ── end() ──▶ ended
 * ```
 */
export class PartitionPublisher<Message, Common, E> {
  private state: 'closed' | 'opening' | 'open' | 'ended' = 'closed';
  private producer: Producer | undefined;
  private current: PublishBatch<Message, Common, E> | undefined;
  /** Full ones that were not sent, oldest first. */
  private readonly waiting = new BatchQueue<PublishBatch<Message, Common, E>>();
  private inFlight = 0;
  private scheduled = false;
  private capacityBytes = capacityBytesMin;
  private opening: Promise<void> = Promise.resolve();
  private lastOpenError: unknown = undefined;
  lastUsedMs = 0;

  constructor(
    private readonly kind: PublishKind<Message, Common, E>,
    private readonly budget: PublishBudget,
    private readonly options: PartitionPublisherOptions,
  ) {}

  get idle(): boolean {
    return this.inFlight === 0 && this.current === undefined && this.waiting.length === 0;
  }

  /** @param sequenceId above those of the calls before; -1: the producer numbers */
  append(
    message: Message,
    common: Common,
    nowMs: number,
    bytes: number,
    sequenceId: number,
    done: PublishedDone<E>,
  ): PublishPressure | undefined {
    if (this.state === 'ended' || !this.budget.admits(bytes)) {
      done(this.state === 'ended' ? this.kind.closed() : this.kind.tooMuchInFlight());
      return this.state === 'ended' ? undefined : this.budget;
    }
    this.lastUsedMs = nowMs;
    const ownEntry = this.kind.ownEntry?.(message, common);
    let batch = this.current;
    if (batch !== undefined && (ownEntry !== undefined || !batch.takes(bytes, sequenceId))) {
      this.waiting.push(batch);
      this.current = batch = undefined;
      this.sendFull();
    }
    const isFresh = batch === undefined;
    const capacityBytes = ownEntry === undefined ? Math.max(bytes, this.capacityBytes) : bytes;
    batch ??= new PublishBatch(this.kind, capacityBytes, sequenceId, ownEntry);
    try {
      batch.append(message, common, nowMs, bytes, done);
    } catch (error) {
      done(this.kind.asError(error));
      return undefined;
    }
    if (isFresh) {
      if (ownEntry === undefined) this.current = batch;
      else this.waiting.push(batch);
      this.schedule();
    }
    return this.budget.add(bytes);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.options.schedule(this);
  }

  /** The turn is over: what has come is sent, unless more comes for free while an entry is on its way. */
  flush(): void {
    this.scheduled = false;
    if (this.state === 'open') this.sendRest();
    else if (this.state === 'closed' && !this.idle) void this.open();
  }

  /** The producer, once it is open. Rejects with the protocol's error when it cannot be opened. */
  async opened(): Promise<Producer> {
    if (this.state === 'closed') await this.open();
    while (this.state === 'opening') await this.opening;
    if (this.producer === undefined)
      throw this.state === 'ended' ? this.kind.closed() : this.kind.asError(this.lastOpenError);
    return this.producer;
  }

  /** Takes no more; what is in flight has a moment to be confirmed. */
  async end(error: E = this.kind.closed()): Promise<void> {
    if (this.state === 'ended') return;
    const { producer } = this;
    if (producer !== undefined) this.sendAll(producer);
    this.state = 'ended';
    this.producer = undefined;
    this.failUnsent(error);
    if (producer === undefined) return;
    const timer = setTimeout(() => void producer.close('now'), flushMsMax);
    await producer.close('flush');
    clearTimeout(timer);
  }

  private open(): Promise<void> {
    this.state = 'opening';
    this.opening = this.tryToOpen();
    return this.opening;
  }

  private async tryToOpen(): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      try {
        this.take(await this.options.open());
        return;
      } catch (error) {
        this.lastOpenError = error;
        if (this.hasEnded()) return;
        const isFinal = !isPulsarError(error) || !error.retriable;
        if (isFinal || performance.now() - startedAt >= this.options.openMsMax) {
          this.state = 'closed';
          this.options.onLost(error);
          this.failUnsent(this.kind.asError(error));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, reopenDelayMs).unref());
        if (this.hasEnded()) return;
      }
    }
  }

  private take(producer: Producer): void {
    if (this.hasEnded()) {
      void producer.close('now');
      return;
    }
    this.state = 'open';
    this.producer = producer;
    producer.onClosed((error) => {
      if (this.producer !== producer) return;
      this.producer = undefined;
      this.state = 'closed';
      this.options.onLost(error);
      this.schedule();
    });
    this.sendRest();
  }

  private sendFull(): void {
    const { producer } = this;
    if (producer === undefined) {
      if (this.state === 'closed') void this.open();
      return;
    }
    const { waiting } = this;
    for (let next = waiting.first; next !== undefined; next = waiting.first) {
      if (this.inFlight >= (next.isOwnEntry ? ownEntriesInFlightMax : entriesInFlightMax)) return;
      waiting.shift();
      this.send(producer, next);
    }
  }

  private sendRest(): void {
    this.sendFull();
    const { producer, current } = this;
    if (this.inFlight > 0 || current === undefined || producer === undefined) return;
    this.current = undefined;
    this.send(producer, current);
  }

  private sendAll(producer: Producer): void {
    if (this.current !== undefined) this.waiting.push(this.current);
    this.current = undefined;
    for (const batch of this.waiting.takeAll()) this.send(producer, batch);
  }

  private send(producer: Producer, batch: PublishBatch<Message, Common, E>): void {
    this.inFlight++;
    // The next will probably be as large: memory grows by copying.
    if (!batch.isOwnEntry)
      this.capacityBytes = Math.min(capacityBytesMax, Math.max(capacityBytesMin, batch.payloadBytes));
    producer.send(batch.finish(), (error, receipt) => {
      this.inFlight--;
      if (error === undefined && receipt.ledgerId >= 0) this.options.onStored?.(receipt);
      this.settle(batch, error && this.kind.asError(error));
      if (this.state === 'open') this.sendRest();
    });
  }

  private settle(batch: PublishBatch<Message, Common, E>, error: E | undefined): void {
    batch.settle(error, this.options.onThrown);
    this.budget.remove(batch.bytes);
  }

  private failUnsent(error: E): void {
    const unsent = this.waiting.takeAll();
    if (this.current !== undefined) unsent.push(this.current);
    this.current = undefined;
    for (const batch of unsent) this.settle(batch, error);
  }

  /** A method, so that the compiler does not take the state of before an await for the state after it. */
  private hasEnded(): boolean {
    return this.state === 'ended';
  }
}
