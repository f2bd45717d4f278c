import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { TransactionScope, Transactions } from '../node.js';

/** Of a connection that has declared none. */
const noScope: TransactionScope = {
  declare() {
    throw notImplemented();
  },
  discharge(_id, _fail, done) {
    done(unknownId());
  },
  post(_id, _post, done) {
    done(unknownId());
    return undefined;
  },
  expect: () => () => {},
  enlist(_id, enlisted) {
    enlisted.onEnd(unknownId());
  },
  refused() {},
  close() {},
};

/** Where there are none. */
export const noTransactions: Transactions = {
  openScope: () => noScope,
  openCoordinator: () => Promise.reject(notImplemented()),
};

export function notImplemented(): AmqpError {
  return new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'transactions are not served');
}

export function unknownId(): AmqpError {
  return new AmqpError(AmqpErrorCondition.TRANSACTION_UNKNOWN_ID, 'no open transaction has this id');
}
