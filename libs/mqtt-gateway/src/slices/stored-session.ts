import type { MqttProtocolLevel, MqttQos } from '#libs/mqtt-codec';
import type { MqttMessage } from '../message.js';
import type { SequencedPlace } from '../publishing/sequenced-publisher.js';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { Due } from './due-times.js';
import type { QueuedMessage } from './queued-message.js';
import type { ProgressRecord } from './records/progress-record.js';
import type { QueueTarget } from './records/queue-record.js';
import type { SessionRecord } from './records/session-record.js';

/** Messages that a client may be done with while it leaves an earlier one unanswered. */
const doneBeyondMax = 10_000;

const noSubscriptions: ReadonlyMap<string, MqttSubscription> = new Map();

/**
 * One persistent session as its slice knows it, connected or asleep. What it has not got is in two places, each in the
 * order of the sequence: `given` to the connection, and `waiting` behind that. Maps are made when they are needed: most
 * sessions sleep and have nothing. Pure; changed only by its SliceTable.
 */
export class StoredSession implements SessionRecord, Due {
  level: MqttProtocolLevel;
  expirySeconds: number;
  disconnectedAtMs: number | undefined;
  dueSecond = 0;
  /** What changed of its progress is not written yet. */
  progressChanged = false;
  /** A record of its progress is in the log. */
  progressStored = false;
  isGone = false;
  /** One is kept as it is: most have one, and a map is larger than all else of a session that sleeps. */
  #subscriptions: MqttSubscription | Map<string, MqttSubscription> | undefined;
  waiting: PendingMessage[] = [];
  given: Map<number, PendingMessage> | undefined;
  /** By packet id, in the order of sending; those received in the order of that. */
  inFlight: Map<number, PendingMessage> | undefined;
  /** QoS 2 out, of messages that the slice does not know (retained ones, those of groups): packet ids that the client may hold. */
  foreign: Set<number> | undefined;
  /** Sequences after the first that is not done. */
  doneBeyond: Set<number> | undefined;
  /** QoS 2 in: where the message of a packet id is. */
  intents: Map<number, SequencedPlace> | undefined;
  /** Of all that it has not got. */
  queueBytes = 0;

  constructor(
    readonly number: number,
    readonly clientId: string,
    record: Omit<SessionRecord, 'clientId'>,
  ) {
    this.level = record.level;
    this.expirySeconds = record.expirySeconds;
    this.disconnectedAtMs = record.disconnectedAtMs;
  }

  get subscriptions(): ReadonlyMap<string, MqttSubscription> {
    const kept = this.#subscriptions;
    if (kept === undefined) return noSubscriptions;
    return kept instanceof Map ? kept : new Map([[kept.filter, kept]]);
  }

  /** Adds, or replaces the one with the same filter. */
  subscribe(subscription: MqttSubscription): void {
    const kept = this.#subscriptions;
    if (kept instanceof Map) kept.set(subscription.filter, subscription);
    else if (kept === undefined || kept.filter === subscription.filter) this.#subscriptions = subscription;
    else this.#subscriptions = new Map([kept, subscription].map((each) => [each.filter, each]));
  }

  /** False: there was none. */
  unsubscribe(filter: string): boolean {
    const kept = this.#subscriptions;
    if (kept instanceof Map) return kept.delete(filter);
    if (kept?.filter !== filter) return false;
    this.#subscriptions = undefined;
    return true;
  }

  get pendingCount(): number {
    return this.waiting.length + (this.given?.size ?? 0);
  }

  /** In the order of the sequence. */
  *pending(): Iterable<PendingMessage> {
    if (this.given !== undefined) yield* this.given.values();
    yield* this.waiting;
  }

  /** So much is done beyond a message that is not: nothing more is given before that is, as all of it has to be remembered. */
  get isFarAhead(): boolean {
    const { doneBeyond } = this;
    if (doneBeyond === undefined || doneBeyond.size < doneBeyondMax) return false;
    this.#forgetDone(Number.POSITIVE_INFINITY);
    return doneBeyond.size >= doneBeyondMax;
  }

  /** What is written of its progress. @param lastSequence the last that any message of the slice has */
  progress(lastSequence: number): ProgressRecord {
    const doneThrough = this.#forgetDone(lastSequence);
    const { doneBeyond } = this;
    const inFlight = [...(this.inFlight ?? [])]
      .filter(([, pending]) => pending.ref.stored)
      .map(([packetId, { ref, received }]) => ({ packetId, sequence: ref.sequence, received }));
    for (const packetId of this.foreign ?? []) inFlight.push({ packetId, sequence: 0, received: true });
    return { doneThrough, doneBeyond: [...(doneBeyond ?? [])], inFlight };
  }

  /** @returns up to where all is done */
  #forgetDone(lastSequence: number): number {
    let doneThrough = lastSequence;
    for (const { ref } of this.pending()) doneThrough = Math.min(doneThrough, ref.sequence - 1);
    const { doneBeyond } = this;
    for (const sequence of doneBeyond ?? []) if (sequence <= doneThrough) doneBeyond?.delete(sequence);
    return doneThrough;
  }
}

/** What one session has still to get of a queued message; given to the session as it is. */
export class PendingMessage implements MqttDelivery {
  /** 0: it was not sent. */
  packetId = 0;
  /** QoS 2: PUBREC has come. */
  received = false;

  constructor(
    readonly ref: QueuedMessage,
    readonly session: StoredSession,
    private readonly target: QueueTarget,
  ) {}

  get message(): MqttMessage {
    return this.ref.message;
  }

  get qos(): MqttQos {
    return this.target.qos;
  }

  get retain(): boolean {
    return this.target.retain;
  }

  get checked(): boolean {
    return this.target.checked;
  }

  get subscriptionIdentifiers(): readonly number[] {
    return this.target.subscriptionIdentifiers;
  }
}
