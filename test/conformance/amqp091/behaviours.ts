import { alternateBehaviours, exchangeBindingBehaviours } from './alternate-behaviours.js';
import type { Behaviour, BehaviourArea } from './behaviour.js';
import { defaultExchangeBehaviours } from './default-exchange-behaviours.js';
import { exchangeBehaviours } from './exchange-behaviours.js';
import { handshakeBehaviours } from './handshake-behaviours.js';
import { tuneBehaviours } from './tune-behaviours.js';

/** The whole table, in the order of its page. */
export const behaviourAreas: readonly BehaviourArea[] = [
  ...[handshakeBehaviours, tuneBehaviours],
  ...[exchangeBehaviours, defaultExchangeBehaviours, alternateBehaviours, exchangeBindingBehaviours],
];

export const allBehaviours: readonly Behaviour[] = behaviourAreas.flatMap(({ behaviours }) => behaviours);
