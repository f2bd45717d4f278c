import type { Buffer } from 'node:buffer';
import type { KeyedRecord, LeaseOptions, LeaseState, PulsarError, TopicLease } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { PausableClock, type SliceClock } from './slice-clock.js';
import { SliceUnavailable } from './slice-unavailable.js';

/** What one holder of a slice knows: made anew for each attempt to hold it. */
export interface SliceState {
  /** How many things are in it; of an empty one nothing needs to be held. */
  readonly count: number;
  /** One record of the log, in its order, before `serve`; also for keys that are deleted later. What it throws costs the slice. */
  replay(key: string, value: Buffer | null): void;
  /** The log was replayed: requests come from now on. */
  serve(): void;
  /**
   * It is about to be given away in order: resolves when all that it knows is stored. Requests do not come any more. `close`
   * follows, also when this takes too long.
   */
  settle?(): Promise<void>;
  /** The slice is somebody else's from now on: answers everybody who waits. Also called of one that never served. */
  close(): void;
}

/** Where a slice's records go: the lease, or memory in specs. */
export interface SliceLog {
  /** Stores the records as one entry. `done` is called once, in the order of the appends. */
  append(records: readonly KeyedRecord[], done: (error: PulsarError | undefined) => void): void;
}

/** What a state is made with. */
export interface SliceGround {
  readonly tenant: Tenant;
  readonly slice: number;
  /** Its timers stand still while Pulsar does not confirm the lease. */
  readonly clock: SliceClock;
  readonly store: SliceLog;
  /** What the state knows can not be stored: it is closed, and the slice is taken anew, with what its log says. */
  fail(error: PulsarError): void;
}

export interface HeldSliceServices<State extends SliceState> {
  readonly tenant: Tenant;
  readonly slice: number;
  /** What is in it, for logs and errors: `groups`. */
  readonly things: string;
  /** Appends without a receipt. */
  readonly pendingEntriesMax: number;
  readonly log: Log;
  readonly clock: SliceClock;
  /** This gateway, for people who read the topic. */
  readonly owner: string;
  /** The topic of the slice's records, made when it was not there. */
  topic(): Promise<string>;
  acquireLease(options: LeaseOptions): Promise<TopicLease>;
  makeState(ground: SliceGround): State;
  /** Called with each state when it begins to serve. */
  onServing?(state: State): void;
}

/** One attempt to hold the slice, from the first request to the loss. */
interface Holding<State> {
  readonly state: State;
  readonly clock: PausableClock;
  readonly startedAt: number;
  lease: TopicLease | undefined;
  serving: boolean;
  ended: boolean;
}

interface Waiter<State> {
  resolve(state: State): void;
  reject(error: SliceUnavailable): void;
}

/** Between attempts, doubled from the one to the other. */
const retryMsMin = 100;
const retryMsMax = 5_000;
/** Requests that wait for the slice; the next are told that it is being loaded. */
const waitersMax = 1_000;
/** A farewell that Pulsar does not confirm is waited for so long. */
const releaseMsMax = 3_000;
/** What a state still stores before is waited for so long. */
const settleMsMax = 2_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/**
 * The right to serve one slice of a tenant's state.
 *
 *   absent ──asked for──▶ opening ──lease serves, all replayed──▶ serving ◀──receipt── suspended
 *     ▲                      │                                       │  └──no receipt──▶  │
 *     └──(after a pause)─────┴──────────── lease lost ◀──────────────┴────────────────────┘
 *                              release(): another gateway is to hold it, nobody uses it, the process ends
 */
export class HeldSlice<State extends SliceState> {
  #holding: Holding<State> | undefined;
  #failures = 0;
  #retryAt = 0;
  #waiters: Waiter<State>[] = [];
  #releasing: Promise<void> | undefined;
  /** Of the clock: when somebody last asked. */
  lastUsedAt: number;

  constructor(private readonly services: HeldSliceServices<State>) {
    this.lastUsedAt = services.clock.now();
  }

