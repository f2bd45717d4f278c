import { Buffer } from 'node:buffer';
import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type {
  EnlistedOutcome,
  EnlistedPost,
  PublishDone,
  PublishPressure,
  TransactionScope,
} from '../node.js';
import type { LocalTransaction } from './local-transaction.js';
import { unknownId } from './no-transactions.js';
import { transactionsPerConnectionMax } from './transaction-limits.js';

const transactionIdBytes = 8;

interface OpenTransaction {
  readonly transaction: LocalTransaction;
  /** Messages that came and are not posted yet. */
  expected: number;
  /** Waits for them. */
  discharge: { readonly fail: boolean; readonly done: PublishDone } | undefined;
}

/** The transactions of one connection, by their ids. */
export class ConnectionTransactions implements TransactionScope {
  private readonly open = new Map<bigint, OpenTransaction>();
  private lastId = 0n;
  private closed = false;

  /** @param make a transaction. @throws AmqpError when the tenant has too many */
  constructor(private readonly make: () => LocalTransaction) {}

  declare(): Buffer {
    if (this.closed) throw new AmqpError(AmqpErrorCondition.ILLEGAL_STATE, 'the connection is closed');
    if (this.open.size >= transactionsPerConnectionMax) {
      const reason = `${transactionsPerConnectionMax} transactions are open on this connection`;
      throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, reason);
    }
    const transaction = this.make();
    const id = Buffer.alloc(transactionIdBytes);
    id.writeBigUInt64BE(++this.lastId);
    this.open.set(this.lastId, { transaction, expected: 0, discharge: undefined });
    return id;
  }

  discharge(transactionId: Buffer, fail: boolean, done: PublishDone): void {
    const open = this.find(transactionId);
    if (open === undefined || open.discharge !== undefined) {
      done(unknownId());
      return;
    }
    open.discharge = { fail, done };
    if (open.expected === 0) this.end(transactionId, open);
  }

  expect(transactionId: Buffer): () => void {
    const open = this.find(transactionId);
    if (open === undefined) return () => {};
    open.expected++;
    return () => {
      if (--open.expected === 0 && open.discharge !== undefined) this.end(transactionId, open);
    };
  }

  post(transactionId: Buffer, post: EnlistedPost, done: PublishDone): PublishPressure | undefined {
    const transaction = this.find(transactionId)?.transaction;
    if (transaction !== undefined) return transaction.post(post, done);
    done(unknownId());
    return undefined;
  }

  enlist(transactionId: Buffer, outcome: EnlistedOutcome): void {
    const transaction = this.find(transactionId)?.transaction;
    if (transaction === undefined) outcome.onEnd(unknownId());
    else transaction.enlist(outcome);
  }

  refused(transactionId: Buffer, error: AmqpError): void {
    this.find(transactionId)?.transaction.refused(error);
  }

  close(): void {
    this.closed = true;
    const all = [...this.open.values()];
    this.open.clear();
    for (const { transaction, discharge } of all) {
      void transaction.discharge(true, () => discharge?.done(unknownId()));
    }
  }

  private end(transactionId: Buffer, { transaction, discharge }: OpenTransaction): void {
    // The connection may be gone, and has rolled it back.
    if (!this.open.delete(transactionId.readBigUInt64BE()) || discharge === undefined) return;
    void transaction.discharge(discharge.fail, discharge.done);
  }

  private find(transactionId: Buffer): OpenTransaction | undefined {
    if (transactionId.length !== transactionIdBytes) return undefined;
    return this.open.get(transactionId.readBigUInt64BE());
  }
}
