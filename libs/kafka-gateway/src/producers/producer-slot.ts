import { KafkaErrorCode } from '#libs/kafka-codec';
import type { Producer } from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';

/** Work that needs the Pulsar producer. Exactly one of the two is called. */
export interface SlotWaiter {
  ready(producer: Producer): void;
  refused(error: unknown): void;
}

export interface ProducerSlotOptions {
  /** Work that may wait while the producer is opened; above, it is refused. */
  readonly waitersMax: number;
  /** After a failure to open, work is refused with that failure for so long, that clients' retries cost nothing. */
  readonly reopenDelayMs: number;
  /** At the end, what was sent has so long to be confirmed: no client waits any more, and Pulsar may be away. */
  readonly flushMsMax: number;
}

export const producerSlotDefaults: ProducerSlotOptions = {
  waitersMax: 10_000,
  reopenDelayMs: 100,
  flushMsMax: 2_000,
};

type SlotState = 'idle' | 'opening' | 'open' | 'closing' | 'ended';

/**
 * One Pulsar producer that is opened when it is first needed and again after it ended.
 *
 * ```
 *          run               opened
 *   idle ───────▶ opening ───────────▶ open
 *    ▲              │ failed:            │ discard()
 *    │              │ waiters refused    ▼
 *    ├──────────────┘                 closing ──▶ opening when there are waiters
 *    └── ended by itself ◀── open        └──────▶ idle           any ── end() ──▶ ended
 * ```
 */
export class ProducerSlot {
  private state: SlotState = 'idle';
  private producer: Producer | undefined;
  private waiters: SlotWaiter[] = [];
  private failure: { readonly error: unknown; readonly until: number } | undefined;

  constructor(
    private readonly create: () => Promise<Producer>,
    /** Before any work gets the producer. */
    private readonly onOpened: (producer: Producer) => void,
    private readonly options: ProducerSlotOptions = producerSlotDefaults,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The producer while it is open. */
  get current(): Producer | undefined {
    return this.producer;
  }

  /** Runs the work at once when the producer is open, else in the order of the calls when it is. */
  run(waiter: SlotWaiter): void {
    if (this.producer !== undefined) waiter.ready(this.producer);
    else if (this.state === 'ended') waiter.refused(slotEnded());
    else if (this.failure !== undefined && this.now() < this.failure.until)
      waiter.refused(this.failure.error);
    else if (this.waiters.length >= this.options.waitersMax) waiter.refused(slotFull(this.waiters.length));
    else {
      this.waiters.push(waiter);
      if (this.state === 'idle') void this.open();
    }
  }

  /** Gives the producer up, with what it has in flight; the next work opens a new one, after the old one is closed. */
  discard(): void {
    if (this.state === 'open') void this.close('now');
  }

  /** Closes the producer after what it has in flight. It opens again when needed. */
  async rest(): Promise<void> {
    if (this.state === 'open') await this.close('flush');
  }

  /** For good. What waits is refused. */
  async end(): Promise<void> {
    const { producer } = this;
    this.state = 'ended';
    this.producer = undefined;
    this.refuseAll(slotEnded());
    if (producer === undefined) return;
    const timer = setTimeout(() => void producer.close('now'), this.options.flushMsMax);
    await producer.close('flush');
    clearTimeout(timer);
  }

  private async open(): Promise<void> {
    this.state = 'opening';
    let producer: Producer;
    try {
      producer = await this.create();
    } catch (error) {
      if (this.isEnded()) return;
      this.state = 'idle';
      this.failure = { error, until: this.now() + this.options.reopenDelayMs };
      this.refuseAll(error);
      return;
    }
    if (this.isEnded()) {
      await producer.close('now');
      return;
    }
    this.failure = undefined;
    this.state = 'open';
    this.producer = producer;
    producer.onClosed(() => {
      if (this.producer !== producer) return;
      this.producer = undefined;
      this.state = 'idle';
    });
    this.onOpened(producer);
    const { waiters } = this;
    this.waiters = [];
    // A waiter may discard the producer; those behind it then wait for the next one.
    for (const waiter of waiters) this.run(waiter);
  }

  private async close(how: 'flush' | 'now'): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    this.state = 'closing';
    await producer?.close(how).catch(() => undefined);
    if (this.isEnded()) return;
    this.state = 'idle';
    if (this.waiters.length > 0) void this.open();
  }

  private refuseAll(error: unknown): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter.refused(error);
  }

  /** A method, so that the compiler does not take the state of before an await for the state after it. */
  private isEnded(): boolean {
    return this.state === 'ended';
  }
}

/** The gateway stops, or the writer was idle for long. Nothing was sent. */
function slotEnded(): KafkaError {
  return new KafkaError(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 'the Pulsar producer was given up');
}

/** Nothing was sent. */
function slotFull(waiting: number): KafkaError {
  return new KafkaError(
    KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
    `${waiting} batches wait for a Pulsar producer`,
  );
}
