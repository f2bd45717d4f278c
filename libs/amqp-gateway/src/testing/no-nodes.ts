import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { Nodes } from '../node.js';

/** Nothing can be attached to. */
export const noNodes: Nodes = {
  openTarget: () => Promise.reject(noNode()),
  openSource: () => Promise.reject(noNode()),
  closeConnection() {},
};

function noNode(): AmqpError {
  return new AmqpError(AmqpErrorCondition.NOT_FOUND, 'there is no such node');
}
