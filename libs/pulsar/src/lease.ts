import { randomUUID } from 'node:crypto';
import type { Connector } from './connection.js';
import {
  type BrokerEntry,
  EntryDecodeError,
  type KeyedRecord,
  keyedEntry,
  MessageCursor,
  type OutgoingEntry,
} from './entry.js';
import {
  decodeLeaseSign,
  encodeLeaseSign,
  type LeaseRecord,
  leaseKey,
  leaseRecordOf,
} from './lease-record.js';
import { TopicProducer } from './producer/producer.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';
import { TopicReader } from './topic-reader.js';

export type LeaseState = 'standby' | 'queued' | 'replaying' | 'serving' | 'suspended' | 'lost' | 'released';

export interface LeaseOptions {
  /** One partition of a compacted topic that only leases write. It must exist. */
  readonly topic: string;
  readonly tenantKey: string;
  /** Who asks, for people who read the topic. */
  readonly owner: string;
  /** Silence after which a standby asks for the lease, and a holder without a receipt stops answering. Default 5 000. */
  readonly leaseGraceMs?: number;
  /**
   * Asks at once and stays in the broker's queue, without a wait for silence: for who is told by others that the lease
   * is to be its own. What the former holder may still answer is waited for after the promotion.
   */
  readonly eager?: boolean;
  /** Between signs of life, in ms. Default a fifth of the grace. */
  readonly heartbeatMs?: number;
  /** Until an append without a receipt costs the lease. Default 30 000. */
  readonly sendTimeoutMs?: number;
  /** Bytes and entries of appends without a receipt. Defaults 16 MiB and 10 000. */
  readonly pendingBytesMax?: number;
  readonly pendingEntriesMax?: number;
  /** Bytes of one entry decompressed. Default 16 MiB. */
  readonly decompressedBytesMax?: number;
  /**
   * Every record of the topic in order, from the start, while the lease is not yet served: a standby is warm. Own
   * appends are not repeated. By 'serving' all that was ever stored has been given.
   */
  onRecord(record: LeaseRecord): void;
  onStateChange?(state: LeaseState, error?: PulsarError): void;
}

/**
 * The right to one slice of state: records in a compacted topic, written by one process at a time.
 *
 * ```
 *            silence for leaseGraceMs,           promoted by            own first record was read
 *            hand-over, never held, eager        the broker             back, former holder silent
 *   standby ──────────────────────────▶ queued ───────────▶ replaying ────────────────▶ serving
 *      ▲                                  │                     │                        │    ▲
 *      └── another holder gave a sign ────┘                     │     no receipt for     │    │ receipt
 *                                                               │     leaseGraceMs       ▼    │
 *   released ◀── release(), from any state                      ├──────────────────▶ suspended
 *   lost     ◀── fenced by a newer topic epoch, an append failed, the topic is gone: from any state
 * ```
 * Pulsar elects: the producer is `wait-for-exclusive`, and its topic epoch fences a loser that does not know it yet. A
 * standby joins the broker's queue only after silence, so that a short cut of the holder's connection moves nothing, and
 * leaves it when another holder shows. A holder's time runs from when it *sent* what was last receipted, which is before
 * a standby could have seen it: it is suspended before anybody asks. Who did not wait for silence (`eager`, or a broker
 * that dropped the holder's connection) waits in 'replaying' until the former holder's time is over: its last entry and
 * the own first one are compared by the broker's clock. `lost` and `released` are final.
 */
export class TopicLease {
  readonly topic: string;
  private current: LeaseState = 'standby';
  private readonly graceMs: number;
  private readonly heartbeatMs: number;
  private readonly token = randomUUID();
  private readonly reader: TopicReader;
  private producer: TopicProducer | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** From the own first record to serving. */
  private serveTimer: NodeJS.Timeout | undefined;
  private lastTickAt = performance.now();
  /** Standby: when the holder was last known to live. */
  private lastSignAt = performance.now();
  /** Nobody holds it: absent or said farewell. Known when the reader has caught up. */
  private vacant = true;
  /** The last entry that is not the own one: its broker's time, where there is one, and when it was read. */
  private readonly former = { brokerTimestamp: undefined as number | undefined, readAt: performance.now() };
  private lastSentAt = 0;
  /** When the record was sent that marks the end of what former holders stored. */
  private promotedAt = 0;
  private validUntil = 0;
  /** A holder that reconnected and found somebody in its place: another holder, or its own connection not yet buried. */
  private requeuedAt: number | undefined;

  constructor(
    private readonly connector: Connector,
    private readonly options: LeaseOptions,
  ) {
    this.topic = options.topic;
    this.graceMs = options.leaseGraceMs ?? 5_000;
    this.heartbeatMs = options.heartbeatMs ?? this.graceMs / 5;
    this.reader = new TopicReader(connector, {
      topic: options.topic,
      tenantKey: options.tenantKey,
      start: 'earliest',
      readCompacted: true,
      onEntry: (entry) => this.onEntry(entry),
      onClosed: (error) => this.lose(error),
    });
  }

