import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttMessage } from '../message.js';
import type { DeliveryOutcome, MqttDelivery } from '../session/mqtt-delivery.js';
import type { SharedEntry } from './share-entry.js';
import type { SharedMember } from './share-member.js';

export interface MessageOwner {
  /** A member gave it back: it is to be given to another one. */
  returned(message: SharedMessage): void;
  /** A member may have room. */
  schedule(): void;
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
  private holder: SharedMember | undefined;
  private isDone = false;

  constructor(
    readonly message: MqttMessage,
    private readonly entry: SharedEntry,
    private readonly index: number,
    private readonly group: MessageOwner,
  ) {}

  /** False: the member has no room. */
  giveTo(member: SharedMember): boolean {
    const { options } = member;
    const qos = Math.min(options.qos, this.message.qos) as MqttQos;
    const delivery: MqttDelivery = {
      message: this.message,
      qos,
      retain: options.retainAsPublished && this.message.retain,
      subscriptionIdentifiers: member.identifiers,
      onDone: (outcome) => this.ended(member, outcome),
    };
    // Before it is delivered: it may end at once.
    this.holder = member;
    member.given.add(this);
    if (member.subscriber.deliver(delivery)) return true;
    member.given.delete(this);
    if (this.holder === member) this.holder = undefined;
    return this.isDone;
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

  private ended(member: SharedMember, outcome: DeliveryOutcome): void {
    if (this.isDone || this.holder !== member) return;
    this.holder = undefined;
    member.given.delete(this);
    if (outcome === 'completed') this.complete();
    else this.group.returned(this);
    this.group.schedule();
  }
}
