import { AmqpErrorCondition } from '#libs/amqp-codec';
import {
  isPulsarError,
  type PublishBudget,
  type PulsarTransactions,
  type TopicConsumer,
  type Transaction,
} from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { Log } from '#libs/telemetry';
import { AmqpError } from '../amqp.errors.js';
import type {
  EnlistedAcknowledgement,
  EnlistedOutcome,
  EnlistedPost,
  PublishDone,
  PublishPressure,
} from '../node.js';
import { acknowledgementsPerCommandMax, enlistedMax } from './transaction-limits.js';
import { outcomeUnknown, rolledBack, TransactionOutbox } from './transaction-outbox.js';
import type { TransactionalProducers } from './transactional-producers.js';

export interface LocalTransactionOptions {
  readonly tenant: Tenant;
  readonly pulsar: Pick<PulsarTransactions, 'begin'>;
  readonly producers: TransactionalProducers;
  readonly held: PublishBudget;
  readonly budget: PublishBudget;
  /** For the application's work, from the first message or outcome on; and again for the discharge. */
  readonly timeoutMs: number;
  readonly log: Log;
  /** Nothing of it is left, here or in flight. Called once. */
  onEnded(how: 'committed' | 'rolled-back' | 'timed-out' | 'failed'): void;
}

/**
 * One transaction of a client, from its declaration to its discharge (AMQP 4.1).
 *
 * ```
 *            post, enlist              discharge
 *   idle ──────────────────▶ working ─────────────▶ discharging ───▶ ended
 *    │                          │ too long, or something failed        ▲
 *    │                          ▼                                      │
 *    │ discharge              doomed ────────── discharge ─────────────┘
 *    └─────────────────────────────────────────────────────────────────┘
 * ```
 * What is enlisted stays here as long as it can: Pulsar's transaction begins with the commit, or when the messages are too
 * many to be held, and ends with it, since all readers of its partitions wait meanwhile. Acknowledgements go out with the
 * commit only: Pulsar would deliver again at a rollback what is still the client's (AMQP 4.4.2). A doomed one has done
 * all that a rollback does, and waits to tell why.
 */
export class LocalTransaction {
  private state: 'idle' | 'working' | 'discharging' | 'doomed' | 'ended' = 'idle';
  private doom: AmqpError | undefined;
  private undoing: Promise<void> | undefined;
  private readonly outbox: TransactionOutbox;
  private outcomes: EnlistedOutcome[] = [];
  private begun: Promise<Transaction> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Of `performance.now()`. */
  private deadline = 0;

  constructor(private readonly options: LocalTransactionOptions) {
    const { tenant, producers, held, budget } = options;
    this.outbox = new TransactionOutbox({
      ...{ tenant, producers, held, budget },
      begin: () => this.begin(),
      timeoutMs: () => this.leftMs(),
      onFailed: (error) => this.doomTo(error),
    });
  }

  post(post: EnlistedPost, done: PublishDone): PublishPressure | undefined {
    if (!this.work(1)) {
      done(this.doom);
      return undefined;
    }
    return this.outbox.add(post, done);
  }

  enlist(outcome: EnlistedOutcome): void {
    if (this.work(1)) this.outcomes.push(outcome);
    else this.tell(outcome, this.doom);
  }

  refused(error: AmqpError): void {
    this.doomTo(rolledBack('a message was refused', error));
  }

  /** Never rejects; `done` is called when nothing of it is in flight any more. */
  async discharge(fail: boolean, done: PublishDone): Promise<void> {
    const { doom } = this;
    if (doom !== undefined) {
      await this.undoing;
      this.state = 'ended';
      this.options.onEnded(
        doom.condition === AmqpErrorCondition.TRANSACTION_TIMEOUT ? 'timed-out' : 'failed',
      );
      done(fail ? undefined : doom);
      return;
    }
    clearTimeout(this.timer);
    this.state = 'discharging';
    this.deadline = performance.now() + this.options.timeoutMs;
    const fault = fail ? await this.rollBack() : await this.commit();
    this.state = 'ended';
    this.options.onEnded(fail ? 'rolled-back' : fault === undefined ? 'committed' : 'failed');
    done(fault);
  }

  /** Whether there is something to work in; starts the clock. */
  private work(more: number): boolean {
    if (this.outcomes.length + this.outbox.waitingMessages + more > enlistedMax) {
      this.doomTo(rolledBack(`more than ${enlistedMax} messages in one transaction`));
    }
    if (this.state === 'idle') {
      this.state = 'working';
      this.deadline = performance.now() + this.options.timeoutMs;
      this.timer = setTimeout(() => this.expire(), this.options.timeoutMs).unref();
    }
    return this.state === 'working';
  }

  private expire(): void {
    const { timeoutMs } = this.options;
    this.doomTo(
      new AmqpError(
        AmqpErrorCondition.TRANSACTION_TIMEOUT,
        `a transaction may take ${timeoutMs} ms from its first message or outcome on: rolled back`,
      ),
    );
  }

