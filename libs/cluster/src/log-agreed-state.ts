import type { Buffer } from 'node:buffer';
import type { Log } from '#libs/telemetry';
import { type AgreedState, AgreedStateError } from './agreed-state.js';
import { AgreedValues } from './agreed-values.js';
import { type ClusterClock, systemClock } from './cluster-clock.js';
import { type LogPosition, type OpenStateLog, reservedKeyPrefix, type StateLog } from './state-log.js';

export interface AgreedStateOptions {
  /** For log lines. */
  readonly name: string;
  readonly openLog: OpenStateLog;
  /** Whether the log's namespace has what it needs. */
  readonly mayOpen: () => boolean;
  readonly log: Log;
  readonly clock?: ClusterClock;
  /** Default 100 000 entries and 64 MiB of keys and values. */
  readonly entriesMax?: number;
  readonly bytesMax?: number;
  /** Of one value. Default 64 KiB. */
  readonly valueBytesMax?: number;
  /** Puts that are not answered. Default 1 000. */
  readonly pendingPutsMax?: number;
  /** Until a put is given up, in ms. Default 10 000. */
  readonly putTimeoutMs?: number;
  /** How long what was read counts while the log is away, in ms. Default 30 000. */
  readonly staleMsMax?: number;
}

interface PendingPut {
  /** Of the record, once it is stored. */
  position: LogPosition | undefined;
  settle(error?: AgreedStateError): void;
}

export const agreedKeyCharsMax = 1_024;
export const agreedKeysAtOnceMax = 16;
export const agreedValueBytesMax = 64 * 1024;

const defaults = {
  entriesMax: 100_000,
  bytesMax: 64 * 1024 * 1024,
  valueBytesMax: agreedValueBytesMax,
  pendingPutsMax: 1_000,
  putTimeoutMs: 10_000,
  staleMsMax: 30_000,
};
/** Several gateways may pass the limits at once, by what each did not know of the others. So much is beyond any of that. */
const overfullFactor = 2;

const reopenMs = 1_000;
/** Between questions whether the namespace is good: only memory is looked at. */
const askAgainMs = 100;
const tickMs = 1_000;
/** Whoever was away for longer reads everything anew: the log is kept for at least a day, but need not be. */
const rereadMs = 60_000;

/**
 * The state that a log stands for.
 *
 * ```
 *           all was read                  away for staleMsMax
 *   reading ────────────▶ ready (follows) ──────────────────▶ stale ──read again──▶ ready
 *      ▲                     │ ended, or away for rereadMs
 *      └─── reopenMs ────────┘ what was read stays in force meanwhile
 * ```
 */
export class LogAgreedState implements AgreedState {
  readonly #options: AgreedStateOptions & typeof defaults;
  readonly #clock: ClusterClock;
  readonly #listeners = new Set<(key: string, value: Buffer | undefined) => void>();
  readonly #pending = new Set<PendingPut>();
  readonly #firstRead = Promise.withResolvers<void>();
  #values: AgreedValues;
  #stateLog: StateLog | undefined;
  #hasRead = false;
  #closed = false;
  #attachedAt = 0;
  #tickedAt = 0;
  #toldAway = false;
  #toldIncomplete = false;

  constructor(options: AgreedStateOptions) {
    this.#options = { ...defaults, ...options };
    this.#values = this.#noValues();
    this.#clock = options.clock ?? systemClock;
    this.#firstRead.promise.catch(() => {});
  }

  start(): Promise<void> {
    this.#tickedAt = this.#clock.now();
    this.#tick();
    void this.#connect();
    return this.#firstRead.promise;
  }