  /** Asked before every answer that the lease justifies: only 'serving' may answer. */
  get state(): LeaseState {
    if (this.current === 'serving' && performance.now() >= this.validUntil) this.become('suspended');
    return this.current;
  }

  /** Grows with every holder. Undefined until promoted. */
  get topicEpoch(): number | undefined {
    return this.producer?.topicEpoch;
  }

  /** Resolves when it is a standby; from then on `onStateChange` tells. Rejects when the topic cannot be read. */
  async start(): Promise<void> {
    await this.reader.start();
    await this.reader.reachEnd();
    if (this.ended) return;
    this.lastSignAt = performance.now();
    this.timer = setInterval(() => this.tick(), Math.min(this.heartbeatMs, this.graceMs / 4)).unref();
    if (this.vacant || this.options.eager) this.ask();
  }

  /**
   * Stores one record, or several as one entry: all or none. `done` is called once, in the order of the appends. An error that is not 'TooManyPending' or
   * 'EntryTooLarge' costs the lease: whether the record is stored is then for the next holder's replay to say.
   */
  append(record: KeyedRecord | readonly KeyedRecord[], done: (error: PulsarError | undefined) => void): void {
    const { producer } = this;
    const records = Array.isArray(record) ? record : [record];
    if (producer === undefined || (this.current !== 'serving' && this.current !== 'suspended')) {
      done(new PulsarError('ProducerFenced', `the lease is ${this.current}`));
      return;
    }
    if (records.length === 0 || records.some(({ key, value }) => value?.length === 0 || key === leaseKey)) {
      done(
        new PulsarError('InvalidConfiguration', 'no record, an empty value, or the key of the lease itself'),
      );
      return;
    }
    this.write(producer, records, done);
  }

  /** Gives the lease up for good; a holder says so in the topic, and a standby takes over at once. */
  async release(): Promise<void> {
    if (this.ended) return;
    const { producer } = this;
    const wasHolder = this.isHolder;
    // Who never served cannot say farewell for the former holder, whose time may not be over.
    const hasServed = wasHolder && this.current !== 'replaying';
    this.finish('released');
    if (producer !== undefined && hasServed) {
      await new Promise<void>((resolve) => {
        this.writeSign(producer, 'hand-over', () => resolve());
      });
    }
    await Promise.all([producer?.close(wasHolder ? 'flush' : 'now'), this.reader.close()]);
  }

  private get ended(): boolean {
    return this.current === 'lost' || this.current === 'released';
  }

  private get isHolder(): boolean {
    return this.current === 'replaying' || this.current === 'serving' || this.current === 'suspended';
  }

  private tick(): void {
    const now = performance.now();
    const wasLate = now - this.lastTickAt > this.graceMs / 2;
    this.lastTickAt = now;
    if (this.isHolder && this.producer !== undefined) {
      void this.state;
      if (this.requeuedAt !== undefined && now - this.requeuedAt >= this.graceMs) {
        this.lose(new PulsarError('ProducerFenced', 'another holder took the lease'));
        return;
      }
      if (now - this.lastSentAt >= this.heartbeatMs) this.writeSign(this.producer, 'heartbeat');
      return;
    }
    // After a pause of this process, or while the reader is away, silence says nothing about the holder.
    if (wasLate || !this.reader.attached) this.lastSignAt = now;
    if (this.current === 'standby' && now - this.lastSignAt >= this.graceMs) this.ask();
  }

  /** Joins the broker's queue. */
  private ask(): void {
    if (this.current !== 'standby') return;
    const { topic, tenantKey, pendingBytesMax, pendingEntriesMax, sendTimeoutMs } = this.options;
    const producer = new TopicProducer(this.connector, {
      topic,
      tenantKey,
      accessMode: 'wait-for-exclusive',
      pendingBytesMax: pendingBytesMax ?? 16 * 1024 * 1024,
      pendingEntriesMax: pendingEntriesMax ?? 10_000,
      sendTimeoutMs: sendTimeoutMs ?? 30_000,
      onQueued: () => {
        if (this.isHolder) this.requeuedAt ??= performance.now();
      },
    });
    producer.onClosed((error) => {
      if (this.producer === producer) this.lose(error);
    });
    this.producer = producer;
    this.become('queued');
    producer.start().then(
      () => this.promoted(producer),
      (error) => this.refused(producer, asPulsarError(error, 'UnknownError')),
    );
  }

  private promoted(producer: TopicProducer): void {
    if (this.producer !== producer || this.current !== 'queued') {
      void producer.close('now');
      return;
    }
    this.become('replaying');
    this.promotedAt = performance.now();
    // Read back, it marks the end of all that former holders stored, and tells the other standbys.
    this.writeSign(producer, 'heartbeat');
  }

