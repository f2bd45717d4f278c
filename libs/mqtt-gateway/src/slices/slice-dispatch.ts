import type { MqttQos } from '#libs/mqtt-codec';
import type { EntryPosition } from '#libs/pulsar';
import { contentBytes, hasExpired, keptMessage, type MqttMessage } from '../message.js';
import type { MqttOptions } from '../mqtt.options.js';
import type { EntryMessages } from '../reading/feed.js';
import type { SessionScope } from '../session/session-scope.js';
import { FilterTree } from '../subscriptions/filter-tree.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import { type PublishedBefore, UnreadPublications, wasBefore } from '../subscriptions/published-before.js';
import type { LiveSession } from './live-session.js';
import type { MessageSource, QueueTarget } from './records/queue-record.js';
import type { SliceTable } from './slice-table.js';
import type { StoredSession } from './stored-session.js';

/** All subscriptions of one session that match a message, as one. */
interface Match {
  readonly session: StoredSession;
  qos: MqttQos;
  retain: boolean;
  /** No subscription without it matches. */
  checked: boolean;
  readonly identifiers: number[];
}

export interface DispatchLimits {
  readonly sessionQueueMessagesMax: number;
  readonly sessionQueueBytesMax: number;
  readonly sliceQueueBytesMax: number;
}

/** What is larger does not fit into one entry of the log. */
const queuedContentBytesMax = 4 * 1024 * 1024;
/** Nor does it with more whom it is for: they do not get it. Brokers take 5 MiB by default. */
const queuedRecordBytesMax = 4.75 * 1024 * 1024;
/** Of a session, and of a subscription identifier, in a record: digits, and what is between. */
const targetBytes = 24;
const identifierBytes = 10;
/** Of a character of the topic or a property there. */
const escapedBytesMax = 6;

/** Each slice sees all topics that any of its sessions may want: devices with a topic each are not worth remembering. */
const rememberedTopicsMax = 1_000;

/** Finds out for whom each message of a slice is, gives it to those who are connected and keeps it for the others. */
export class SliceDispatch {
  readonly tree = new FilterTree<StoredSession, MqttSubscription>(rememberedTopicsMax);
  readonly live = new Map<StoredSession, LiveSession>();
  /** What was published before a subscription is not for it. */
  readonly unread = new UnreadPublications();
  readonly #begins = new Map<MqttSubscription, PublishedBefore>();
  readonly #limits: DispatchLimits;

  constructor(
    private readonly table: SliceTable,
    private readonly scope: SessionScope,
    options: Pick<MqttOptions, keyof DispatchLimits>,
    /** Not kept for a session, as its queue or the slice's is full, or the message is too large. */
    private readonly dropped: { messages: number },
  ) {
    this.#limits = options;
  }

  /** A subscription that begins now, as far as this gateway can tell. */
  subscribe(
    session: StoredSession,
    subscription: MqttSubscription,
    isRead: (partition: string) => boolean,
  ): void {
    const replaced = this.tree.add(subscription.filter, session, subscription);
    const before = replaced === undefined ? this.unread.before(isRead) : this.#begins.get(replaced);
    if (replaced !== undefined) this.#begins.delete(replaced);
    if (before !== undefined) this.#begins.set(subscription, before);
  }

  unsubscribe(session: StoredSession, filter: string): void {
    const removed = this.tree.remove(filter, session);
    if (removed !== undefined) this.#begins.delete(removed);
  }

  /** @returns bytes of what was kept */
  onEntry(partition: string, { ledgerId, entryId }: EntryPosition, messages: EntryMessages): number {
    const before = this.table.queueBytes;
    messages.forEach((message, index) => {
      if (message === undefined) return;
      const matches = this.#matches(message, partition, { ledgerId, entryId });
      if (matches.length > 0) this.#give(message, { partition, ledgerId, entryId, index }, matches);
    });
    this.unread.passed(partition, { ledgerId, entryId });
    return Math.max(0, this.table.queueBytes - before);
  }

