import type { AmqpOutcome } from '#libs/amqp-codec';

/** Outcomes that the gateway gives itself to what it sends. */
export const released: AmqpOutcome = { type: 'released' };
export const accepted: AmqpOutcome = { type: 'accepted' };
/** Not to be given to this client again: it takes no messages of this size. */
export const tooLarge: AmqpOutcome = {
  ...{ type: 'modified', deliveryFailed: true, undeliverableHere: true, messageAnnotations: undefined },
};
export const failed: AmqpOutcome = {
  ...{ type: 'modified', deliveryFailed: true, undeliverableHere: undefined, messageAnnotations: undefined },
};
