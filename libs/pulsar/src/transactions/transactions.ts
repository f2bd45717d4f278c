import type { Connection } from '../connection.js';
import { isPulsarError, PulsarError } from '../pulsar.errors.js';
import { Transaction } from './transaction.js';
import { TransactionCoordinator } from './transaction-coordinator.js';

/** Partition n of it is served by the broker that serves coordinator n. */
const assignTopic = 'persistent://pulsar/system/transaction_coordinator_assign';

export interface TransactionsDoor {
  readonly operationTimeoutMs: number;
  /** Rejects with 'TopicNotFound'. */
  partitions(topic: string): Promise<number>;
  /** To the broker that serves the topic. */
  connect(topic: string): Promise<Connection>;
}

/** The cluster's transactions, over all its coordinators in turn. */
export class PulsarTransactions {
  private found: Promise<TransactionCoordinator[]> | undefined;
  private lastUsed = -1;

  constructor(private readonly door: TransactionsDoor) {}

  /** Resolves where the cluster has coordinators. Rejects with 'TransactionsUnavailable' where not, else with why nobody could say. */
  async ready(): Promise<void> {
    await this.coordinators();
  }

  /** @param ttlMs after which the coordinator aborts it by itself; @param timeoutMs for the answer */
  async begin(ttlMs: number, timeoutMs = this.door.operationTimeoutMs): Promise<Transaction> {
    const coordinators = await this.coordinators();
    this.lastUsed = (this.lastUsed + 1) % coordinators.length;
    const tcId = this.lastUsed;
    const coordinator = coordinators[tcId] as TransactionCoordinator;
    const beganAt = performance.now();
    const answer = await coordinator.request({ newTxn: { txnTtlSeconds: ttlMs, tcId } }, { timeoutMs });
    const { txnidLeastBits: txnidLeast = 0, txnidMostBits: txnidMost = 0 } = answer?.newTxnResponse ?? {};
    return new Transaction({ txnidLeast, txnidMost }, beganAt + ttlMs, coordinator);
  }

  private coordinators(): Promise<TransactionCoordinator[]> {
    this.found ??= this.find().catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  private async find(): Promise<TransactionCoordinator[]> {
    const count = await this.door.partitions(assignTopic).catch((error: unknown) => {
      if (isPulsarError(error, 'TopicNotFound')) return 0;
      throw error;
    });
    if (count === 0) throw new PulsarError('TransactionsUnavailable', 'the cluster has no coordinator');
    const coordinators = Array.from(
      { length: count },
      (_, tcId) =>
        new TransactionCoordinator(tcId, () => this.door.connect(`${assignTopic}-partition-${tcId}`)),
    );
    // Brokers whose transactions are off may have the topic all the same.
    await coordinators[0]?.ready(this.door.operationTimeoutMs);
    return coordinators;
  }
}
