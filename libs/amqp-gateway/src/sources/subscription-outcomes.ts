import type { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import { type Delivery, type EntryDecodeError, SourceEntry, type SubscriptionPartition } from '#libs/pulsar';
import { tenantAmqpDefaults } from '#libs/tenancy';
import { temporaryNodeInstance } from '../address.js';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import { isDeadLetterTopic } from '../dead-letters/dead-letter-name.js';
import type { DeadLetter } from '../dead-letters/dead-letter.js';
import type { DeliveryOutcome, SettleDone } from '../node.js';
import type { SourcePlan, SubscriptionPlan } from '../nodes/node-plan.js';
import { Exclusions } from './exclusions.js';
import type { SourceParts } from './source-parts.js';
import type { SubscriptionDelivery } from './subscription-delivery.js';

/** Before a message that could not be made a dead letter comes again. */
const letterRetryMs = 1_000;

type Refusal = Pick<DeadLetter, 'reason' | 'condition' | 'description'>;

/** What becomes of the deliveries of one link's subscription when they are settled (AMQP 3.4). */
export class SubscriptionOutcomes {
  readonly exclusions = new Exclusions();
  /** Deliveries that were given to the link and that it has not settled. */
  given = 0;
  private isClosed = false;
  private readonly storing = new Set<Promise<void>>();
  private readonly hasDeadLetters: boolean;
  private readonly deliveriesMax: number;

  constructor(
    private readonly parts: SourceParts,
    private readonly plan: SourcePlan,
    private readonly subscription: SubscriptionPlan,
  ) {
    const { deadLetters } = plan.topic.tenant.amqp ?? tenantAmqpDefaults;
    const isLast = isDeadLetterTopic(plan.topic.pulsarTopic);
    // Nobody could receive what is left of a temporary node, nor would it ever end.
    const isTemporary = temporaryNodeInstance(plan.topic.name) !== undefined;
    this.hasDeadLetters = deadLetters && !isLast && !isTemporary;
    this.deliveriesMax = isLast ? 0 : plan.deliveriesMax;
  }

  /** Nothing is with the client, and nothing is being settled. */
  get isIdle(): boolean {
    return this.given === 0 && this.storing.size === 0;
  }

  settle(delivery: SubscriptionDelivery, outcome: DeliveryOutcome, done: SettleDone): void {
    if (!delivery.origin.isUnsettledAt(delivery.batchIndex)) {
      done(undefined);
      return;
    }
    switch (outcome.type) {
      case 'accepted':
        this.accept(delivery, done);
        break;
      case 'rejected':
        this.reject(delivery, { reason: 'rejected', ...outcome.error }, done);
        break;
      case 'modified':
        this.modify(delivery, outcome, done);
        break;
      default:
        this.giveBack(delivery, 0);
        done(undefined);
    }
  }

  /** The outcome acts with the transaction's commit (AMQP 4.4.2). */
  enlist(
    delivery: SubscriptionDelivery,
    outcome: DeliveryOutcome,
    done: SettleDone,
    transactionId: Buffer,
  ): void {
    const { partition, origin, batchIndex } = delivery;
    const { attachedConsumer: consumer } = partition;
    const { transactions } = this.plan;
    const isAcknowledgement = outcome.type === 'accepted';
    if (isAcknowledgement && consumer === undefined) {
      // The commit cannot acknowledge it, and must not do the rest either.
      const error = new AmqpError(AmqpErrorCondition.TRANSACTION_ROLLBACK, 'the subscription is gone');
      transactions.refused(transactionId, error);
      done(error);
      return;
    }
    transactions.enlist(transactionId, {
      acknowledgement:
        isAcknowledgement && consumer !== undefined
          ? { consumer, delivery: origin.delivery, batchIndex: batchIndex < 0 ? undefined : batchIndex }
          : undefined,
      onEnd: (error) => {
        if (error !== undefined) done(error);
        else if (!isAcknowledgement) this.settle(delivery, outcome, done);
        else {
          if (this.ended(delivery, false)) partition.accepted(origin, batchIndex);
          done(undefined);
        }
      },
    });
  }

  /** It was delivered too often, by links that were lost with it: it is a dead letter. */
  isOver(partition: SubscriptionPartition, delivery: Delivery, redeliveries: number): boolean {
    const { deliveriesMax } = this;
    // What other gateways gave back untried is in Pulsar's count: only what was seen to fail here is judged.
    const wasLost = partition.memory.correctionOf(delivery) > 0;
    const failures = redeliveries - partition.memory.leftOf(delivery);
    if (deliveriesMax === 0 || failures < deliveriesMax || !wasLost) return false;
    this.discard(partition, delivery, redeliveries, { reason: 'delivery-limit' });
    return true;
  }

  /** No message for anybody here. */
  unreadable(partition: SubscriptionPartition, delivery: Delivery, fault: EntryDecodeError): void {
    this.parts.counters.unreadable++;
    this.discard(partition, delivery, delivery.redeliveryCount, {
      reason: 'unreadable',
      description: fault.message,
    });
  }

  /** Messages of it are not for this link. */
  leaveToOthers(partition: SubscriptionPartition, entry: SourceEntry): void {
    this.parts.counters.leftToOthers++;
    if (!entry.isUnsettled) partition.giveBack(entry, this.exclusions.delayMs(entry));
  }

  /** Waits for dead letters on their way. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled(this.storing);
  }

  private accept(delivery: SubscriptionDelivery, done: SettleDone): void {
    const { partition, origin, batchIndex } = delivery;
    if (!this.ended(delivery, false)) {
      done(undefined);
      return;
    }
    partition.accept(origin, batchIndex, (error) => {
      if (error === undefined) done(undefined);
      else {
        // Of a link that is gone nobody is told: what its client accepted stays accepted.
        if (!this.isClosed) partition.memory.notAcknowledged(origin, batchIndex);
        done(asAmqpError(error));
      }
    });
  }

  private modify(delivery: SubscriptionDelivery, outcome: AmqpComposite<'modified'>, done: SettleDone): void {
    const { deliveryFailed = false, undeliverableHere = false } = outcome;
    const { deliveriesMax } = this;
    const failures = delivery.redeliveries + 1 - delivery.partition.memory.leftOf(delivery.origin);
    if (deliveryFailed && deliveriesMax > 0 && failures >= deliveriesMax) {
      this.reject(delivery, { reason: 'delivery-limit' }, done);
      return;
    }
    if (undeliverableHere && this.subscription.type === 'Exclusive') {
      this.reject(delivery, { reason: 'undeliverable' }, done);
      return;
    }
    if (undeliverableHere) this.exclusions.exclude(delivery.origin);
    if (deliveryFailed) {
      delivery.origin.hasFailed = true;
      delivery.partition.memory.failed(delivery.origin, delivery.redeliveries + 1);
    }
    this.giveBack(delivery, deliveryFailed ? this.parts.options.redeliveryDelayMs : 0);
    done(undefined);
  }

  private giveBack(delivery: SubscriptionDelivery, delayMs: number): void {
    if (this.ended(delivery, true)) delivery.partition.giveBack(delivery.origin, delayMs);
  }

  private ended({ origin, batchIndex }: SubscriptionDelivery, isReturned: boolean): boolean {
    if (!origin.settle(batchIndex, isReturned)) return false;
    this.given--;
    return true;
  }

  private reject(delivery: SubscriptionDelivery, refusal: Refusal, done: SettleDone): void {
    const { partition, origin, batchIndex, redeliveries } = delivery;
    if (!this.hasDeadLetters) {
      this.parts.counters.dropped++;
      this.accept(delivery, done);
      return;
    }
    const letter = this.letterOf(partition, origin, batchIndex, redeliveries + 1, refusal);
    this.store(letter, (error) => {
      if (error === undefined) {
        this.accept(delivery, done);
        return;
      }
      this.giveBack(delivery, letterRetryMs);
      done(asAmqpError(error));
    });
  }

  /** Of an entry that no link was given. */
  private discard(
    partition: SubscriptionPartition,
    delivery: Delivery,
    deliveries: number,
    refusal: Refusal,
  ): void {
    if (!this.hasDeadLetters) {
      this.parts.counters.dropped++;
      partition.skip(delivery, -1);
      return;
    }
    const letter = this.letterOf(partition, delivery, -1, deliveries, refusal);
    const held = new SourceEntry(delivery, [], true);
    partition.known.set(delivery, held);
    // What was accepted of a batch is nobody's dead letter.
    const isMeant = (at: number) => delivery.isUnacked(at) && !partition.memory.isAcknowledged(delivery, at);
    this.store({ ...letter, entry: delivery.entry, isMeant }, (error) => {
      delivery.dropBytes();
      if (error !== undefined) {
        partition.giveBack(held, letterRetryMs);
        return;
      }
      partition.known.delete(delivery);
      partition.memory.forget(delivery);
      partition.skip(held.delivery, -1);
    });
  }

  private letterOf(
    partition: SubscriptionPartition,
    { ledgerId, entryId }: SourceEntry | Delivery,
    batchIndex: number,
    deliveries: number,
    refusal: Refusal,
  ): DeadLetter {
    return {
      topic: this.plan.topic,
      subscription: this.subscription.name,
      partition: partition.topic,
      position: { ledgerId, entryId },
      batchIndex,
      deliveries,
      reason: refusal.reason,
      condition: refusal.condition,
      description: refusal.description,
    };
  }

  private store(letter: DeadLetter, done: (error: unknown) => void): void {
    const { deadLetters, counters, log } = this.parts;
    const stored = deadLetters.store(letter).then(
      () => {
        counters.deadLettered++;
        done(undefined);
      },
      (error: unknown) => {
        const { topic, subscription, position, reason } = letter;
        const fields = {
          event: 'amqp-dead-letter-failed',
          topic: topic.pulsarTopic,
          subscription,
          ...position,
        };
        log.warn({ ...fields, reason, error }, 'a message could not be made a dead letter and comes again');
        done(error);
      },
    );
    this.storing.add(stored);
    void stored.finally(() => this.storing.delete(stored));
  }
}