  get ready(): boolean {
    if (!this.#hasRead || this.#closed || this.#values.isIncomplete) return false;
    return (
      this.#stateLog?.attached === true || this.#clock.now() - this.#attachedAt <= this.#options.staleMsMax
    );
  }

  /** What is known is not all: some did not fit. */
  get isIncomplete(): boolean {
    return this.#values.isIncomplete;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Of keys and values. */
  get bytes(): number {
    return this.#values.bytes;
  }

  /**
   * Resolves when all is known here that was stored before the call, on whichever gateway. Rejects with AgreedStateError
   * while the log cannot be asked.
   */
  async caughtUp(): Promise<void> {
    const away = 'the log cannot be asked now';
    if (this.#stateLog === undefined) throw new AgreedStateError('unavailable', away);
    try {
      await this.#stateLog.reachEnd();
    } catch (error) {
      throw new AgreedStateError('unavailable', away, { cause: error });
    }
  }

  entries(): Iterable<[string, Buffer]> {
    return this.#values.entries();
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  put(key: string, value: Buffer | null): Promise<void> {
    return this.putAll(new Map([[key, value]]));
  }

  /**
   * As `put`, of several keys at once: of two that do so at the same time, all of the later is in force. At most
   * `agreedKeysAtOnceMax`, whose values are together no larger than one may be.
   */
  putAll(changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    const refusal = this.#refusal(changes);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = this.#clock.after(this.#options.putTimeoutMs, () =>
      put.settle(new AgreedStateError('unconfirmed', 'the change was not read back in time')),
    );
    const put: PendingPut = {
      position: undefined,
      settle: (error) => {
        timer.cancel();
        this.#pending.delete(put);
        if (error === undefined) resolve();
        else reject(error);
      },
    };
    this.#pending.add(put);
    const records = Array.from(changes, ([key, value]) => ({ key, value }));
    this.#stateLog!.append(records, (error, position) => this.#appended(put, error, position));
    return promise;
  }

  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = new AgreedStateError('unavailable', 'the gateway ends');
    this.#firstRead.reject(closed);
    await this.#stateLog?.close();
    for (const put of this.#pending) put.settle(new AgreedStateError('unconfirmed', closed.message));
  }

  #refusal(changes: ReadonlyMap<string, Buffer | null>): AgreedStateError | undefined {
    const { pendingPutsMax } = this.#options;
    const fault = this.#formFault(changes);
    if (fault !== undefined) return new AgreedStateError('invalid', fault);
    if (!this.ready || this.#stateLog === undefined) {
      return new AgreedStateError('unavailable', 'the state cannot be changed now');
    }
    if (this.#pending.size >= pendingPutsMax) {
      return new AgreedStateError('unavailable', `${pendingPutsMax} changes are on their way already`);
    }
    return this.#hasRoom(changes) ? undefined : new AgreedStateError('full', 'there is no room for more');
  }

  #formFault(changes: ReadonlyMap<string, Buffer | null>): string | undefined {
    const { valueBytesMax } = this.#options;
    if (changes.size === 0 || changes.size > agreedKeysAtOnceMax)
      return `1 to ${agreedKeysAtOnceMax} keys change at once`;
    let bytes = 0;
    for (const [key, value] of changes) {
      if (key === '' || key.length > agreedKeyCharsMax || key.startsWith(reservedKeyPrefix)) {
        return `a key has 1 to ${agreedKeyCharsMax} characters`;
      }
      bytes += value?.length ?? 0;
      // Compaction takes an empty value for none.
      if (value?.length === 0 || bytes > valueBytesMax) return `a value has 1 to ${valueBytesMax} bytes`;
    }
    return undefined;
  }

  /** What is taken away needs none, also where there is too much. */
  #hasRoom(changes: ReadonlyMap<string, Buffer | null>): boolean {
    const { entriesMax, bytesMax } = this.#options;
    const values = this.#values;
    let added = 0;
    let addedBytes = 0;
    for (const [key, value] of changes) {
      if (value === null) continue;
      if (!values.has(key)) added++;
      addedBytes += values.bytesWith(key, value) - values.bytes;
    }
    return (
      (added === 0 || values.size + added <= entriesMax) &&
      values.bytes + addedBytes <= Math.max(bytesMax, values.bytes)
    );
  }

  #appended(put: PendingPut, error: unknown, position: LogPosition): void {
    if (error === undefined) {
      put.position = position;
      if (this.#values.isRead(position)) put.settle();
    } else {
      put.settle(
        new AgreedStateError('unconfirmed', 'the change may not have been stored', { cause: error }),
      );
    }
  }