  private doomTo(error: AmqpError): void {
    if (this.state !== 'idle' && this.state !== 'working') return;
    clearTimeout(this.timer);
    this.state = 'doomed';
    this.doom = error;
    this.deadline = performance.now() + this.options.timeoutMs;
    this.undoing = this.undo(error);
  }

  private async rollBack(): Promise<undefined> {
    await this.undo(rolledBack('it was asked for'));
    return undefined;
  }

  private async commit(): Promise<AmqpError | undefined> {
    const { outcomes } = this;
    const acknowledgements = outcomes.flatMap(({ acknowledgement }) => acknowledgement ?? []);
    try {
      await this.store(acknowledgements);
    } catch (thrown) {
      const fault = thrown instanceof AmqpError ? thrown : rolledBack('the commit failed', thrown);
      this.options.log.debug(
        { event: 'amqp-commit-failed', reason: fault.detail },
        'a transaction was not committed',
      );
      await this.undo(fault);
      return fault;
    }
    this.outbox.end();
    for (const acknowledgement of acknowledgements) {
      acknowledgement.consumer.ackedInTransaction(acknowledgement);
    }
    this.tellAll(undefined);
    return undefined;
  }

  private async store(acknowledgements: readonly EnlistedAcknowledgement[]): Promise<void> {
    const { outbox } = this;
    if (acknowledgements.length === 0 && outbox.isHolding && outbox.waitingMessages < 2) {
      if (outbox.waitingMessages === 1) await outbox.sendAlone();
      return;
    }
    // One after the other: what was acknowledged in a transaction that is aborted, Pulsar delivers again by itself, and the
    // client's rollback asks for it too.
    await outbox.flush();
    await this.acknowledge(acknowledgements);
    const transaction = await this.begun;
    try {
      await transaction?.commit(this.leftMs());
    } catch (error) {
      throw isPulsarError(error, 'TransactionOutcomeUnknown') ? outcomeUnknown(error) : error;
    }
  }

  private async acknowledge(acknowledgements: readonly EnlistedAcknowledgement[]): Promise<void> {
    if (acknowledgements.length === 0) return;
    const byConsumer = new Map<TopicConsumer, EnlistedAcknowledgement[]>();
    for (const each of acknowledgements) {
      const some = byConsumer.get(each.consumer);
      if (some === undefined) byConsumer.set(each.consumer, [each]);
      else some.push(each);
    }
    const transaction = await this.begin();
    await transaction.addSubscriptions(byConsumer.keys(), this.leftMs());
    const answers: Promise<void>[] = [];
    for (const [consumer, all] of byConsumer) {
      for (let start = 0; start < all.length; start += acknowledgementsPerCommandMax) {
        const some = all.slice(start, start + acknowledgementsPerCommandMax);
        answers.push(this.acknowledgeSome(consumer, some, transaction));
      }
    }
    // One that came behind the transaction's end would keep its messages from everybody.
    for (const each of await Promise.allSettled(answers)) if (each.status === 'rejected') throw each.reason;
  }

  /**
   * After a conflict none of the command's acknowledgements is the transaction's, and none of its messages the consumer's any
   * more: Pulsar gives them to nobody. One by one, those that do not conflict become the transaction's, and come again with
   * its abort.
   */
  private async acknowledgeSome(
    consumer: TopicConsumer,
    some: readonly EnlistedAcknowledgement[],
    { id }: Transaction,
  ): Promise<void> {
    try {
      await consumer.ackInTransaction(some, id, this.leftMs());
    } catch (error) {
      if (some.length > 1 && isPulsarError(error, 'TransactionConflict')) {
        await Promise.allSettled(some.map((one) => consumer.ackInTransaction([one], id, this.leftMs())));
      }
      throw error;
    }
  }

  /** Takes back what was done, and tells those who wait. */
  private async undo(error: AmqpError): Promise<void> {
    this.tellAll(error);
    await this.outbox.abandon(error);
    const transaction = await this.begun?.catch(() => undefined);
    if (transaction?.state !== 'open') return;
    // Where this fails, the coordinator does it when the transaction's time is over.
    await transaction.abort(this.leftMs()).catch(() => {});
  }

  private begin(): Promise<Transaction> {
    // Twice: the application's time and the discharge's. When the gateway dies, readers wait for so long.
    this.begun ??= this.options.pulsar.begin(this.options.timeoutMs * 2, this.leftMs());
    return this.begun;
  }

  private leftMs(): number {
    return Math.max(1, this.deadline - performance.now());
  }

  private tellAll(error: AmqpError | undefined): void {
    for (const outcome of this.outcomes.splice(0)) this.tell(outcome, error);
  }

  private tell(outcome: EnlistedOutcome, error: AmqpError | undefined): void {
    try {
      outcome.onEnd(error);
    } catch (thrown) {
      this.options.log.error(
        { event: 'amqp-outcome-threw', error: thrown },
        'an outcome of a transaction threw',
      );
    }
  }
}
