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

/** The transactions of one connection, by their ids. */
export class ConnectionTransactions implements TransactionScope {
  private readonly open = new Map<bigint, LocalTransaction>();
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
    this.open.set(this.lastId, transaction);
    return id;
  }

  discharge(transactionId: Buffer, fail: boolean, done: PublishDone): void {
    const transaction = this.find(transactionId);
    if (transaction === undefined) {
      done(unknownId());
      return;
    }
    this.open.delete(transactionId.readBigUInt64BE());
    void transaction.discharge(fail, done);
  }

  post(transactionId: Buffer, post: EnlistedPost, done: PublishDone): PublishPressure | undefined {
    const transaction = this.find(transactionId);
    if (transaction !== undefined) return transaction.post(post, done);
    done(unknownId());
    return undefined;
  }

  enlist(transactionId: Buffer, outcome: EnlistedOutcome): void {
    const transaction = this.find(transactionId);
    if (transaction === undefined) outcome.onEnd(unknownId());
    else transaction.enlist(outcome);
  }

  refused(transactionId: Buffer, error: AmqpError): void {
    this.find(transactionId)?.refused(error);
  }

  close(): void {
    this.closed = true;
    const all = [...this.open.values()];
    this.open.clear();
    for (const transaction of all) void transaction.discharge(true, () => {});
  }

  private find(transactionId: Buffer): LocalTransaction | undefined {
    if (transactionId.length !== transactionIdBytes) return undefined;
    return this.open.get(transactionId.readBigUInt64BE());
  }
}
