import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../connection.js';
import { PulsarError, type PulsarErrorCode } from '../pulsar.errors.js';
import type { BaseCommand, BaseCommandInit } from '../wire/commands.js';
import { PulsarTransactions } from './transactions.js';

const timeoutMs = 2_000;

/** A cluster whose answers are told beforehand: of each command in turn, then always success. */
class FakeCluster {
  readonly asked: string[] = [];
  readonly faults: Record<string, (PulsarErrorCode | 'ok')[]> = {};
  coordinators: number | PulsarErrorCode = 2;
  private readonly closeListeners: (() => void)[] = [];

  readonly transactions = new PulsarTransactions({
    operationTimeoutMs: timeoutMs,
    partitions: async () => {
      if (typeof this.coordinators === 'number') return this.coordinators;
      throw new PulsarError(this.coordinators, '');
    },
    connect: async (topic) => {
      this.answer('connect', topic.slice(-1));
      return this.connection;
    },
  });

  disconnect(): void {
    for (const listener of this.closeListeners.splice(0)) listener();
  }

  private readonly connection = {
    closed: false,
    request: async (command: BaseCommandInit): Promise<BaseCommand> => {
      const [name = ''] = Object.keys(command);
      this.answer(name, '');
      const newTxnResponse = { requestId: 1, txnidLeastBits: 7, txnidMostBits: 1 };
      return { type: 0, ...(command.newTxn ? { newTxnResponse } : {}) };
    },
    onClose: (listener: () => void) => this.closeListeners.push(listener),
  } as unknown as Connection;

  private answer(what: string, detail: string): void {
    this.asked.push(`${what}${detail}`);
    const fault = this.faults[what]?.shift() ?? 'ok';
    if (fault !== 'ok') throw new PulsarError(fault, '');
  }
}

describe('transactions of a cluster', () => {
  it('are begun at all its coordinators in turn, each introduced once', async () => {
    const cluster = new FakeCluster();
    for (let i = 0; i < 3; i++) await cluster.transactions.begin(1_000);
    expect(cluster.asked).toEqual([
      'connect0',
      'tcClientConnectRequest',
      'newTxn',
      'connect1',
      'tcClientConnectRequest',
      'newTxn',
      'newTxn',
    ]);
  });

  it.each<[string, Partial<FakeCluster>]>([
    ['has no coordinators', { coordinators: 'TopicNotFound' }],
    ['has none of them', { coordinators: 0 }],
  ])('are unavailable where it %s', async (_, settings) => {
    const cluster = Object.assign(new FakeCluster(), settings);
    await expect(cluster.transactions.ready()).rejects.toMatchObject({ code: 'TransactionsUnavailable' });
    cluster.coordinators = 1;
    await cluster.transactions.ready();
  });

  it('are unavailable where the brokers have them off', async () => {
    const cluster = new FakeCluster();
    cluster.faults.tcClientConnectRequest = ['NotAllowedError'];
    await expect(cluster.transactions.ready()).rejects.toMatchObject({ code: 'TransactionsUnavailable' });
  });

  it('follow a coordinator that moves', async () => {
    const cluster = new FakeCluster();
    cluster.faults.newTxn = ['TransactionCoordinatorNotFound', 'Disconnected'];
    const transaction = await cluster.transactions.begin(1_000);
    expect(transaction.id).toEqual({ txnidLeast: 7, txnidMost: 1 });
    cluster.disconnect();
    await transaction.addPartitions(['a'], timeoutMs);
    expect(cluster.asked.filter((what) => what === 'connect0')).toHaveLength(4);
  });

  it('know each partition and subscription once', async () => {
    const cluster = new FakeCluster();
    const transaction = await cluster.transactions.begin(1_000);
    cluster.asked.length = 0;
    await transaction.addPartitions(['a', 'b', 'a'], timeoutMs);
    await transaction.addPartitions(['b'], timeoutMs);
    const [first, second] = [
      { topic: 'a', subscription: 's' },
      { topic: 'a', subscription: 't' },
    ];
    await transaction.addSubscriptions([first, second], timeoutMs);
    await transaction.addSubscriptions([first], timeoutMs);
    expect(cluster.asked).toEqual(['addPartitionToTxn', 'addSubscriptionToTxn']);
  });

  it('end once', async () => {
    const transaction = await new FakeCluster().transactions.begin(1_000);
    await transaction.commit(timeoutMs);
    await expect(transaction.abort(timeoutMs)).rejects.toMatchObject({ code: 'InvalidTxnStatus' });
    await expect(transaction.addPartitions(['a'], timeoutMs)).rejects.toMatchObject({
      code: 'InvalidTxnStatus',
    });
  });
});

describe('a commit', () => {
  const commit = async (ttlMs: number, ...faults: PulsarErrorCode[]): Promise<string> => {
    const cluster = new FakeCluster();
    cluster.faults.endTxn = faults;
    const transaction = await cluster.transactions.begin(ttlMs);
    return transaction.commit(500).then(
      () => 'committed',
      (error: PulsarError) => error.code,
    );
  };

  it('whose answer was lost is asked for again, and was done when the coordinator knows it no more', async () => {
    expect(await commit(60_000, 'Disconnected')).toBe('committed');
    expect(await commit(60_000, 'Disconnected', 'TransactionNotFound')).toBe('committed');
  });

  it('may be unknown: the coordinator may have given the transaction up meanwhile', async () => {
    expect(await commit(0, 'Disconnected', 'TransactionNotFound')).toBe('TransactionOutcomeUnknown');
    expect(await commit(60_000, 'Timeout')).toBe('TransactionOutcomeUnknown');
    expect(await commit(60_000, 'UnknownError')).toBe('TransactionOutcomeUnknown');
  });

  it('is refused where the transaction was aborted', async () => {
    expect(await commit(60_000, 'InvalidTxnStatus')).toBe('InvalidTxnStatus');
    expect(await commit(60_000, 'TransactionNotFound')).toBe('TransactionNotFound');
  });

  it('that never reached the coordinator was not done', async () => {
    const cluster = new FakeCluster();
    const transaction = await cluster.transactions.begin(60_000);
    cluster.disconnect();
    cluster.faults.connect = new Array(20).fill('ConnectFailed');
    await expect(transaction.commit(200)).rejects.toMatchObject({ code: 'ConnectFailed' });
  });
});
