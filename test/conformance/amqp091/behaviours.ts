import { alternateBehaviours, exchangeBindingBehaviours } from './alternate-behaviours.js';
import type { Behaviour, BehaviourArea } from './behaviour.js';
import { bindingBehaviours, routingBehaviours } from './binding-behaviours.js';
import { channelBehaviours } from './channel-behaviours.js';
import { confirmBehaviours, transactionBehaviours } from './confirm-behaviours.js';
import { consumeBehaviours, prefetchBehaviours } from './consume-behaviours.js';
import { deadLetterBehaviours } from './dead-letter-behaviours.js';
import { defaultExchangeBehaviours } from './default-exchange-behaviours.js';
import { exchangeBehaviours } from './exchange-behaviours.js';
import { messageTtlBehaviours, queueTtlBehaviours } from './expiry-behaviours.js';
import { handshakeBehaviours } from './handshake-behaviours.js';
import { lengthBehaviours, priorityBehaviours, singleActiveBehaviours } from './limit-behaviours.js';
import { messageBehaviours } from './message-behaviours.js';
import { permissionBehaviours } from './permission-behaviours.js';
import { queueArgumentBehaviours } from './queue-argument-behaviours.js';
import { queueBehaviours } from './queue-behaviours.js';
import { replyBehaviours } from './reply-behaviours.js';
import { getBehaviours, settleBehaviours } from './settle-behaviours.js';
import { tuneBehaviours } from './tune-behaviours.js';

/** The whole table, in the order of its page. */
export const behaviourAreas: readonly BehaviourArea[] = [
  ...[handshakeBehaviours, tuneBehaviours, channelBehaviours],
  ...[exchangeBehaviours, defaultExchangeBehaviours, alternateBehaviours, exchangeBindingBehaviours],
  ...[queueBehaviours, queueArgumentBehaviours, bindingBehaviours, routingBehaviours],
  ...[messageBehaviours, confirmBehaviours, transactionBehaviours],
  ...[consumeBehaviours, prefetchBehaviours, settleBehaviours, getBehaviours, replyBehaviours],
  ...[deadLetterBehaviours, messageTtlBehaviours, queueTtlBehaviours, lengthBehaviours],
  ...[priorityBehaviours, singleActiveBehaviours, permissionBehaviours],
];

export const allBehaviours: readonly Behaviour[] = behaviourAreas.flatMap(({ behaviours }) => behaviours);
