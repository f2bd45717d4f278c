import type { Connection } from '../connection.js';
import { asPulsarError, isPulsarError, PulsarError } from '../pulsar.errors.js';
import { AckType } from '../wire/commands.js';
import { encodeAck } from '../wire/hot-commands.js';
import type { AckDone, Delivery } from './delivery.js';

export interface AckGroupOptions {
  readonly consumerId: number;
  /** How long an acknowledgement may wait for others, in ms; 0 = until the end of this turn of the event loop. */
  readonly groupMs: number;
  /** Entries in one ACK. */
  readonly groupMax: number;
  /** Without it, an entry is acknowledged when all its messages are: brokers before 4.1 by default (PIP-391). */
  readonly batchIndexAck: boolean;
  /** See ConsumerOptions. */
  readonly resend: boolean;
}

/**
 * What is acknowledged late, others may have been given meanwhile: that it is done is said when it has come to them, so
 * that nothing comes to anybody after its acknowledgement was confirmed.
 */
const lateAnswerMs = 1_000;

/**
 * Acknowledgements on their way: those of a few milliseconds go in one ACK command, and the broker's one answer settles
 * them all. (It comes before the cursor is persisted: a crashed broker may deliver again.)
 */
export class AckGroup {
  private deliveries = new Set<Delivery>();
  private cumulative: Delivery | undefined;
  private callbacks: AckDone[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly outstanding = new Set<(error: PulsarError) => void>();
  private idle: (() => void)[] = [];
  private isEnding = false;

  constructor(
    private readonly options: AckGroupOptions,
    /** Where ACKs go now; undefined while detached. */
    private readonly connection: () => Connection | undefined,
  ) {}

  add(delivery: Delivery, done: AckDone | undefined): void {
    if (!this.options.batchIndexAck && !delivery.isAcked) {
      done?.();
      return;
    }
    this.deliveries.add(delivery);
    this.added(done);
  }

  /** Everything up to this entry, or to the messages of it that are acknowledged. */
  addCumulative(delivery: Delivery, done: AckDone | undefined): void {
    this.cumulative = delivery;
    this.added(done);
  }

  flush(isLate = false): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { deliveries, cumulative, callbacks } = this;
    if (deliveries.size === 0 && cumulative === undefined) return;
    const connection = this.connection();
    if (connection === undefined && this.waits) return;
    this.deliveries = new Set();
    this.cumulative = undefined;
    this.callbacks = [];
    if (connection === undefined) {
      const error = new PulsarError(
        'Disconnected',
        'not attached to a broker: what is unacknowledged comes again',
      );
      for (const done of callbacks) done(error);
      return;
    }
    void this.send(connection, deliveries, cumulative, callbacks, isLate);
  }

  /** The consumer is back, and nothing has come again yet: what was not answered is sent, once more or at last. */
  reattached(): void {
    this.flush(true);
  }

  /** The broker closed the consumer: it may drop ACKs that are on their way without an answer. */
  lost(): void {
    this.flush();
    const error = new PulsarError(
      'Disconnected',
      'the consumer was closed with acknowledgements on their way',
    );
    for (const giveUp of [...this.outstanding]) giveUp(error);
  }

  /** The consumer ends: what is on its way is waited for, what could only be sent again fails. */
  async ended(): Promise<void> {
    this.isEnding = true;
    await this.drained();
  }

  /** Resolves when every ACK that was sent has its answer, or will have none. */
  async drained(): Promise<void> {
    this.flush();
    if (this.outstanding.size === 0) return;
    await new Promise<void>((resolve) => {
      this.idle.push(resolve);
    });
  }

  /** What cannot be sent now can be later. */
  private get waits(): boolean {
    return this.options.resend && !this.isEnding;
  }

  private added(done: AckDone | undefined): void {
    if (done !== undefined) this.callbacks.push(done);
    if (this.deliveries.size >= this.options.groupMax) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.options.groupMs);
  }

  private async send(
    connection: Connection,
    deliveries: ReadonlySet<Delivery>,
    cumulative: Delivery | undefined,
    callbacks: readonly AckDone[],
    isLate: boolean,
  ): Promise<void> {
    const answers: Promise<unknown>[] = [];
    if (cumulative !== undefined) answers.push(this.sendOne(connection, AckType.cumulative, [cumulative]));
    const all = [...deliveries];
    for (let start = 0; start < all.length; start += this.options.groupMax) {
      const some = all.slice(start, start + this.options.groupMax);
      answers.push(this.sendOne(connection, AckType.individual, some));
    }
    const { promise: lost, reject: giveUp } = Promise.withResolvers<never>();
    this.outstanding.add(giveUp);
    let failure: Error | undefined;
    try {
      await Promise.race([Promise.all(answers), lost]);
    } catch (error) {
      failure = asPulsarError(error, 'UnknownError');
    }
    this.outstanding.delete(giveUp);
    const tell = () => {
      for (const done of callbacks) done(failure);
    };
    if (this.waits && isPulsarError(failure, 'Disconnected')) {
      this.sendAgain(deliveries, cumulative, callbacks);
    } else if (isLate && failure === undefined) setTimeout(tell, lateAnswerMs);
    else tell();
    if (this.outstanding.size === 0) {
      for (const resolve of this.idle.splice(0)) resolve();
    }
  }

  /** An acknowledgement that the broker had already changes nothing, whoever has the entry by then. */
  private sendAgain(
    deliveries: ReadonlySet<Delivery>,
    cumulative: Delivery | undefined,
    callbacks: readonly AckDone[],
  ): void {
    for (const delivery of deliveries) this.deliveries.add(delivery);
    this.cumulative ??= cumulative;
    for (const done of callbacks) this.callbacks.push(done);
    this.timer ??= setTimeout(() => this.flush(), this.options.groupMs);
  }

  private sendOne(
    connection: Connection,
    ackType: number,
    deliveries: readonly Delivery[],
  ): Promise<unknown> {
    const requestId = connection.nextRequestId();
    const answer = connection.answerTo(requestId);
    const messageIds = deliveries.map((delivery) => delivery.position());
    connection.send(encodeAck({ consumerId: this.options.consumerId, ackType, messageIds, requestId }));
    return answer;
  }
}