  async #connect(): Promise<void> {
    if (this.#closed) return;
    const retry = (ms = reopenMs) => this.#clock.after(ms, () => void this.#connect());
    if (!this.#options.mayOpen()) {
      retry(askAgainMs);
      return;
    }
    const session = this.#noValues();
    let opened: StateLog | undefined;
    let ended = false;
    try {
      opened = await this.#options.openLog({
        onRecord: (key, value) => this.#onRecord(session, key, value),
        onRead: (position) => this.#onRead(session, position),
        onClosed: (reason) => {
          ended = true;
          if (opened !== undefined) this.#lost(opened, reason);
        },
      });
    } catch (error) {
      this.#tellAway((error as Error).message);
      retry();
      return;
    }
    if (this.#closed) await opened.close();
    else if (ended) retry();
    else this.#follow(opened, session);
  }

  /** What was read takes the place of what was known. */
  #follow(stateLog: StateLog, session: AgreedValues): void {
    const before = this.#values;
    const { name, log } = this.#options;
    this.#stateLog = stateLog;
    this.#values = session;
    this.#attachedAt = this.#clock.now();
    if (!this.#hasRead || this.#toldAway) {
      log.info({ event: 'state.read', state: name, entries: session.size }, 'the common state was read');
    }
    this.#hasRead = true;
    this.#toldAway = false;
    this.#tellIncomplete();
    for (const key of new Set([...before.keys(), ...session.keys()])) {
      if (!before.isSame(key, session)) this.#changed(key, session.get(key));
    }
    // All that was stored before the log was opened has been read.
    for (const put of this.#pending) if (put.position !== undefined) put.settle();
    this.#firstRead.resolve();
  }

  #lost(stateLog: StateLog, reason: string): void {
    if (this.#stateLog !== stateLog || this.#closed) return;
    this.#stateLog = undefined;
    this.#tellAway(reason);
    this.#clock.after(reopenMs, () => void this.#connect());
  }

  #onRecord(session: AgreedValues, key: string, value: Buffer | null): void {
    if (session.set(key, value) && session === this.#values) this.#changed(key, session.get(key));
  }

  #onRead(session: AgreedValues, position: LogPosition): void {
    session.read = position;
    if (session !== this.#values) return;
    this.#tellIncomplete();
    for (const put of this.#pending) {
      if (put.position !== undefined && session.isRead(put.position)) put.settle();
    }
  }

  #changed(key: string, value: Buffer | undefined): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(key, value);
      } catch (error) {
        const fields = { event: 'state.listener-threw', state: this.#options.name, error };
        this.#options.log.error(fields, 'who follows the common state failed');
      }
    }
  }

  #noValues(): AgreedValues {
    const { entriesMax, bytesMax } = this.#options;
    return new AgreedValues({ entriesMax: overfullFactor * entriesMax, bytesMax: overfullFactor * bytesMax });
  }

  #tick(): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    const stoodStillMs = now - this.#tickedAt;
    this.#tickedAt = now;
    const stateLog = this.#stateLog;
    const awayMs = Math.max(stoodStillMs, now - this.#attachedAt);
    if (stateLog !== undefined) {
      if (awayMs > rereadMs) {
        this.#attachedAt = Math.min(this.#attachedAt, now - stoodStillMs);
        this.#lost(stateLog, 'it was away for too long');
        void stateLog.close();
      } else if (stateLog.attached) this.#attachedAt = now;
    }
    this.#clock.after(tickMs, () => this.#tick());
  }

  #tellIncomplete(): void {
    const { isIncomplete, size, bytes } = this.#values;
    if (isIncomplete && !this.#toldIncomplete) {
      const fields = { event: 'state.overfull', state: this.#options.name, entries: size, bytes };
      this.#options.log.error(fields, 'the common state is far beyond its limits and is not served');
    }
    this.#toldIncomplete = isIncomplete;
  }

  #tellAway(reason: string): void {
    if (this.#toldAway) return;
    this.#toldAway = true;
    const fields = { event: 'state.away', state: this.#options.name, reason };
    this.#options.log.warn(
      fields,
      'the common state cannot be read now; what was read stays in force for a while',
    );
  }
}
