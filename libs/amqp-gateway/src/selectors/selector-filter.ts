import { AmqpDecodeError } from '#libs/amqp-codec';
import type { OutgoingDelivery } from '../node.js';
import type { MessageFilter } from '../nodes/node-plan.js';
import type { Expression } from './selector-expression.js';
import { SelectorMessage } from './selector-message.js';
import { parseSelector } from './selector-parser.js';

/** A JMS selector as it filters the messages of one link. */
export class SelectorFilter implements MessageFilter {
  private readonly condition: Expression;

  /** @throws SelectorError */
  constructor(selector: string) {
    this.condition = parseSelector(selector);
  }

  /** Only what is true matches: neither what is false nor what is unknown (Jakarta Messaging 3.8.1.2). */
  matches({ parts }: OutgoingDelivery): boolean {
    try {
      return this.condition.evaluate(new SelectorMessage(parts)) === true;
    } catch (error) {
      // A part of the message that is no AMQP: there is nothing to compare.
      if (error instanceof AmqpDecodeError) return false;
      throw error;
    }
  }
}