  /** Asks for the slice, without using it, unless it has it or the pause after a failure lasts. */
  take(): void {
    if (this.#holding === undefined) this.#open();
  }

  /** The state if it serves at this moment. @throws SliceUnavailable */
  state(): State {
    const { things } = this.services;
    this.lastUsedAt = this.services.clock.now();
    const holding = this.#holding;
    if (holding?.serving) {
      if (holding.lease?.state === 'serving') return holding.state;
      throw new SliceUnavailable('unconfirmed', 'Pulsar does not confirm the lease');
    }
    if (holding === undefined && !this.#open()) {
      throw new SliceUnavailable('unconfirmed', `the ${things} cannot be loaded at present`);
    }
    throw this.#stillLoading();
  }

  /** The state when it serves. Rejects with SliceUnavailable when it does not within `timeoutMs`. */
  acquired(timeoutMs: number): Promise<State> {
    try {
      return Promise.resolve(this.state());
    } catch (error) {
      if (this.#holding === undefined || this.#holding.serving) return Promise.reject(error);
    }
    const { promise, resolve, reject } = Promise.withResolvers<State>();
    const waiter = { resolve, reject };
    this.#waiters.push(waiter);
    const timer = this.services.clock.after(timeoutMs, () => {
      this.#waiters = this.#waiters.filter((each) => each !== waiter);
      reject(this.#stillLoading());
    });
    return promise.finally(() => timer.cancel());
  }

  /**
   * Asks for the slice and resolves, in the order of the calls, when it serves, cannot be had, or did not come within
   * `timeoutMs`. Undefined where waiting is of no use: it serves, the pause after a failure lasts, too many wait.
   */
  loading(timeoutMs: number): Promise<void> | undefined {
    if (this.#holding?.serving || (this.#holding === undefined && !this.#open())) return undefined;
    if (timeoutMs === 0 || this.#waiters.length >= waitersMax) return undefined;
    const settled = () => {};
    return this.acquired(timeoutMs).then(settled, settled);
  }

  /** Without asking for it: undefined unless it serves. */
  get served(): State | undefined {
    return this.#holding?.serving ? this.#holding.state : undefined;
  }

  /** Gives the slice to whoever asks next. Everybody who waits is answered. */
  release(): Promise<void> {
    const holding = this.#holding;
    if (holding === undefined) return this.#releasing ?? Promise.resolve();
    const settled = holding.serving ? holding.state.settle?.() : undefined;
    if (settled === undefined) this.#end(holding);
    else this.#holding = undefined;
    return this.#leave(settled === undefined ? this.#farewell(holding) : this.#settled(holding, settled));
  }

  #leave(farewell: Promise<void>): Promise<void> {
    const releasing = farewell.finally(() => {
      if (this.#releasing === releasing) this.#releasing = undefined;
    });
    this.#releasing = releasing;
    return releasing;
  }

  /** The lease may be good, and would be held for nobody. */
  #giveUp(holding: Holding<State>, error: PulsarError): void {
    const isHeld = this.#holding === holding;
    this.#failed(holding, error);
    if (isHeld) this.#leave(this.#farewell(holding)).catch(() => undefined);
  }

  async #settled(holding: Holding<State>, settled: Promise<void>): Promise<void> {
    await Promise.race([settled.catch(() => undefined), pause(settleMsMax)]);
    this.#end(holding);
    await this.#farewell(holding);
  }

  async #farewell({ lease }: Holding<State>): Promise<void> {
    await Promise.race([lease?.release(), pause(releaseMsMax)]);
  }

  /** False while the pause after a failure lasts. */
  #open(): boolean {
    const { services } = this;
    const { tenant, slice } = services;
    if (services.clock.now() < this.#retryAt) return false;
    const clock = new PausableClock(services.clock);
    const store: SliceLog = { append: (records, done) => holding.lease?.append(records, done) };
    const holding: Holding<State> = {
      state: services.makeState({
        tenant,
        slice,
        clock,
        store,
        fail: (error) => this.#giveUp(holding, error),
      }),
      clock,
      startedAt: services.clock.now(),
      lease: undefined,
      serving: false,
      ended: false,
    };
    this.#holding = holding;
    this.#ask(holding).catch((error: unknown) => this.#failed(holding, error));
    return true;
  }

  async #ask(holding: Holding<State>): Promise<void> {
    const { services } = this;
    // The own farewell first: it would cut the next holding off.
    await this.#releasing;
    const topic = await services.topic();
    if (holding.ended) return;
    const lease = await services.acquireLease({
      topic,
      // The slice is the gateway's and not the tenant's: connections as the gateway itself.
      tenantKey: `pulsegate-${services.things} ${services.tenant.name}`,
      owner: services.owner,
      eager: true,
      pendingEntriesMax: services.pendingEntriesMax,
      onRecord: ({ key, value }) => holding.state.replay(key, value),
      onStateChange: (state, error) => this.#became(holding, state, error),
    });
    if (holding.ended) await lease.release();
    else holding.lease = lease;
  }

  #became(holding: Holding<State>, state: LeaseState, error: PulsarError | undefined): void {
    if (holding.ended) return;
    if (state === 'lost') this.#failed(holding, error);
    else if (state === 'suspended') holding.clock.pause();
    else if (state === 'serving') {
      if (holding.serving) holding.clock.resume();
      else this.#serve(holding);
    }
  }

  #serve(holding: Holding<State>): void {
    const { state } = holding;
    const { clock, things } = this.services;
    holding.serving = true;
    this.#failures = 0;
    this.#log('info', 'serving', `${things} of a slice are served`, {
      count: state.count,
      durationMs: clock.now() - holding.startedAt,
    });
    state.serve();
    this.services.onServing?.(state);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(state);
  }

  #failed(holding: Holding<State>, error: unknown): void {
    if (holding.ended) return;
    this.#retryAt =
      this.services.clock.now() + Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#failures++, 10));
    this.#end(holding);
    this.#log('warn', 'lost', `${this.services.things} of a slice are not served any more`, { error });
  }

  #end(holding: Holding<State>): void {
    holding.ended = true;
    if (this.#holding === holding) this.#holding = undefined;
    holding.clock.pause();
    holding.state.close();
    const error = new SliceUnavailable('elsewhere', `this gateway does not hold the ${this.services.things}`);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #stillLoading(): SliceUnavailable {
    return new SliceUnavailable('loading', `the ${this.services.things} are being loaded`);
  }

  #log(level: 'info' | 'warn', what: 'serving' | 'lost', message: string, fields: object): void {
    const { tenant, slice, things, log } = this.services;
    log[level]({ event: `slice-${what}`, things, tenant: tenant.name, slice, ...fields }, message);
  }
}