  #matches(message: MqttMessage, partition: string, position: EntryPosition): Match[] {
    const matches: Match[] = [];
    const bySession = new Map<StoredSession, Match>();
    this.tree.match(message.topic, (subscription, session) => {
      const { qos, noLocal, retainAsPublished, checked, identifier } = subscription;
      // [MQTT-3.8.3-3]
      if (noLocal && message.publisherId === session.clientId) return;
      if (this.#begins.size > 0 && this.#wasBefore(subscription, partition, position)) return;
      const retain = message.retain && retainAsPublished;
      const known = bySession.get(session);
      if (known === undefined) {
        const identifiers = identifier === undefined ? [] : [identifier];
        const match = { session, qos, retain, checked, identifiers };
        bySession.set(session, match);
        matches.push(match);
        return;
      }
      if (qos > known.qos) known.qos = qos;
      known.retain ||= retain;
      known.checked &&= checked;
      if (identifier !== undefined) known.identifiers.push(identifier);
    });
    return matches;
  }

  #wasBefore(subscription: MqttSubscription, partition: string, position: EntryPosition): boolean {
    const before = this.#begins.get(subscription);
    if (before === undefined) return false;
    if (wasBefore(before, partition, position)) return true;
    if (before.size === 0) this.#begins.delete(subscription);
    return false;
  }

  #give(message: MqttMessage, source: MessageSource, matches: readonly Match[]): void {
    const owned = keptMessage(message);
    const before = this.table.readBefore(source);
    const had = before === undefined ? undefined : new Set(before.targets.map(({ session }) => session));
    const targets: QueueTarget[] = [];
    const receivers: LiveSession[] = [];
    let needsRecord = false;
    const { length } = owned.payload;
    let recordBytes = length + escapedBytesMax * (contentBytes(owned) - length);
    for (const { session, qos: granted, retain, checked, identifiers } of matches) {
      const qos = Math.min(granted, message.qos) as MqttQos;
      const live = this.live.get(session);
      if (qos === 0) {
        if (live !== undefined) this.#deliverAtMostOnce(live, owned, retain, checked, identifiers);
        continue;
      }
      if (had?.has(session.number)) continue;
      recordBytes += targetBytes + identifierBytes * identifiers.length;
      if (recordBytes > queuedRecordBytesMax || !this.#hasRoom(session, owned)) {
        this.dropped.messages++;
        this.scope.counters.dropped['queue-full']++;
        continue;
      }
      targets.push({ session: session.number, qos, retain, checked, subscriptionIdentifiers: identifiers });
      if (live === undefined) continue;
      receivers.push(live);
      needsRecord ||= qos === 2;
    }
    if (targets.length === 0) return;
    const queued = this.table.enqueue(owned, source, targets);
    if (needsRecord) this.table.store(queued);
    for (const live of receivers) live.pump();
  }

  /** Nothing of it is kept: who sleeps, or has no room, does not get it. */
  #deliverAtMostOnce(
    { session }: LiveSession,
    message: MqttMessage,
    retain: boolean,
    checked: boolean,
    subscriptionIdentifiers: readonly number[],
  ): void {
    if (checked && !session.mayReceive(message.topic)) return;
    const taken = session.deliver({ message, qos: 0, retain, subscriptionIdentifiers });
    if (!taken) this.scope.counters.dropped[session.attached ? 'queue-full' : 'detached']++;
  }

  #hasRoom(session: StoredSession, message: MqttMessage): boolean {
    const { sessionQueueMessagesMax, sessionQueueBytesMax, sliceQueueBytesMax } = this.#limits;
    const bytes = contentBytes(message);
    if (bytes > queuedContentBytesMax) return false;
    if (this.table.queueBytes + bytes > sliceQueueBytesMax) return false;
    const isFull = () => {
      const { pendingCount, queueBytes } = session;
      if (pendingCount >= sessionQueueMessagesMax) return true;
      return pendingCount > 0 && queueBytes + bytes > sessionQueueBytesMax;
    };
    if (isFull()) this.#dropExpired(session);
    return !isFull();
  }

  #dropExpired(session: StoredSession): void {
    const nowMs = this.scope.nowMs();
    for (const pending of session.waiting.filter(({ message }) => hasExpired(message, nowMs))) {
      this.scope.counters.dropped.expired++;
      this.table.completed(pending);
    }
  }
}
