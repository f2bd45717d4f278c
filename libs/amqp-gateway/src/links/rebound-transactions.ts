import type { Buffer } from 'node:buffer';
import type {
  EnlistedOutcome,
  EnlistedPost,
  PublishDone,
  PublishPressure,
  TransactionScope,
} from '../node.js';

/** The transactions of whatever connection a link is on: a source that outlives one serves the next. */
export class ReboundTransactions implements TransactionScope {
  constructor(public scope: TransactionScope) {}

  declare(): Buffer {
    return this.scope.declare();
  }

  discharge(transactionId: Buffer, fail: boolean, done: PublishDone): void {
    this.scope.discharge(transactionId, fail, done);
  }

  post(transactionId: Buffer, post: EnlistedPost, done: PublishDone): PublishPressure | undefined {
    return this.scope.post(transactionId, post, done);
  }

  expect(transactionId: Buffer): () => void {
    return this.scope.expect(transactionId);
  }

  enlist(transactionId: Buffer, enlisted: EnlistedOutcome): void {
    this.scope.enlist(transactionId, enlisted);
  }

  refused(transactionId: Buffer, error: Parameters<TransactionScope['refused']>[1]): void {
    this.scope.refused(transactionId, error);
  }

  /** The connection ends its transactions itself. */
  close(): void {}
}
