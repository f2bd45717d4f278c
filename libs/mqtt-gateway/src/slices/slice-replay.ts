import type { Buffer } from 'node:buffer';
import type { EntryPosition } from '#libs/pulsar';
import type { SequencedPlace } from '../publishing/sequenced-publisher.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import { decodeIntentRecord } from './records/intent-record.js';
import { decodePositionRecord } from './records/position-record.js';
import { decodeProgressRecord, type ProgressRecord } from './records/progress-record.js';
import { decodeQueueRecord, type QueueRecord } from './records/queue-record.js';
import { parseRecordKey, type RecordKind, recordKey } from './records/record-key.js';
import { decodeSessionRecord, type SessionRecord } from './records/session-record.js';
import { decodeSubscriptionRecord } from './records/subscription-record.js';
import { decodeWillRecord, type WillRecord } from './records/will-record.js';
import type { SliceTable } from './slice-table.js';
import { StoredSession } from './stored-session.js';

/**
 * The records of a log, the latest of each key. They are put together when all are there: compaction keeps each where it was
 * last written, so that a message may come before the session that it is for.
 */
export class SliceReplay {
  readonly #sessions = new Map<number, SessionRecord>();
  readonly #subscriptions = new Map<number, Map<string, MqttSubscription>>();
  readonly #intents = new Map<number, Map<number, SequencedPlace>>();
  readonly #progress = new Map<number, ProgressRecord>();
  readonly #queue = new Map<number, QueueRecord>();
  readonly #wills = new Map<number, WillRecord>();
  readonly #positions = new Map<string, EntryPosition>();
  #lastNumber = 0;
  #lastSequence = 0;

  /** @throws Error for a record of a version that is not known */
  take(key: string, value: Buffer | null): void {
    const parsed = parseRecordKey(key);
    if (parsed === undefined) return;
    const { kind, number, rest } = parsed;
    // Also of what is deleted: its number is not given again.
    if (kind === 'queue') this.#lastSequence = Math.max(this.#lastSequence, number);
    else this.#lastNumber = Math.max(this.#lastNumber, number);
    this.#take[kind](number, rest, value);
  }

  /** Into an empty table. What belongs to no session is to be deleted. */
  fill(table: SliceTable): void {
    this.#fillSessions(table);
    for (const [partition, position] of this.#positions) table.positions.set(partition, position);
    for (const [number, will] of this.#wills) table.wills.set(number, { ...will, number, dueSecond: 0 });
    table.begin(this.#lastNumber, this.#lastSequence);
    const done = new Map(
      [...this.#progress].map(([number, { doneBeyond }]) => [number, new Set(doneBeyond)]),
    );
    for (const [sequence, record] of [...this.#queue].sort(([a], [b]) => a - b)) {
      const left = record.targets.filter(({ session }) => {
        const { doneThrough = 0 } = this.#progress.get(session) ?? {};
        return sequence > doneThrough && done.get(session)?.has(sequence) !== true;
      });
      table.adoptQueued(sequence, record, left);
    }
    for (const [number, { inFlight }] of this.#progress) {
      const session = table.sessions.get(number);
      if (session !== undefined) restoreInFlight(session, inFlight);
    }
  }

  #fillSessions(table: SliceTable): void {
    for (const [number, record] of [...this.#sessions].sort(([a], [b]) => a - b)) {
      // Two of one client: the log ended between the discard of the older one and its deletion.
      const older = table.sessionOf(record.clientId);
      if (older !== undefined) table.discard(older);
      const session = new StoredSession(number, record.clientId, record);
      for (const each of this.#subscriptions.get(number)?.values() ?? []) session.subscribe(each);
      session.intents = this.#intents.get(number);
      const progress = this.#progress.get(number);
      session.progressStored = progress !== undefined;
      if (progress !== undefined && progress.doneBeyond.length > 0) {
        session.doneBeyond = new Set(progress.doneBeyond);
      }
      table.adopt(session);
    }
    const isOrphan = (number: number) => !this.#sessions.has(number);
    for (const [number, filters] of this.#subscriptions) {
      if (!isOrphan(number)) continue;
      for (const filter of filters.keys()) table.changes.delete('record', recordKey('sub', number, filter));
    }
    for (const [number, intents] of this.#intents) {
      if (!isOrphan(number)) continue;
      for (const packetId of intents.keys())
        table.changes.delete('record', recordKey('in', number, packetId));
    }
    for (const number of this.#progress.keys()) {
      if (isOrphan(number)) table.changes.delete('progress', recordKey('progress', number));
    }
  }

  readonly #take: Record<RecordKind, (number: number, rest: string, value: Buffer | null) => void> = {
    session: (number, _, value) => put(this.#sessions, number, value && decodeSessionRecord(value)),
    sub: (number, filter, value) =>
      putInner(this.#subscriptions, number, filter, value && decodeSubscriptionRecord(filter, value)),
    in: (number, packetId, value) =>
      putInner(this.#intents, number, Number(packetId), value && decodeIntentRecord(value)),
    progress: (number, _, value) => {
      const record = value && decodeProgressRecord(value);
      put(this.#progress, number, record);
      for (const sequence of [record?.doneThrough ?? 0, ...(record?.doneBeyond ?? [])]) {
        this.#lastSequence = Math.max(this.#lastSequence, sequence);
      }
    },
    queue: (sequence, _, value) => {
      const record = value && decodeQueueRecord(value);
      put(this.#queue, sequence, record);
      for (const { session } of record?.targets ?? []) this.#lastNumber = Math.max(this.#lastNumber, session);
    },
    will: (number, _, value) => put(this.#wills, number, value && decodeWillRecord(value)),
    pos: (_, partition, value) => put(this.#positions, partition, value && decodePositionRecord(value)),
  };
}

function put<K, V>(map: Map<K, V>, key: K, value: V | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

function putInner<I, V>(maps: Map<number, Map<I, V>>, number: number, key: I, value: V | null): void {
  let map = maps.get(number);
  if (map === undefined) maps.set(number, (map = new Map()));
  put(map, key, value);
  if (map.size === 0) maps.delete(number);
}

function restoreInFlight(session: StoredSession, inFlight: ProgressRecord['inFlight']): void {
  for (const { packetId, sequence, received } of inFlight) {
    if (sequence === 0) {
      session.foreign ??= new Set();
      session.foreign.add(packetId);
      continue;
    }
    const at = session.waiting.findIndex(({ ref }) => ref.sequence === sequence);
    const [pending] = at === -1 ? [] : session.waiting.splice(at, 1);
    if (pending === undefined) continue;
    pending.packetId = packetId;
    pending.received = received;
    session.given ??= new Map();
    session.given.set(sequence, pending);
    session.inFlight ??= new Map();
    session.inFlight.set(packetId, pending);
  }
}
