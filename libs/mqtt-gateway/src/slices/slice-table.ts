import type { EntryPosition } from '#libs/pulsar';
import type { MqttMessage } from '../message.js';
import type { SequencedPlace } from '../publishing/sequenced-publisher.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import { QueuedMessage } from './queued-message.js';
import { encodeIntentRecord } from './records/intent-record.js';
import { encodePositionRecord } from './records/position-record.js';
import { encodeProgressRecord } from './records/progress-record.js';
import type { MessageSource, QueueRecord, QueueTarget } from './records/queue-record.js';
import { positionKey, recordKey } from './records/record-key.js';
import { encodeSessionRecord, type SessionRecord } from './records/session-record.js';
import { encodeSubscriptionRecord } from './records/subscription-record.js';
import { encodeWillRecord, type WillRecord } from './records/will-record.js';
import type { SliceChanges } from './slice-changes.js';
import { PendingMessage, StoredSession } from './stored-session.js';
import type { StoredWill } from './stored-will.js';

/**
 * All that a slice's log says, and what is to be written of it. Pure: no clock, no Pulsar, no connections.
 *
 * ```
 *   session/<n>        StoredSession ──┬── sub/<n>/<filter>   subscriptions
 *                                      ├── in/<n>/<packet id> QoS 2 in: where each message is stored
 *                                      └── progress/<n>       done through, done beyond, in flight
 *                                            ▲ whom it is for
 *   pos/<partition> ──passes──▶ queue/<s>  QueuedMessage: once for all its sessions
 *   will/<n>           StoredWill
 * ```
 * What was changed is remembered in `changes` and written together: an entry of the log is the state at one moment. A
 * queued message is
 *
 * ```
 *   in memory only ──QoS 2, or `checkpoint` with somebody left──▶ stored ──all are done, and it is passed──▶ deleted
 *        └── all are done ──▶ forgotten
 * ```
 * `checkpoint` moves the positions and stores, in the same entry, whatever they pass and somebody still needs. A message
 * that all are done with, but that no position has passed, keeps its record: read again after a crash, it is known.
 */
export class SliceTable {
  readonly sessions = new Map<number, StoredSession>();
  readonly #byClientId = new Map<string, StoredSession>();
  readonly positions = new Map<string, EntryPosition>();
  readonly wills = new Map<number, StoredWill>();
  /** Stored, or not passed by the position of their partition. */
  readonly queue = new Map<number, QueuedMessage>();
  readonly #notPassed = new Set<QueuedMessage>();
  /** Of those, what is in memory only, in the order of the sequence. */
  readonly #unstored = new Set<QueuedMessage>();
  /** Of those that are stored and not passed, since before the last crash: they will be read again. */
  readonly #rereads = new Map<string, QueuedMessage>();
  queueBytes = 0;
  #lastNumber = 0;
  #lastSequence = 0;

  constructor(readonly changes: SliceChanges) {}

