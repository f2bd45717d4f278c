import type { AmqpComposite } from '#libs/amqp-codec';
import type { AmqpError } from '../amqp.errors.js';

/** An error frame fits into the smallest frame that a client may ask for (AMQP 2.7.1), whatever its text is made of. */
const descriptionCharsMax = 120;

export function wireError({ condition, message }: AmqpError): AmqpComposite<'error'> {
  const description = message.slice(0, descriptionCharsMax).toWellFormed();
  return { type: 'error', condition, description };
}
