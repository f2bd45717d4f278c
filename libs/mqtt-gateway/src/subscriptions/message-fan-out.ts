import type { MqttQos } from '#libs/mqtt-codec';
import type { EntryPosition } from '#libs/pulsar';
import { hasExpired, type MqttMessage, ownedMessage } from '../message.js';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { FilterTree, FilterValues } from './filter-tree.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import { type PublishedBefore, wasBefore } from './published-before.js';
import type { TailSubscriber } from './tail-subscriber.js';
import type { TopicInterest } from './topic-interest.js';

/** A subscriber among all that a tenant has, and its part in the message that is being matched. */
export class TailMember {
  /** Its filters, each with what has to be read for it. */
  readonly filters = new Map<string, TopicInterest>();
  /** The number of the message that the rest is about. */
  matched = 0;
  qos: MqttQos = 0;
  retainAsPublished = false;
  identifiers: readonly number[] = noIdentifiers;
  /** The same where several subscriptions have one. */
  ownIdentifiers: number[] | undefined;

  constructor(readonly subscriber: TailSubscriber) {}
}

/** A subscription in the tree. */
export class TailSubscription {
  readonly identifiers: readonly number[];

  constructor(
    readonly member: TailMember,
    readonly options: MqttSubscription,
    /** Not for it; undefined when all of that has passed. */
    public publishedBefore: PublishedBefore | undefined,
  ) {
    this.identifiers = options.identifier === undefined ? noIdentifiers : [options.identifier];
  }
}

const noIdentifiers: readonly number[] = [];

/**
 * Gives a message to everybody whose subscriptions match it, once to each [MQTT-3.3.5.1]: at the highest QoS that one of
 * them has, with the identifiers of all [MQTT-3.3.4-4]. The message is copied when the first is found who wants it, and one
 * delivery object serves all to whom it means the same.
 */
export class MessageFanOut {
  /** Deliveries that were given to sessions. */
  deliveries = 0;
  private number = 0;
  private message: MqttMessage | undefined;
  private readonly members: TailMember[] = [];
  /** Of this message, without identifiers: by QoS, twice, without and with RETAIN. */
  private readonly plain: (MqttDelivery | undefined)[] = new Array(6).fill(undefined);
  /** The last one with identifiers: a thousand clients of one program use the same. */
  private identified: MqttDelivery | undefined;

  /** @param onFault a session failed; the others get the message all the same */
  constructor(
    private readonly tree: FilterTree<TailMember, TailSubscription>,
    private readonly onFault: (clientId: string, error: unknown) => void,
  ) {}

  /** @returns how many sessions it was given to */
  give(message: MqttMessage, partition: string, position: EntryPosition): number {
    const matching = this.tree.matching(message.topic);
    if (matching.length === 0) return 0;
    if (message.expiresAtMs !== undefined && hasExpired(message, Date.now())) return 0;
    const before = this.deliveries;
    if (matching.length === 1) {
      this.giveEach(matching[0] as FilterValues<TailMember, TailSubscription>, message, partition, position);
    } else {
      this.giveMerged(matching, message, partition, position);
    }
    this.message = undefined;
    this.plain.fill(undefined);
    this.identified = undefined;
    return this.deliveries - before;
  }

  /** One filter matches: nobody has two subscriptions with it. */
  private giveEach(
    values: FilterValues<TailMember, TailSubscription>,
    message: MqttMessage,
    partition: string,
    position: EntryPosition,
  ): void {
    for (const subscription of values.values()) {
      if (!wants(subscription, message, partition, position)) continue;
      const { member, options, identifiers } = subscription;
      this.deliver(member, message, options.qos, options.retainAsPublished, identifiers);
    }
  }

  private giveMerged(
    matching: readonly FilterValues<TailMember, TailSubscription>[],
    message: MqttMessage,
    partition: string,
    position: EntryPosition,
  ): void {
    const { members } = this;
    this.number++;
    for (const values of matching) {
      for (const subscription of values.values()) {
        if (wants(subscription, message, partition, position)) this.merge(subscription);
      }
    }
    for (const member of members) {
      this.deliver(member, message, member.qos, member.retainAsPublished, member.identifiers);
    }
    members.length = 0;
  }

  private merge({ member, options, identifiers }: TailSubscription): void {
    if (member.matched !== this.number) {
      member.matched = this.number;
      member.qos = options.qos;
      member.retainAsPublished = options.retainAsPublished;
      member.identifiers = identifiers;
      member.ownIdentifiers = undefined;
      this.members.push(member);
      return;
    }
    if (options.qos > member.qos) member.qos = options.qos;
    member.retainAsPublished ||= options.retainAsPublished;
    if (identifiers.length === 0) return;
    // The first one's are its subscription's own; a client may have thousands that match.
    if (member.ownIdentifiers === undefined) member.ownIdentifiers = [...member.identifiers];
    member.ownIdentifiers.push(...identifiers);
    member.identifiers = member.ownIdentifiers;
  }

  private deliver(
    member: TailMember,
    message: MqttMessage,
    granted: MqttQos,
    retainAsPublished: boolean,
    identifiers: readonly number[],
  ): void {
    const qos = granted < message.qos ? granted : message.qos;
    const retain = retainAsPublished && message.retain;
    this.deliveries++;
    const delivery =
      identifiers.length === 0
        ? this.plainDelivery(message, qos, retain)
        : this.identifiedDelivery(message, qos, retain, identifiers);
    try {
      member.subscriber.deliver(delivery);
    } catch (error) {
      this.onFault(member.subscriber.clientId, error);
    }
  }

  private plainDelivery(message: MqttMessage, qos: MqttQos, retain: boolean): MqttDelivery {
    const kind = retain ? qos + 3 : qos;
    const known = this.plain[kind];
    if (known !== undefined) return known;
    const made = { message: this.owned(message), qos, retain, subscriptionIdentifiers: noIdentifiers };
    this.plain[kind] = made;
    return made;
  }

  private identifiedDelivery(
    message: MqttMessage,
    qos: MqttQos,
    retain: boolean,
    identifiers: readonly number[],
  ): MqttDelivery {
    const last = this.identified;
    if (
      last !== undefined &&
      last.qos === qos &&
      last.retain === retain &&
      last.subscriptionIdentifiers.length === 1 &&
      identifiers.length === 1 &&
      last.subscriptionIdentifiers[0] === identifiers[0]
    ) {
      return last;
    }
    this.identified = { message: this.owned(message), qos, retain, subscriptionIdentifiers: identifiers };
    return this.identified;
  }

  private owned(message: MqttMessage): MqttMessage {
    this.message ??= ownedMessage(message);
    return this.message;
  }
}

function wants(
  subscription: TailSubscription,
  message: MqttMessage,
  partition: string,
  position: EntryPosition,
): boolean {
  const { options, member } = subscription;
  const { subscriber } = member;
  // [MQTT-3.8.3-3]
  if (options.noLocal && message.publisherId === subscriber.clientId) return false;
  const { publishedBefore } = subscription;
  if (publishedBefore !== undefined) {
    if (wasBefore(publishedBefore, partition, position)) return false;
    if (publishedBefore.size === 0) subscription.publishedBefore = undefined;
  }
  return !options.checked || subscriber.mayReceive(message.topic);
}
