import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import type { SessionStore } from '../session/session-store.js';

/** Levels that the filters of a session may have together, for each subscription that it may have. */
const levelsPerSubscription = 10;

/**
 * What a session may still subscribe to. Subscriptions that are being begun count too: it takes a while until they are in
 * force. The levels of all filters are what they cost: in memory, and for each message that many of them fit.
 */
export class SubscriptionRoom {
  readonly #filters: Set<string>;
  #levels = 0;

  constructor(
    private readonly store: Pick<SessionStore, 'subscriptions'>,
    private readonly subscriptionsMax: number,
    /** Whether the tenant may have one more. */
    private readonly mayAdd: () => boolean = () => true,
    /** There are more, or fewer. */
    private readonly changed: () => void = () => {},
  ) {
    this.#filters = new Set(store.subscriptions.keys());
    for (const filter of this.#filters) this.#levels += levelsOf(filter);
  }

  /** Filters that there are, and that are being subscribed to. */
  get size(): number {
    return this.#filters.size;
  }

  /** Why there is none for one more. */
  refusal(filter: string): MqttError | undefined {
    if (this.#filters.has(filter)) return undefined;
    const { subscriptionsMax } = this;
    if (this.#filters.size >= subscriptionsMax) {
      return full(`a session has at most ${subscriptionsMax} subscriptions`);
    }
    if (!this.mayAdd()) return full('the tenant has as many subscriptions as it may');
    const levelsMax = subscriptionsMax * levelsPerSubscription;
    if (this.#levels + levelsOf(filter) <= levelsMax) return undefined;
    return full(`the filters of a session have at most ${levelsMax} levels together`);
  }

  take(filter: string): void {
    if (this.#filters.has(filter)) return;
    this.#filters.add(filter);
    this.#levels += levelsOf(filter);
    this.changed();
  }

  /** To be called when it did not come into force, or is no more. */
  give(filter: string): void {
    if (this.store.subscriptions.has(filter) || !this.#filters.delete(filter)) return;
    this.#levels -= levelsOf(filter);
    this.changed();
  }
}

function levelsOf(filter: string): number {
  let levels = 1;
  for (let at = filter.indexOf('/'); at >= 0; at = filter.indexOf('/', at + 1)) levels++;
  return levels;
}

function full(message: string): MqttError {
  return new MqttError(MqttReasonCode.QUOTA_EXCEEDED, message);
}
