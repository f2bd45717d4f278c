import type { MqttMessage } from '../message.js';
import type { DeliveryOutcome } from '../session/mqtt-delivery.js';
import type { SharedEntry } from './share-entry.js';

export interface MessageOwner {
  /** A member gave it back: it is to be given to another one. */
  returned(message: SharedMessage): void;
  /** A member may have room. */
  schedule(): void;
}

/** Who has messages of a group, and has not acknowledged them. */
export interface MessageHolder {
  readonly given: Set<SharedMessage>;
}

/**
 * A message of a group, until a member has it.
 *
 * ```
 *   waiting ── a member took it ──▶ given ── completed ──▶ done
 *      ▲                              │
 *      └── returned, the member left ─┘        any ── nobody is left here ──▶ done, without an acknowledgement
 * ```
 */
export class SharedMessage {
  private holder: MessageHolder | undefined;
  private isDone = false;

  constructor(
    readonly message: MqttMessage,
    private readonly entry: SharedEntry,
    private readonly index: number,
    private readonly group: MessageOwner,
  ) {}

  /** Before it is delivered: it may end at once. */
  taken(by: MessageHolder): void {
    this.holder = by;
    by.given.add(this);
  }

  /** It was not delivered. False: another one may have it. */
  refused(by: MessageHolder): boolean {
    by.given.delete(this);
    if (this.holder === by) this.holder = undefined;
    return this.isDone;
  }

  /** That member is done with it. */
  ended(of: MessageHolder, outcome: DeliveryOutcome): void {
    if (this.isDone || this.holder !== of) return;
    this.holder = undefined;
    of.given.delete(this);
    if (outcome === 'completed') this.complete();
    else this.group.returned(this);
    this.group.schedule();
  }

  /** The member left without it. */
  takeBack(): void {
    this.holder = undefined;
  }

  /** It is given to nobody; an acknowledgement that still comes is not heard. */
  complete(): void {
    this.isDone = true;
    this.entry.complete(this.index);
  }

  forget(): void {
    this.isDone = true;
    this.holder = undefined;
  }
}
