import { isSharedFilter, type MqttQos } from '#libs/mqtt-codec';
import { hasExpired, type MqttMessage } from '../message.js';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';

/** What a replay reads: the retained messages of one tenant. */
export interface RetainedSource {
  /** Calls once when all is known that was retained before. Returns the way to cancel. */
  whenCaughtUp(call: () => void): () => void;
  matching(filter: string): RetainedWalk;
}

export interface RetainedWalk {
  readonly isDone: boolean;
  /** The next match; undefined after `visitsMax` steps without one, or at the end. */
  next(visitsMax: number): MqttMessage | undefined;
}

/** In one turn of the event loop: each step finds a message, or looks at so many places in vain. */
const stepsPerTurn = 100;
const visitsPerStep = 200;

const noIdentifiers: readonly number[] = [];
/** Nothing is ever put in. */
const noSubscriptions = new Map<string, MqttSubscription>();

interface Running {
  readonly subscription: MqttSubscription;
  readonly walk: RetainedWalk;
  /** Found, and not taken yet. */
  held: MqttDelivery | undefined;
}

/**
 * Gives one session the retained messages that its new subscriptions match, one subscription after the other, as fast as
 * the session takes them: a `#` over all of them neither fills its queue nor keeps other sessions waiting.
 *
 * ```
 *   idle ──add──▶ asking (what was stored until now is known) ──▶ giving ──no room──▶ full ──room──▶ giving
 *    ▲                 ▲                                            │  a turn's share was given: the next turn
 *    │                 └──── subscriptions were added meanwhile ────┤
 *    └────────────────────── nothing is left ───────────────────────┘         stop, from anywhere: ended
 * ```
 */
export class RetainedReplay {
  /** By filter: the same one again begins anew. */
  readonly #added = new Map<string, MqttSubscription>();
  #asked = noSubscriptions;
  /** Of those that were asked for: what is left. */
  #left = noSubscriptions.values();
  #running: Running | undefined;
  #cancelAsking: (() => void) | undefined;
  #state: 'idle' | 'asking' | 'giving' | 'full' | 'ended' = 'idle';

  constructor(
    private readonly source: RetainedSource,
    private readonly receiver: TailSubscriber,
    private readonly nowMs: () => number,
  ) {}

  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /**
   * To be called when messages that are published from now on reach the session, so that none falls between.
   *
   * @param existed there was a subscription with this filter, for Retain Handling 1 [MQTT-3.3.1-10]
   */
  add(subscription: MqttSubscription, existed: boolean): void {
    const { filter, retainHandling } = subscription;
    if (this.#state === 'ended' || isSharedFilter(filter)) return;
    if (retainHandling === 2 || (retainHandling === 1 && existed)) return;
    this.remove(filter);
    this.#added.set(filter, subscription);
    if (this.#state === 'idle') this.#ask();
  }

  /** Unsubscribed: no more of it. */
  remove(filter: string): void {
    this.#added.delete(filter);
    if (this.#running?.subscription.filter === filter) this.#running = undefined;
    else this.#asked.delete(filter);
  }

  /** The connection has ended. */
  stop(): void {
    this.#state = 'ended';
    this.#cancelAsking?.();
    this.#added.clear();
    this.#forgetAsked();
    this.#running = undefined;
  }

  #ask(): void {
    this.#state = 'asking';
    this.#asked = new Map(this.#added);
    this.#left = this.#asked.values();
    this.#added.clear();
    this.#cancelAsking = this.source.whenCaughtUp(() => {
      this.#cancelAsking = undefined;
      if (this.#state === 'asking') this.#give();
    });
  }

  #give(): void {
    this.#state = 'giving';
    for (let steps = 0; steps < stepsPerTurn; steps++) {
      const running = (this.#running ??= this.#next());
      if (running === undefined) {
        if (this.#added.size > 0) this.#ask();
        else this.#state = 'idle';
        return;
      }
      running.held ??= this.#find(running);
      if (running.held === undefined) {
        if (running.walk.isDone) this.#running = undefined;
      } else if (this.receiver.deliver(running.held)) {
        running.held = undefined;
        // The delivery may have ended the session.
        if (this.#state !== 'giving') return;
      } else {
        this.#waitForRoom();
        return;
      }
    }
    setImmediate(() => {
      if (this.#state === 'giving') this.#give();
    });
  }

  #waitForRoom(): void {
    if (this.#state !== 'giving') return;
    this.#state = 'full';
    this.receiver.whenRoom(() => {
      if (this.#state === 'full') this.#give();
    });
  }

  #next(): Running | undefined {
    const { done, value: subscription } = this.#left.next();
    if (done === true) {
      this.#forgetAsked();
      return undefined;
    }
    return { subscription, walk: this.source.matching(subscription.filter), held: undefined };
  }

  #forgetAsked(): void {
    this.#asked = noSubscriptions;
    this.#left = noSubscriptions.values();
  }

  #find({ subscription, walk }: Running): MqttDelivery | undefined {
    const message = walk.next(visitsPerStep);
    if (message === undefined || hasExpired(message, this.nowMs())) return undefined;
    const { clientId } = this.receiver;
    if (subscription.noLocal && message.publisherId === clientId) return undefined;
    if (subscription.checked && !this.receiver.mayReceive(message.topic)) return undefined;
    const { qos, identifier } = subscription;
    return {
      message,
      qos: Math.min(message.qos, qos) as MqttQos,
      // [MQTT-3.3.1-8]
      retain: true,
      subscriptionIdentifiers: identifier === undefined ? noIdentifiers : [identifier],
    };
  }
}