  sessionOf(clientId: string): StoredSession | undefined {
    return this.#byClientId.get(clientId);
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** After replay: numbers and sequences that any record names are not used again. */
  begin(lastNumber: number, lastSequence: number): void {
    this.#lastNumber = lastNumber;
    this.#lastSequence = lastSequence;
  }

  createSession(clientId: string, record: Omit<SessionRecord, 'clientId'>): StoredSession {
    const session = new StoredSession(++this.#lastNumber, clientId, record);
    this.adopt(session);
    this.sessionChanged(session);
    return session;
  }

  /** One that is in the log. */
  adopt(session: StoredSession): void {
    this.sessions.set(session.number, session);
    this.#byClientId.set(session.clientId, session);
  }

  sessionChanged(session: StoredSession): void {
    this.changes.set('record', recordKey('session', session.number), () => encodeSessionRecord(session));
  }

  /** It has ended, with all that it holds. */
  discard(session: StoredSession): void {
    const { number } = session;
    for (const pending of [...session.pending()]) this.#leave(pending);
    session.isGone = true;
    session.waiting = [];
    session.given = undefined;
    session.inFlight = undefined;
    session.foreign = undefined;
    for (const filter of session.subscriptions.keys()) {
      this.changes.delete('record', recordKey('sub', number, filter));
    }
    for (const packetId of session.intents?.keys() ?? []) {
      this.changes.delete('record', recordKey('in', number, packetId));
    }
    if (session.progressStored || session.progressChanged) {
      this.changes.delete('progress', recordKey('progress', number));
    }
    this.changes.delete('record', recordKey('session', number));
    this.sessions.delete(number);
    if (this.#byClientId.get(session.clientId) === session) this.#byClientId.delete(session.clientId);
  }

  setSubscription(session: StoredSession, subscription: MqttSubscription): void {
    session.subscribe(subscription);
    const key = recordKey('sub', session.number, subscription.filter);
    this.changes.set('record', key, () => encodeSubscriptionRecord(subscription));
  }

  removeSubscription(session: StoredSession, filter: string): void {
    if (!session.unsubscribe(filter)) return;
    this.changes.delete('record', recordKey('sub', session.number, filter));
  }

  setIntent(session: StoredSession, packetId: number, place: SequencedPlace): void {
    session.intents ??= new Map();
    session.intents.set(packetId, place);
    this.changes.set('record', recordKey('in', session.number, packetId), () => encodeIntentRecord(place));
  }

  removeIntent(session: StoredSession, packetId: number): void {
    if (!session.intents?.delete(packetId)) return;
    this.changes.delete('record', recordKey('in', session.number, packetId));
  }

  setWill(record: WillRecord): StoredWill {
    const will: StoredWill = { ...record, number: ++this.#lastNumber, dueSecond: 0 };
    this.wills.set(will.number, will);
    this.willChanged(will);
    return will;
  }

  willChanged(will: StoredWill): void {
    this.changes.set('record', recordKey('will', will.number), () => encodeWillRecord(will));
  }

  removeWill(will: StoredWill): void {
    if (!this.wills.delete(will.number)) return;
    this.changes.delete('record', recordKey('will', will.number));
  }

  /** Where a partition begins, which passes nothing: in the log before all that was read of it. */
  beginAt(partition: string, position: EntryPosition): void {
    this.positions.set(partition, position);
    this.changes.set('record', positionKey(partition), () => encodePositionRecord(position));
  }

  setPosition(partition: string, position: EntryPosition): void {
    this.positions.set(partition, position);
    this.changes.set('position', positionKey(partition), () => encodePositionRecord(position));
  }

  forgetPosition(partition: string): void {
    if (this.positions.delete(partition)) this.changes.delete('position', positionKey(partition));
  }

  /** A message that was read, and whom it is for: it waits in each of these sessions. */
  enqueue(message: MqttMessage, source: MessageSource, targets: readonly QueueTarget[]): QueuedMessage {
    const queued = new QueuedMessage(++this.#lastSequence, message, source, targets);
    this.queue.set(queued.sequence, queued);
    this.#notPassed.add(queued);
    this.#unstored.add(queued);
    this.queueBytes += queued.bytes;
    for (const target of targets) {
      const session = this.sessions.get(target.session);
      if (session !== undefined) this.#wait(session, queued, target);
    }
    return queued;
  }

  /** One that is in the log. @param targets those that are not done with it */
  adoptQueued(
    sequence: number,
    { message, source, targets: all }: QueueRecord,
    targets: readonly QueueTarget[],
  ): void {
    const queued = new QueuedMessage(sequence, message, source, all);
    queued.stored = true;
    queued.isWritten = true;
    queued.passed = this.#isPassed(source);
    this.queue.set(sequence, queued);
    this.queueBytes += queued.bytes;
    for (const target of targets) {
      const session = this.sessions.get(target.session);
      if (session !== undefined) this.#wait(session, queued, target);
    }
    if (queued.passed) {
      queued.forgetOrigin();
    } else {
      this.#notPassed.add(queued);
      this.#rereads.set(sourceName(source), queued);
    }
    if (queued.outstanding === 0) this.#finished(queued);
  }

  /**
   * There will be a record of it with the next entry; and of what was read before it, or that would come after it when it is
   * read again.
   */
  store(queued: QueuedMessage): void {
    if (queued.stored) return;
    for (const earlier of this.#unstored) {
      if (earlier.sequence > queued.sequence) break;
      this.#store(earlier);
    }
  }

  #store(queued: QueuedMessage): void {
    if (queued.stored) return;
    queued.stored = true;
    this.#unstored.delete(queued);
    this.changes.set('record', recordKey('queue', queued.sequence), () => queued.written());
    for (const { session } of queued.targets) {
      const stored = this.sessions.get(session);
      // Its packet id is written of a message that is.
      if (stored?.given?.has(queued.sequence)) this.progressChanged(stored);
    }
  }

  /** The first that waits is given to the session's connection. */
  give(session: StoredSession): void {
    const pending = session.waiting.shift();
    if (pending === undefined) return;
    session.given ??= new Map();
    session.given.set(pending.ref.sequence, pending);
  }

  /** The connection has no room for what was given to it last. */
  refused(pending: PendingMessage): void {
    const { session, ref } = pending;
    if (session.given?.delete(ref.sequence)) session.waiting.unshift(pending);
  }

  /** The connection has ended: what it did not send waits again. */
  takeBack(session: StoredSession): void {
    const unsent: PendingMessage[] = [];
    for (const [sequence, pending] of session.given ?? []) {
      if (pending.packetId !== 0) continue;
      session.given?.delete(sequence);
      unsent.push(pending);
    }
    if (unsent.length > 0) session.waiting = [...unsent, ...session.waiting];
  }

  sending(pending: PendingMessage, packetId: number): void {
    const { session } = pending;
    pending.packetId = packetId;
    session.inFlight ??= new Map();
    session.inFlight.set(packetId, pending);
    this.progressChanged(session);
  }

  /** At QoS 2, of a message that the table does not know. */
  sendingForeign(session: StoredSession, packetId: number): void {
    session.foreign ??= new Set();
    session.foreign.add(packetId);
    this.progressChanged(session);
  }

  completedForeign(session: StoredSession, packetId: number): void {
    if (session.foreign?.delete(packetId)) this.progressChanged(session);
  }

  received(pending: PendingMessage): void {
    const { session, packetId } = pending;
    pending.received = true;
    session.inFlight?.delete(packetId);
    session.inFlight?.set(packetId, pending);
    this.progressChanged(session);
  }

  completed(pending: PendingMessage): void {
    const { session, ref } = pending;
    if (pending.packetId !== 0) session.inFlight?.delete(pending.packetId);
    if (!session.given?.delete(ref.sequence)) {
      const at = session.waiting.indexOf(pending);
      if (at === -1) return;
      session.waiting.splice(at, 1);
    }
    session.doneBeyond ??= new Set();
    session.doneBeyond.add(ref.sequence);
    this.progressChanged(session);
    this.#leave(pending);
  }

  /** Moves the positions on, and keeps what they pass for those that are not done with it. */
  checkpoint(positions: Iterable<readonly [partition: string, position: EntryPosition]>): void {
    for (const [partition, position] of positions) this.setPosition(partition, position);
    for (const queued of this.#notPassed) {
      if (!this.#isPassed(queued.source)) continue;
      queued.passed = true;
      this.#notPassed.delete(queued);
      this.#rereads.delete(sourceName(queued.source));
      if (queued.outstanding === 0) this.#finished(queued);
      else this.#store(queued);
      if (queued.isWritten) queued.forgetOrigin();
    }
  }

  /** Of a message that was read before the last crash, and stored then: the sessions that had it. */
  readBefore(source: MessageSource): QueuedMessage | undefined {
    return this.#rereads.size === 0 ? undefined : this.#rereads.get(sourceName(source));
  }

  progressChanged(session: StoredSession): void {
    if (session.progressChanged || session.isGone) return;
    session.progressChanged = true;
    this.changes.set('progress', recordKey('progress', session.number), () => {
      session.progressChanged = false;
      session.progressStored = true;
      return encodeProgressRecord(session.progress(this.#lastSequence));
    });
  }

  #isPassed({ partition, ledgerId, entryId }: MessageSource): boolean {
    const position = this.positions.get(partition);
    // Not read any more: what is there of it stays for those that wait.
    if (position === undefined) return true;
    return ledgerId < position.ledgerId || (ledgerId === position.ledgerId && entryId <= position.entryId);
  }

  #wait(session: StoredSession, queued: QueuedMessage, target: QueueTarget): void {
    const pending = new PendingMessage(queued, session, target);
    // A literal has room for one; what is pushed to an empty array, for sixteen more.
    if (session.waiting.length === 0) session.waiting = [pending];
    else session.waiting.push(pending);
    session.queueBytes += queued.bytes;
    queued.outstanding++;
  }

  /** A session does not need it any more. */
  #leave({ session, ref }: PendingMessage): void {
    session.queueBytes -= ref.bytes;
    if (--ref.outstanding === 0) this.#finished(ref);
  }

  #finished(queued: QueuedMessage): void {
    // Not passed: read again after a crash, it must be known by its record.
    if (queued.stored && !queued.passed) return;
    this.#notPassed.delete(queued);
    this.#unstored.delete(queued);
    if (!this.queue.delete(queued.sequence)) return;
    this.queueBytes -= queued.bytes;
    if (queued.stored) this.changes.delete('record', recordKey('queue', queued.sequence));
  }
}

function sourceName({ partition, ledgerId, entryId, index }: MessageSource): string {
  return `${ledgerId}:${entryId}:${index} ${partition}`;
}
