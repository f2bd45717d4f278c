import type { Connection } from '../connection.js';
import { asPulsarError, PulsarError } from '../pulsar.errors.js';
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
}

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

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { deliveries, cumulative, callbacks } = this;
    if (deliveries.size === 0 && cumulative === undefined) return;
    this.deliveries = new Set();
    this.cumulative = undefined;
    this.callbacks = [];
    const connection = this.connection();
    if (connection === undefined) {
      const error = new PulsarError(
        'Disconnected',
        'not attached to a broker: what is unacknowledged comes again',
      );
      for (const done of callbacks) done(error);
      return;
    }
    void this.send(connection, deliveries, cumulative, callbacks);
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

  /** Resolves when every ACK has its answer, or will have none. */
  async drained(): Promise<void> {
    this.flush();
    if (this.outstanding.size === 0) return;
    await new Promise<void>((resolve) => {
      this.idle.push(resolve);
    });
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
  ): Promise<void> {
    const answers: Promise<unknown>[] = [];
    if (cumulative !== undefined) answers.push(this.sendOne(connection, AckType.cumulative, [cumulative]));
    if (deliveries.size > 0) answers.push(this.sendOne(connection, AckType.individual, [...deliveries]));
    const { promise: lost, reject: giveUp } = Promise.withResolvers<never>();
    this.outstanding.add(giveUp);
    let failure: Error | undefined;
    try {
      await Promise.race([Promise.all(answers), lost]);
    } catch (error) {
      failure = asPulsarError(error, 'UnknownError');
    }
    this.outstanding.delete(giveUp);
    for (const done of callbacks) done(failure);
    if (this.outstanding.size === 0) {
      for (const resolve of this.idle.splice(0)) resolve();
    }
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
