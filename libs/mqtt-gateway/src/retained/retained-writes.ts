import type { PublishPressure } from '#libs/pulsar';
import type { Buffer } from 'node:buffer';
import { AgreedStateError } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';

export type WriteDone = (error?: MqttError) => void;

/** What is written to: the tenant's common state. */
export interface WriteTarget {
  /** Rejects with AgreedStateError. */
  put(key: string, value: Buffer | null): Promise<void>;
}

export interface RetainedWritesOptions {
  /** Puts on their way at once. */
  readonly inFlightMax: number;
  /** Changes that wait, those on their way included, and their bytes. */
  readonly changesMax: number;
  readonly bytesMax: number;
  /** How long a change waits for a state that cannot be changed now, in ms. */
  readonly timeoutMs: number;
  readonly nowMs: () => number;
}

interface Change {
  value: Buffer | null;
  readonly done: WriteDone[];
}

interface KeyWrites {
  readonly key: string;
  /** Since the first of the changes that wait. */
  deadlineMs: number;
  current: Change;
  /** What has come since `current` was sent: the last one is what counts. */
  next: Change | undefined;
}

const tryAgainMs = 100;
/** Of what may wait: above it no more should be read from whoever publishes, below half of it they are read again. */
const slowAbove = 0.25;

/**
 * Changes of retained messages on their way to the log. Of one topic only one is on its way: those that come meanwhile
 * replace each other, and are answered together when the last of them is stored, as a store that was faster would have
 * replaced them too.
 */
export class RetainedWrites implements PublishPressure {
  readonly #byKey = new Map<string, KeyWrites>();
  /** Keys whose current change was not sent yet. */
  readonly #unsent: KeyWrites[] = [];
  #inFlight = 0;
  #changes = 0;
  #listeners = new Set<() => void>();
  #bytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly target: WriteTarget,
    private readonly options: RetainedWritesOptions,
  ) {}

  get pending(): number {
    return this.#changes;
  }

  /** Asked after each write. */
  get pressure(): PublishPressure | undefined {
    return this.#isAbove(slowAbove) ? this : undefined;
  }

  onRelief(listener: () => void): () => void {
    const own = () => listener();
    if (this.#isAbove(slowAbove / 2)) this.#listeners.add(own);
    else listener();
    return () => this.#listeners.delete(own);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** `done` once, after it was stored and read back. */
  write(key: string, value: Buffer | null, done: WriteDone): void {
    const { changesMax, bytesMax, timeoutMs, nowMs } = this.options;
    const bytes = value?.length ?? 0;
    if (this.#closed || this.#changes >= changesMax || this.#bytes + bytes > bytesMax) {
      done(new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'too many retained messages are on their way'));
      return;
    }
    this.#changes++;
    this.#bytes += bytes;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#replace(known, value, done);
      return;
    }
    const writes = {
      key,
      deadlineMs: nowMs() + timeoutMs,
      current: { value, done: [done] },
      next: undefined,
    };
    this.#byKey.set(key, writes);
    this.#unsent.push(writes);
    this.#sendMore();
  }

  /** What was not stored fails. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    const error = new MqttError(MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, 'the gateway ends');
    for (const writes of this.#unsent.splice(0)) this.#settle(writes, error);
  }

  #isAbove(part: number): boolean {
    const { changesMax, bytesMax } = this.options;
    return this.#changes > changesMax * part || this.#bytes > bytesMax * part;
  }

  #relieve(): void {
    if (this.#listeners.size === 0 || this.#isAbove(slowAbove / 2)) return;
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }

  #replace(writes: KeyWrites, value: Buffer | null, done: WriteDone): void {
    const { next } = writes;
    if (next === undefined) {
      writes.next = { value, done: [done] };
      return;
    }
    this.#bytes -= next.value?.length ?? 0;
    next.value = value;
    next.done.push(done);
  }

  #sendMore(): void {
    while (this.#inFlight < this.options.inFlightMax && this.#retry === undefined) {
      const writes = this.#unsent.shift();
      if (writes === undefined) return;
      this.#send(writes);
    }
  }

  #send(writes: KeyWrites): void {
    this.#inFlight++;
    this.target.put(writes.key, writes.current.value).then(
      () => this.#sent(writes, undefined),
      (error: unknown) => this.#sent(writes, error),
    );
  }

  #sent(writes: KeyWrites, error: unknown): void {
    this.#inFlight--;
    const isAway = error instanceof AgreedStateError && error.fault === 'unavailable';
    if (isAway && !this.#closed && this.options.nowMs() < writes.deadlineMs) {
      this.#unsent.unshift(writes);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#sendMore();
      }, tryAgainMs);
      return;
    }
    this.#settle(writes, error === undefined ? undefined : refusalOf(error));
    this.#sendMore();
  }

  #settle(writes: KeyWrites, error: MqttError | undefined): void {
    const { current, next } = writes;
    this.#changes -= current.done.length;
    this.#bytes -= current.value?.length ?? 0;
    if (next === undefined) {
      this.#byKey.delete(writes.key);
    } else {
      writes.current = next;
      writes.next = undefined;
      writes.deadlineMs = this.options.nowMs() + this.options.timeoutMs;
      if (this.#closed) this.#settle(writes, error);
      else this.#unsent.push(writes);
    }
    for (const done of current.done) done(error);
    this.#relieve();
  }
}

function refusalOf(error: unknown): MqttError {
  const fault = error instanceof AgreedStateError ? error.fault : undefined;
  const code =
    fault === 'full' ? MqttReasonCode.QUOTA_EXCEEDED : MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
  return new MqttError(code, `retained message: ${(error as Error).message}`, { cause: error });
}
