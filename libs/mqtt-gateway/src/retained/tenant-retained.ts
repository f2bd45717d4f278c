import type { PublishPressure } from '#libs/pulsar';
import type { Buffer } from 'node:buffer';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { MqttMessage } from '../message.js';
import { MqttError } from '../mqtt.errors.js';
import { decodeRetained, encodeRetained, peekRetained, retainedKey, topicOfKey } from './retained-record.js';
import type { RetainedSource, RetainedWalk } from './retained-replay.js';
import { RetainedTree, type TreeWalk, treeNodeBytes } from './retained-tree.js';
import { RetainedWrites, type WriteDone, type WriteTarget } from './retained-writes.js';
import type { RetainedOptions } from './retained.options.js';

/** The tenant's log, as all gateways read it. */
export interface RetainedState extends WriteTarget {
  start(): Promise<void>;
  readonly ready: boolean;
  readonly size: number;
  /** Of keys and values. */
  readonly bytes: number;
  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void;
  /** A copy of what is known of a key. */
  get(key: string): Buffer | undefined;
  /** Rejects while the log cannot be asked. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

export interface TenantRetainedServices {
  readonly state: RetainedState;
  readonly options: RetainedOptions;
  readonly nowMs: () => number;
}

export const retainedPutsMax = 1_000;
export const retainedPutTimeoutMs = 10_000;
const waitingChangesMax = 10_000;
const waitingBytesMax = 32 * 1024 * 1024;
const askAgainMs = 200;
/**
 * A tombstone of an expired message may come after a new message in the log, and then that one is gone: nobody removes what
 * has only just expired, as many devices publish again at that time.
 */
const expiredKeptMs = 3_600_000;
const removalsPerSweep = 1_000;

/** The retained messages of one tenant: what the log says, in memory by the levels of their topics. */
export class TenantRetained implements RetainedSource {
  /** Keys in the log, by topic. */
  readonly #tree = new RetainedTree<string>();
  /** Topics that are too long to be keys. */
  readonly #longTopics = new Map<string, string>();
  readonly #expiresAtMs = new Map<string, number>();
  readonly #writes: RetainedWrites;
  readonly #waiters = new Set<() => void>();
  readonly #started: Promise<void>;
  #isAsking = false;
  #closed = false;

  constructor(private readonly services: TenantRetainedServices) {
    const { state, nowMs } = services;
    this.#writes = new RetainedWrites(state, {
      inFlightMax: retainedPutsMax,
      changesMax: waitingChangesMax,
      bytesMax: waitingBytesMax,
      timeoutMs: retainedPutTimeoutMs,
      nowMs,
    });
    state.onChange((key, value) => this.#changed(key, value));
    this.#started = state.start();
    // Who waits for it hears of it; it only fails when the gateway ends.
    this.#started.catch(() => {});
  }

  get ready(): boolean {
    return this.services.state.ready;
  }

  get size(): number {
    return this.services.state.size;
  }

  get bytes(): number {
    return this.services.state.bytes + this.#tree.nodes * treeNodeBytes;
  }

  get(topic: string): MqttMessage | undefined {
    const key = this.#tree.get(topic);
    return key === undefined ? undefined : this.#decoded(key);
  }

  /** What says that no more should be read from who publishes retained messages, if anything does. */
  get pressure(): PublishPressure | undefined {
    return this.#writes.pressure;
  }

  /** An empty payload clears. `done` when every gateway that asks the log from now on finds it so. */
  set(message: MqttMessage, done: WriteDone): void {
    const { topic, payload } = message;
    const key = retainedKey(topic);
    if (payload.length === 0) {
      this.#writes.write(key, null, done);
      return;
    }
    const record = encodeRetained(message);
    const refusal = this.#refusal(topic, record);
    if (refusal !== undefined) done(new MqttError(MqttReasonCode.QUOTA_EXCEEDED, refusal));
    else this.#writes.write(key, record, done);
  }

  matching(filter: string): RetainedWalk {
    return new DecodingWalk(this.#tree.matching(filter), (key) => this.#decoded(key));
  }

  whenCaughtUp(call: () => void): () => void {
    this.#waiters.add(call);
    if (!this.#isAsking) void this.#ask();
    return () => this.#waiters.delete(call);
  }

  /** Removes from the log what has expired: one gateway of all does. */
  sweep(): void {
    const latest = this.services.nowMs() - expiredKeptMs;
    let removals = 0;
    for (const [key, expiresAtMs] of this.#expiresAtMs) {
      if (expiresAtMs > latest || this.#writes.has(key)) continue;
      this.#writes.write(key, null, () => {});
      if (++removals === removalsPerSweep) return;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiters.clear();
    this.#writes.close();
    await this.services.state.close();
  }

  #decoded(key: string): MqttMessage | undefined {
    const record = this.services.state.get(key);
    return record && decodeRetained(key, record);
  }

  #refusal(topic: string, record: Buffer): string | undefined {
    const { retainedBytesMax, retainedMessageBytesMax } = this.services.options;
    if (record.length > retainedMessageBytesMax) {
      return `a retained message has ${retainedMessageBytesMax} bytes at most`;
    }
    // What it replaces may be larger: while there is too much, only what needs no new place is taken.
    const isFull = this.bytes + this.#tree.newNodes(topic) * treeNodeBytes + record.length > retainedBytesMax;
    if (!isFull) return undefined;
    const before = this.services.state.get(retainedKey(topic));
    const grows = before === undefined || before.length < record.length;
    return grows ? 'there is no room for more retained messages' : undefined;
  }

  #changed(key: string, record: Buffer | undefined): void {
    const known = record && peekRetained(key, record);
    this.#expiresAtMs.delete(key);
    if (record === undefined || known === undefined) {
      const topic = topicOfKey(key) ?? this.#longTopics.get(key);
      this.#longTopics.delete(key);
      if (topic !== undefined) this.#tree.delete(topic);
      return;
    }
    if (topicOfKey(key) === undefined) this.#longTopics.set(key, known.topic);
    if (known.expiresAtMs !== undefined) this.#expiresAtMs.set(key, known.expiresAtMs);
    this.#tree.set(known.topic, key);
  }

  /** One question for all who wait; who comes while it is asked waits for the next. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiters.size > 0 && !this.#closed) {
      const waiters = [...this.#waiters];
      if (!(await this.#isCaughtUp())) {
        await new Promise<void>((resolve) => setTimeout(resolve, askAgainMs).unref());
        continue;
      }
      for (const waiter of waiters) if (this.#waiters.delete(waiter)) waiter();
    }
    this.#isAsking = false;
  }

  async #isCaughtUp(): Promise<boolean> {
    try {
      await this.#started;
      await this.services.state.caughtUp();
      return true;
    } catch {
      return false;
    }
  }
}

class DecodingWalk implements RetainedWalk {
  constructor(
    private readonly walk: TreeWalk<string>,
    private readonly decode: (key: string) => MqttMessage | undefined,
  ) {}

  get isDone(): boolean {
    return this.walk.isDone;
  }

  next(visitsMax: number): MqttMessage | undefined {
    const key = this.walk.next(visitsMax);
    return key === undefined ? undefined : this.decode(key);
  }
}
