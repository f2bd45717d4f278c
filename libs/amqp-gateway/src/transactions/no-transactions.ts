import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { TransactionScope } from '../node.js';

/** Of a connection that has declared none. */
export const noTransactions: TransactionScope = {
  enlist() {
    throw new AmqpError(AmqpErrorCondition.TRANSACTION_UNKNOWN_ID, 'no transaction was declared');
  },
  close() {},
};