  private refused(producer: TopicProducer, error: PulsarError): void {
    if (this.producer !== producer) return;
    this.connector.log.debug(
      { event: 'lease-refused', topic: this.topic, code: error.code },
      'asking for a lease failed',
    );
    this.backToStandby();
  }

  private backToStandby(): void {
    const { producer } = this;
    this.producer = undefined;
    this.lastSignAt = performance.now();
    this.become('standby');
    void producer?.close('now');
  }

  private onEntry(entry: BrokerEntry): void {
    if (this.ended || this.current === 'serving') return;
    try {
      const bytesMax = this.options.decompressedBytesMax ?? 16 * 1024 * 1024;
      const cursor = new MessageCursor(entry, { decompressedBytesMax: bytesMax });
      let own = false;
      while (cursor.next()) {
        const { key } = cursor;
        if (key === leaseKey) own = this.onSign(cursor);
        else if (key !== null && !cursor.compactedOut) this.options.onRecord(leaseRecordOf(cursor, key));
      }
      if (!own) {
        this.former.brokerTimestamp = entry.brokerTimestamp;
        this.former.readAt = performance.now();
      }
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      const { ledgerId, entryId } = entry;
      const fields = {
        event: 'lease-corrupt-entry',
        topic: this.topic,
        ledgerId,
        entryId,
        reason: error.message,
      };
      this.connector.log.warn(fields, 'passed over an entry of a lease topic that cannot be read');
    }
    this.lastSignAt = performance.now();
  }

  /** Whether it is the own one. */
  private onSign(cursor: MessageCursor): boolean {
    const sign = decodeLeaseSign(cursor.value);
    if (sign === undefined) return false;
    if (sign.token === this.token) {
      if (this.current === 'replaying') this.serveWhenFormerIsSilent(cursor.entry.brokerTimestamp);
      return true;
    }
    this.vacant = sign.kind === 'hand-over';
    if (this.timer === undefined) return false;
    if (this.vacant) this.ask();
    else if (this.current === 'queued' && !this.options.eager) this.backToStandby();
    return false;
  }

  private serveWhenFormerIsSilent(ownBrokerTimestamp: number | undefined): void {
    if (this.serveTimer !== undefined) return;
    const { brokerTimestamp, readAt } = this.former;
    const sinceMs =
      ownBrokerTimestamp === undefined || brokerTimestamp === undefined
        ? performance.now() - readAt
        : Math.max(0, ownBrokerTimestamp - brokerTimestamp);
    if (this.vacant || sinceMs >= this.graceMs) this.serve();
    else this.serveTimer = setTimeout(() => this.serve(), this.graceMs - sinceMs).unref();
  }

  private serve(): void {
    if (this.current !== 'replaying') return;
    // To read the own record back is as good as its receipt, which comes on another connection and may be later.
    this.validUntil = Math.max(this.validUntil, this.promotedAt + this.graceMs);
    this.become('serving');
    void this.reader.close();
  }

  private writeSign(producer: TopicProducer, kind: 'heartbeat' | 'hand-over', done?: () => void): void {
    const value = encodeLeaseSign({ kind, owner: this.options.owner, token: this.token });
    this.write(producer, [{ key: leaseKey, value }], () => done?.());
  }

  private write(
    producer: TopicProducer,
    records: readonly KeyedRecord[],
    done: (error: PulsarError | undefined) => void,
  ): void {
    let entry: OutgoingEntry;
    try {
      entry = keyedEntry(records);
    } catch (error) {
      done(asPulsarError(error, 'EntryTooLarge'));
      return;
    }
    const sentAt = performance.now();
    this.lastSentAt = sentAt;
    producer.send(entry, (error) => {
      if (error === undefined) this.receipted(sentAt);
      else if (error.code !== 'TooManyPending' && error.code !== 'EntryTooLarge') this.lose(error);
      done(error);
    });
  }

  private receipted(sentAt: number): void {
    this.validUntil = sentAt + this.graceMs;
    this.requeuedAt = undefined;
    if (this.current === 'suspended' && performance.now() < this.validUntil) this.become('serving');
  }

  private lose(error: PulsarError): void {
    if (this.ended) return;
    this.finish('lost', error);
    void this.producer?.close('now');
    void this.reader.close();
  }

  private finish(state: 'lost' | 'released', error?: PulsarError): void {
    clearInterval(this.timer);
    clearTimeout(this.serveTimer);
    this.become(state, error);
  }

  private become(state: LeaseState, error?: PulsarError): void {
    if (this.current === state) return;
    this.current = state;
    this.options.onStateChange?.(state, error);
  }
}

/** Resolves when it is a standby, or further. */
export async function createLease(connector: Connector, options: LeaseOptions): Promise<TopicLease> {
  const lease = new TopicLease(connector, options);
  await lease.start();
  return lease;
}
