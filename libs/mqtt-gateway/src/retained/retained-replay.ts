import { isSharedFilter } from '#libs/mqtt-codec';
import { hasExpired } from '../message.js';
import type { MqttMessage } from '../message.js';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { RetainedReceiver } from './retained-receiver.js';

/** What a replay reads: the retained messages of one tenant. */
export interface RetainedSource {
  /** Calls once when all that was retained before the call is known; until then nothing may be said to be missing. */
  whenCaughtUp(call: () => void): void;
  matching(filter: string): RetainedWalk;
}

export interface RetainedWalk {
  readonly isDone: boolean;
  /** The next match; undefined after `visitsMax` steps without one, or at the end. */
  next(visitsMax: number): MqttMessage | undefined;
}

/** Steps through the index, and messages, in one turn of the event loop. */
const visitsPerTurn = 2_000;
const deliveriesPerTurn = 100;

interface Running {
  readonly subscription: MqttSubscription;
  readonly walk: RetainedWalk;
  /** Found, and not taken yet. */
  held: MqttDelivery | undefined;
}

/**
 * Gives one session the retained messages that its new subscriptions match, one subscription after the other, as fast as
 * the session takes them: a `#` over all of them neither fills its queue nor keeps the others waiting.
 *
 * ```
 *   idle ──add──▶ asking (what was stored until now is known) ──▶ giving ──no room──▶ full ──resume──▶ giving
 *    ▲                                                              │ a turn's share is given: next turn
 *    └───────────────── nothing is left ────────────────────────────┘            stop, from anywhere: ended
 * ```
 */
export class RetainedReplay {
  readonly #waiting = new Map<string, MqttSubscription>();
  #running: Running | undefined;
  #state: 'idle' | 'asking' | 'giving' | 'full' | 'ended' = 'idle';

  constructor(
    private readonly source: RetainedSource,
    private readonly receiver: RetainedReceiver,
    private readonly now: () => number = Date.now,
  ) {}

  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /**
   * To be called when messages that are published from now on reach the session.
   *
   * @param existed there was a subscription with this filter, for Retain Handling 1 [MQTT-3.3.1-10]
   */
  add(subscription: MqttSubscription, existed: boolean): void {
    const { filter, retainHandling } = subscription;
    if (this.#state === 'ended' || isSharedFilter(filter)) return;
    if (retainHandling === 2 || (retainHandling === 1 && existed)) return;
    this.remove(filter);
    this.#waiting.set(filter, subscription);
    if (this.#state === 'idle') this.#ask();
  }

  /** Unsubscribed: no more of it. */
  remove(filter: string): void {
    this.#waiting.delete(filter);
    if (this.#running?.subscription.filter === filter) this.#running = undefined;
  }

  /** There is room again. */
  resume(): void {
    if (this.#state === 'full') this.#give();
  }

  stop(): void {
    this.#state = 'ended';
    this.#waiting.clear();
    this.#running = undefined;
  }

  #ask(): void {
    this.#state = 'asking';
    this.source.whenCaughtUp(() => {
      if (this.#state === 'asking') this.#give();
    });
  }

  #give(): void {
    this.#state = 'giving';
    let visits = visitsPerTurn;
    for (let given = 0; given < deliveriesPerTurn && visits > 0; given++) {
      const running = (this.#running ??= this.#next());
      if (running === undefined) {
        if (this.#state === 'giving') this.#state = 'idle';
        return;
      }
      running.held ??= this.#find(running, visits);
      visits -= visitsPerDelivery;
      if (running.held === undefined) {
        if (running.walk.isDone) this.#running = undefined;
        else break;
        continue;
      }
      if (!this.receiver.hasRoom() || !this.receiver.deliver(running.held)) {
        if (this.#state === 'giving') this.#state = 'full';
        return;
      }
      running.held = undefined;
      // The delivery may have ended the session.
      if (this.#state !== 'giving') return;
    }
    setImmediate(() => {
      if (this.#state === 'giving') this.#give();
    });
  }
}
