import { Buffer } from 'node:buffer';
import type { AmqpComposite, AmqpDeliveryState } from '#libs/amqp-codec';
import type { ResumeQuota } from './resume-quota.js';

export type UnsettledMap = NonNullable<AmqpComposite<'attach'>['unsettled']>;

/** What became of one delivery of a client; without a state it is still being stored. */
export class KeptOutcome {
  #state: AmqpDeliveryState | undefined;
  #listener: ((state: AmqpDeliveryState) => void) | undefined;

  get state(): AmqpDeliveryState | undefined {
    return this.#state;
  }

  tell(state: AmqpDeliveryState): void {
    this.#state = state;
    this.#listener?.(state);
    this.#listener = undefined;
  }

  /** Calls `listener` once; the latest one only. */
  whenTold(listener: (state: AmqpDeliveryState) => void): void {
    if (this.#state === undefined) this.#listener = listener;
    else listener(this.#state);
  }
}

/**
 * The outcomes of what a client sent on one link, by delivery tag: those that it may not have heard, over as many links of that
 * name as it takes (AMQP 2.6.13). The oldest are forgotten when there are too many.
 */
export class OutcomeMemory {
  readonly #outcomes = new Map<string, KeptOutcome>();

  /** @param outcomesMax of this link */
  constructor(
    private readonly tenant: string,
    private readonly quota: ResumeQuota,
    private readonly outcomesMax: number,
  ) {}

  /** A delivery is whole, and is about to be stored. @param tag as latin1 text */
  begin(tag: string): KeptOutcome | undefined {
    this.forget(tag);
    if (this.#outcomes.size >= this.outcomesMax) this.#forgetOldest();
    if (!this.quota.take(this.tenant, 1)) return undefined;
    const kept = new KeptOutcome();
    this.#outcomes.set(tag, kept);
    return kept;
  }

  get(tag: string): KeptOutcome | undefined {
    return this.#outcomes.get(tag);
  }

  /** Both sides have settled it. */
  forget(tag: string): void {
    if (this.#outcomes.delete(tag)) this.quota.give(this.tenant, 1);
  }

  /**
   * What the client does not list it has settled, unless it says that its list is not complete.
   *
   * @returns what it is told of the others
   */
  compare(unsettled: ReadonlyMap<string, unknown>, isIncomplete: boolean): UnsettledMap {
    if (!isIncomplete) {
      for (const tag of [...this.#outcomes.keys()]) if (!unsettled.has(tag)) this.forget(tag);
    }
    return [...this.#outcomes].map(([tag, { state }]) => [Buffer.from(tag, 'latin1'), state] as const);
  }

  clear(): void {
    for (const tag of [...this.#outcomes.keys()]) this.forget(tag);
  }

  #forgetOldest(): void {
    const [oldest] = this.#outcomes.keys();
    this.forget(oldest as string);
  }
}
