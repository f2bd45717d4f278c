import { type Log, printable } from '#libs/telemetry';
import type { JwtAlgorithm } from './jwt-algorithm.js';
import type { ParsedKeys, VerificationKey } from './verification-key.js';

export interface KeyRingOptions {
  /** Whose keys they are, for logs. */
  readonly issuer: string;
  /** Reads all keys; rejects when they cannot be had or used. */
  readonly load: () => Promise<ParsedKeys>;
  /** How often they are read again. */
  readonly refreshMs: number;
  /** Keys that could not be read again for so long are not used any more. */
  readonly staleMsMax: number;
  /** Read again, at most every `unknownKeyPauseMs`, when a token names a key that is not there. */
  readonly refreshForUnknown: boolean;
  readonly log: Log;
  /** Shared by the rings whose tokens are verified by the same workers. Default: one of its own. */
  readonly waiting?: WaitingTokens | undefined;
  /** A clock in milliseconds that never goes back. */
  readonly now?: (() => number) | undefined;
}

/**
 * Tokens that wait for keys to be read. Most others need not wait, and must not stand behind tokens of invented keys while
 * the issuer takes its time.
 */
export class WaitingTokens {
  #count = 0;

  constructor(readonly countMax = waitingMaxDefault) {}

  /** @throws KeysUnavailable when too many wait already */
  async during(reading: () => Promise<void>): Promise<void> {
    if (this.#count >= this.countMax) throw new KeysUnavailable('too many tokens wait for keys to be read');
    this.#count++;
    try {
      await reading();
    } finally {
      this.#count--;
    }
  }
}

export type WithdrawnListener = (keys: readonly VerificationKey[]) => void;

/** The keys of an issuer are not known at present, so nobody can say whether a token is right. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Shortest time between two readings that tokens cause: whoever invents key ids must not make us flood the issuer. */
export const unknownKeyPauseMs = 10_000;
/** Half of the tokens that are verified at a time. */
const waitingMaxDefault = 8;
/** Keys that are tried for one token. More than one only fits where the issuer gives no ids, or the same twice. */
const candidatesMax = 8;

/**
 * The keys of one issuer, kept fresh. Who has none (any more) verifies nothing: it rejects, it never lets through.
 *
 * States: no keys -> (load) known -> (load) known ...; known -> (staleMsMax without a load) stale -> (load) known.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #now: () => number;
  readonly #waiting: WaitingTokens;
  #keys: readonly VerificationKey[] = [];
  #loadedAtMs: number | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  #fault: string | undefined;
  #said = '';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #listeners = new Set<WithdrawnListener>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#waiting = options.waiting ?? new WaitingTokens();
  }

  /** Reads the keys, and then again and again. Rejects when the first reading fails; goes on trying all the same. */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#fault !== undefined) throw new KeysUnavailable(this.#fault);
  }

  /** Reads the keys now; joins a reading that is under way. Never rejects: the former keys stay, see `staleMsMax`. */
  refresh(): Promise<void> {
    this.#underWay ??= this.#load().finally(() => {
      this.#underWay = undefined;
      this.#schedule();
    });
    return this.#underWay;
  }

  /**
   * The keys that may have signed a token with this header: those of the key id, else those that have none.
   *
   * @throws KeysUnavailable
   */
  async keysFor(algorithm: JwtAlgorithm, kid: string | undefined): Promise<readonly VerificationKey[]> {
    if (!this.#known(algorithm, kid) && this.#mayAsk()) await this.#waiting.during(() => this.refresh());
    if (this.#stale()) {
      throw new KeysUnavailable(this.#fault ?? 'the keys have not been read yet');
    }
    const fitting = this.#keys.filter((key) => key.algorithms.includes(algorithm));
    const named = fitting.filter((key) => kid === undefined || key.kid === kid);
    const candidates = named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
    // The issuer may have changed its keys, and cannot be asked.
    if (candidates.length === 0 && this.#fault !== undefined) throw new KeysUnavailable(this.#fault);
    return candidates.length > candidatesMax ? [] : candidates;
  }

  /** Whether this key still is one of the issuer's. */
  holds({ fingerprint }: VerificationKey): boolean {
    return this.#keys.some((key) => key.fingerprint === fingerprint);
  }

  /** Calls back when keys were taken out. */
  onWithdrawn(listener: WithdrawnListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Milliseconds since the keys were read; infinite when they never were. */
  get ageMs(): number {
    return this.#loadedAtMs === undefined ? Number.POSITIVE_INFINITY : this.#now() - this.#loadedAtMs;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #known(algorithm: JwtAlgorithm, kid: string | undefined): boolean {
    if (this.#loadedAtMs === undefined) return false;
    return this.#keys.some(
      (key) => key.algorithms.includes(algorithm) && (kid === undefined || key.kid === kid),
    );
  }

  #mayAsk(): boolean {
    if (this.#underWay) return true;
    const { refreshForUnknown } = this.#options;
    return !this.#closed && refreshForUnknown && this.#now() - this.#askedAtMs >= unknownKeyPauseMs;
  }

  async #load(): Promise<void> {
    this.#askedAtMs = this.#now();
    try {
      const { keys, ignored } = await this.#options.load();
      const former = this.#keys;
      this.#keys = keys;
      this.#loadedAtMs = this.#now();
      this.#fault = undefined;
      this.#sayKeys(keys, ignored);
      this.#tellWithdrawn(former);
    } catch (error) {
      this.#fault = (error as Error).message;
      this.#sayFault(error);
    }
  }

  #tellWithdrawn(former: readonly VerificationKey[]): void {
    const withdrawn = former.filter((key) => !this.holds(key));
    if (withdrawn.length > 0) for (const listener of this.#listeners) listener(withdrawn);
  }

  #schedule(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const { refreshMs } = this.#options;
    const delayMs = this.#fault === undefined ? refreshMs : Math.min(refreshMs, unknownKeyPauseMs);
    this.#timer = setTimeout(() => void this.refresh(), delayMs).unref();
  }

  #sayKeys(keys: readonly VerificationKey[], ignored: readonly string[]): void {
    const kids = keys.map(({ kid }) => (kid === undefined ? '(none)' : printable(kid)));
    const state = JSON.stringify([kids, ignored]);
    if (state === this.#said) return;
    this.#said = state;
    const fields = {
      event: 'jwt.keys-read',
      issuer: this.#options.issuer,
      count: keys.length,
      kids,
      ignored,
    };
    if (keys.length > 0) this.#options.log.info(fields, 'these keys verify tokens from now on');
    else
      this.#options.log.error(fields, 'the issuer has no key that can be used: all its tokens are refused');
  }

  #sayFault(error: unknown): void {
    const { log, staleMsMax, issuer } = this.#options;
    const stale = this.#stale();
    const state = `fault: ${stale} ${this.#fault}`;
    if (state === this.#said) return;
    this.#said = state;
    const fields = { event: 'jwt.keys-unavailable', issuer, error };
    if (stale) log.error(fields, 'the issuer has no keys that are fresh enough: all its tokens are refused');
    else
      log.warn(fields, `the keys cannot be read again; the former ones serve for at most ${staleMsMax} ms`);
  }

  /** Whether there are no keys, or none that were read in the time that they may be used for. */
  #stale(): boolean {
    return this.ageMs > this.#options.staleMsMax;
  }
}
