import { asPulsarError, PulsarError } from '../pulsar.errors.js';
import { TransactionAction } from '../wire/commands.js';
import type { CoordinatorRequest, TransactionCoordinator } from './transaction-coordinator.js';

/** Of a transaction, as sends and acknowledgements carry it. */
export interface TransactionId {
  readonly txnidLeast: number;
  readonly txnidMost: number;
}

export interface TransactionSubscription {
  /** One partition, or a topic without partitions. */
  readonly topic: string;
  readonly subscription: string;
}

export type TransactionState = 'open' | 'committing' | 'aborting' | 'ended';

/**
 * One transaction of Pulsar. From the first entry that is sent in it until its end, nothing behind that entry is given to
 * any reader of the partition: be quick.
 *
 * ```
 *          commit()
 *   open ────────────▶ committing ──▶ ended
 *     └──▶ aborting ────────────────────▲
 *  abort()
 * ```
 * Before the first send to a partition it must be added, before the first acknowledgement in a subscription that too. It
 * ends only when everything that was sent in it has its receipt: an entry that arrives behind the end holds up its
 * partition. The coordinator aborts what is not ended in time.
 */
export class Transaction {
  private current: TransactionState = 'open';
  private readonly partitions = new Set<string>();
  private readonly subscriptions = new Set<string>();

  constructor(
    readonly id: TransactionId,
    /** Of `performance.now()`: before, the coordinator does not end it by itself. */
    private readonly expiresAt: number,
    private readonly coordinator: TransactionCoordinator,
  ) {}

  get state(): TransactionState {
    return this.current;
  }

  /** Adds those that were not. Rejects with PulsarError. */
  async addPartitions(topics: Iterable<string>, timeoutMs: number): Promise<void> {
    const fresh = [...new Set(topics)].filter((topic) => !this.partitions.has(topic));
    if (fresh.length === 0) return;
    await this.request({ addPartitionToTxn: { ...this.bits, partitions: fresh } }, { timeoutMs });
    for (const topic of fresh) this.partitions.add(topic);
  }

  async addSubscriptions(subscriptions: Iterable<TransactionSubscription>, timeoutMs: number): Promise<void> {
    const fresh = new Map<string, TransactionSubscription>();
    for (const { topic, subscription } of subscriptions) {
      const key = JSON.stringify([topic, subscription]);
      if (!this.subscriptions.has(key)) fresh.set(key, { topic, subscription });
    }
    if (fresh.size === 0) return;
    const subscription = [...fresh.values()];
    await this.request({ addSubscriptionToTxn: { ...this.bits, subscription } }, { timeoutMs });
    for (const key of fresh.keys()) this.subscriptions.add(key);
  }

  /**
   * Resolves when all of it is done and can be read. Rejects with the coordinator's refusal ('InvalidTxnStatus',
   * 'TransactionNotFound': it was aborted), then nothing was done; or with 'TransactionOutcomeUnknown'.
   */
  async commit(timeoutMs: number): Promise<void> {
    this.leave('committing');
    let timesSent = 0;
    try {
      await this.end(TransactionAction.commit, {
        timeoutMs,
        onSent: () => {
          timesSent++;
        },
        // Committed transactions are forgotten; this one cannot have been given up before its time.
        wasDone: (error) => error.code === 'TransactionNotFound' && performance.now() < this.expiresAt,
      });
    } catch (thrown) {
      const error = asPulsarError(thrown, 'UnknownError');
      const wasAborted =
        error.code === 'InvalidTxnStatus' || (error.code === 'TransactionNotFound' && timesSent === 1);
      if (timesSent === 0 || wasAborted) throw error;
      throw new PulsarError('TransactionOutcomeUnknown', error.message, { cause: error });
    } finally {
      this.current = 'ended';
    }
  }

  /** Resolves when nothing of it can be read any more. When it rejects, the coordinator aborts it in its time. */
  async abort(timeoutMs: number): Promise<void> {
    this.leave('aborting');
    try {
      await this.end(TransactionAction.abort, {
        timeoutMs,
        wasDone: (error) => error.code === 'TransactionNotFound',
      });
    } finally {
      this.current = 'ended';
    }
  }

  private leave(next: 'committing' | 'aborting'): void {
    if (this.current !== 'open') {
      throw new PulsarError('InvalidTxnStatus', `the transaction is ${this.current} already`);
    }
    this.current = next;
  }

  private end(txnAction: number, request: CoordinatorRequest): Promise<unknown> {
    return this.coordinator.request({ endTxn: { ...this.bits, txnAction } }, request);
  }

  private async request(
    command: Parameters<TransactionCoordinator['request']>[0],
    request: CoordinatorRequest,
  ): Promise<void> {
    if (this.current !== 'open') throw new PulsarError('InvalidTxnStatus', `it is ${this.current}`);
    await this.coordinator.request(command, request);
  }

  private get bits() {
    return { txnidLeastBits: this.id.txnidLeast, txnidMostBits: this.id.txnidMost };
  }
}
