import { AmqpErrorCondition } from '#libs/amqp-codec';
import {
  isPulsarError,
  type OutgoingEntry,
  type Producer,
  type PublishBudget,
  type Transaction,
  type TransactionId,
} from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type { EnlistedPost, PublishDone, PublishPressure } from '../node.js';
import { heldBytesMax } from './transaction-limits.js';
import type { LentProducer, TransactionalProducers } from './transactional-producers.js';

export interface OutboxOptions {
  readonly tenant: Tenant;
  readonly producers: TransactionalProducers;
  /** Of the tenant: what waits for discharges, or is on its way. Over its bound, nothing more is held. */
  readonly held: PublishBudget;
  /** Of the connection: what is on its way to Pulsar. */
  readonly budget: PublishBudget;
  /** Of Pulsar; the same for each call. */
  begin(): Promise<Transaction>;
  /** How long a request to Pulsar may take now, in ms. */
  timeoutMs(): number;
  /** Something cannot be stored: the transaction cannot commit. Called once, not after `abandon`. */
  onFailed(error: AmqpError): void;
}

interface Waiting extends EnlistedPost {
  readonly bytes: number;
  /** Undefined: it was called when the message was taken. */
  readonly done: PublishDone | undefined;
}

/**
 * The messages of one transaction, on their way to Pulsar. They are held until `flush`, so that an application that takes
 * its time holds up no reader; where they are too large for that they stream, from then on at once.
 */
export class TransactionOutbox {
  private waiting: Waiting[] = [];
  /** Not yet stored. */
  private bytes = 0;
  private streaming = false;
  private pumping: Promise<void> | undefined;
  /** Sent, without a receipt. */
  private unconfirmed = 0;
  private confirmed: (() => void) | undefined;
  private readonly lent = new Map<string, LentProducer>();
  private failure: AmqpError | undefined;

  constructor(private readonly options: OutboxOptions) {}

  get waitingMessages(): number {
    return this.waiting.length;
  }

  /** Nothing was, or is being, sent. */
  get isHolding(): boolean {
    return !this.streaming;
  }

  add(post: EnlistedPost, done: PublishDone): PublishPressure | undefined {
    if (this.failure !== undefined) {
      done(this.failure);
      return undefined;
    }
    const bytes = post.entry.payloadEnd - post.entry.payloadStart;
    const { held, budget } = this.options;
    const isTooMuch = held.add(bytes) !== undefined;
    this.bytes += bytes;
    if (!this.streaming && !isTooMuch && this.bytes <= heldBytesMax) {
      // It counts in no budget: credit must not wait for what only the discharge sends.
      this.waiting.push({ ...post, bytes, done: undefined });
      done(undefined);
      return undefined;
    }
    if (!budget.admits(bytes)) {
      held.remove(bytes);
      this.bytes -= bytes;
      this.fail(new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, 'too much waits for Pulsar'));
      done(this.failure);
      return budget;
    }
    this.waiting.push({ ...post, bytes, done });
    this.stream();
    return budget.add(bytes);
  }

  /** Resolves when all of it is stored; rejects with AmqpError when one message is not. */
  async flush(): Promise<void> {
    this.stream();
    while (this.pumping !== undefined) await this.pumping;
    await this.receipts();
    if (this.failure !== undefined) throw this.failure;
  }

  /** The one message that is held, without a transaction: alone it is all or nothing anyway, and holds up nobody. */
  async sendAlone(): Promise<void> {
    this.streaming = true;
    const [post] = this.waiting.splice(0) as [Waiting];
    try {
      const producer = await this.producer(post.topic);
      this.send(post, producer, undefined);
    } catch (error) {
      this.forget(post);
      throw asAmqpError(error);
    }
    await this.receipts();
    this.giveBack();
    if (this.failure === undefined) return;
    throw isPulsarError(this.failure.cause, 'Timeout') ? outcomeUnknown(this.failure.cause) : this.failure;
  }

  /** Drops what was not sent. Resolves when what was sent is stored or failed, so that the transaction may end. */
  async abandon(error: AmqpError): Promise<void> {
    this.failure ??= error;
    this.drop(this.failure);
    while (this.pumping !== undefined) await this.pumping;
    await this.receipts();
    this.giveBack();
  }

  /** After the commit. */
  end(): void {
    this.giveBack();
  }

  private stream(): void {
    this.streaming = true;
    this.pumping ??= this.pump().finally(() => {
      this.pumping = undefined;
    });
  }

  private async pump(): Promise<void> {
    // The caller's turn ends first: what one turn brings is added with one request.
    await Promise.resolve();
    try {
      while (this.waiting.length > 0 && this.failure === undefined) {
        const topics = new Set(this.waiting.map(({ topic }) => topic));
        const transaction = await this.options.begin();
        await transaction.addPartitions(topics, this.options.timeoutMs());
        const producers = await this.open(topics);
        const ready = this.waiting.filter(({ topic }) => producers.has(topic));
        this.waiting = this.waiting.filter(({ topic }) => !producers.has(topic));
        for (const post of ready) this.send(post, producers.get(post.topic) as Producer, transaction.id);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private async open(topics: Iterable<string>): Promise<ReadonlyMap<string, Producer>> {
    const opened = await Promise.allSettled(
      [...topics].map(async (topic) => [topic, await this.producer(topic)] as const),
    );
    const failed = opened.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return new Map(opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  }

  private async producer(topic: string): Promise<Producer> {
    const known = this.lent.get(topic);
    if (known !== undefined) return known.producer;
    const { producers, tenant } = this.options;
    const lent = await producers.lend(tenant, topic);
    this.lent.set(topic, lent);
    return lent.producer;
  }

  private send(post: Waiting, producer: Producer, id: TransactionId | undefined): void {
    this.unconfirmed++;
    producer.send(inside(post.entry, id), (error) => {
      this.forget(post);
      this.unconfirmed--;
      if (error !== undefined) this.fail(error);
      post.done?.(error && this.failure);
      if (this.unconfirmed === 0) this.confirmed?.();
    });
  }

  private receipts(): Promise<void> {
    if (this.unconfirmed === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.confirmed = resolve;
    });
  }

  private fail(cause: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = rolledBack('a message cannot be stored', cause);
    this.drop(this.failure);
    this.options.onFailed(this.failure);
  }

  private drop(error: AmqpError): void {
    for (const post of this.waiting.splice(0)) {
      this.forget(post);
      post.done?.(error);
    }
  }

  private forget({ bytes, done }: Waiting): void {
    this.options.held.remove(bytes);
    this.bytes -= bytes;
    if (done !== undefined) this.options.budget.remove(bytes);
  }

  private giveBack(): void {
    for (const lent of this.lent.values()) lent.giveBack();
    this.lent.clear();
  }
}

/** An answer that says that nothing of the transaction was done. */
export function rolledBack(why: string, cause?: unknown): AmqpError {
  const reason = cause === undefined ? why : `${why}: ${asAmqpError(cause).message}`;
  return new AmqpError(AmqpErrorCondition.TRANSACTION_ROLLBACK, reason, 'link', { cause });
}

/** It may have been committed, and nobody can be asked. */
export function outcomeUnknown(cause: unknown): AmqpError {
  const reason = 'whether the transaction was committed is not known';
  return new AmqpError(AmqpErrorCondition.INTERNAL_ERROR, reason, 'link', { cause });
}

function inside(entry: OutgoingEntry, id: TransactionId | undefined): OutgoingEntry {
  return id === undefined ? entry : { ...entry, metadata: { ...entry.metadata, ...id } };
}
