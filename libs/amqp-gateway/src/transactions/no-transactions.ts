import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { Transactions, TransactionScope } from '../node.js';

/** Of a connection that can declare none. */
export const noTransactions: TransactionScope = {
  declare() {
    throw notServed();
  },
  discharge(_transactionId, _fail, done) {
    done(unknownTransaction());
  },
  post(_transactionId, _post, done) {
    done(unknownTransaction());
    return undefined;
  },
  enlist(_transactionId, enlisted) {
    enlisted.onEnd(unknownTransaction());
  },
  close() {},
};

/** Where transactions are not served at all. */
export const noTransactionService: Transactions = {
  openScope: () => noTransactions,
  openCoordinator: () => Promise.reject(notServed()),
};

export function notServed(): AmqpError {
  return new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'transactions are not served');
}

export function unknownTransaction(): AmqpError {
  return new AmqpError(AmqpErrorCondition.TRANSACTION_UNKNOWN_ID, 'no open transaction has this id');
}
