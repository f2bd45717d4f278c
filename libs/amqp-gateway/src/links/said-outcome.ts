import { Buffer } from 'node:buffer';
import {
  type AmqpDeliveryState,
  type AmqpDescribed,
  AmqpErrorCondition,
  type AmqpOutcome,
} from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import { acceptedState } from '../session/disposition-batch.js';

/** What a client says of deliveries to it; without an outcome it has not said how they ended. */
export interface SaidOutcome {
  /** As it is told in answer: without the client's own details, which may be larger than the frames that it takes. */
  readonly state: AmqpDeliveryState | undefined;
  readonly outcome: AmqpOutcome | undefined;
  readonly transactionId: Buffer | undefined;
}

const unsaid: SaidOutcome = { state: undefined, outcome: undefined, transactionId: undefined };
const accepted: SaidOutcome = { state: acceptedState, outcome: acceptedState, transactionId: undefined };

/** @throws AmqpError of the session for a state that a receiver may not give */
export function saidOutcomeOf(state: AmqpDeliveryState | AmqpDescribed | undefined): SaidOutcome {
  switch (state?.type) {
    case undefined:
    case 'received':
      return unsaid;
    case 'accepted':
      return accepted;
    case 'rejected':
      return { state: { ...state, error: undefined }, outcome: state, transactionId: undefined };
    case 'released':
      return { state, outcome: state, transactionId: undefined };
    case 'modified':
      return { state: { ...state, messageAnnotations: undefined }, outcome: state, transactionId: undefined };
    case 'transactional-state': {
      const said = saidOutcomeOf(state.outcome);
      // A view of the socket's bytes, and it is kept until the transaction ends.
      const transactionId = Buffer.from(state.txnId);
      const told = said.state as AmqpOutcome | undefined;
      return {
        state: { type: 'transactional-state', txnId: transactionId, outcome: told },
        outcome: said.outcome,
        transactionId,
      };
    }
    default:
      throw new AmqpError(
        AmqpErrorCondition.NOT_IMPLEMENTED,
        'a delivery does not end in a state of this kind',
        'session',
      );
  }
}
