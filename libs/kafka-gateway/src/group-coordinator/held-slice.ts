import { KafkaErrorCode } from '#libs/kafka-codec';
import type { LeaseOptions, LeaseState, PulsarError, TopicLease } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaOptions } from '../kafka.options.js';
import { type CoordinatorClock, PausableClock } from './coordinator-clock.js';
import { GroupCoordinator, type GroupTopics } from './group-coordinator.js';
import type { GroupRecordKind } from './group-record.js';

export interface HeldSliceServices {
  readonly tenant: Tenant;
  readonly topics: GroupTopics;
  readonly slice: number;
  readonly kinds: readonly GroupRecordKind[];
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock: CoordinatorClock;
  /** This gateway, for people who read the topic. */
  readonly owner: string;
  /** The topic of the slice's records, made when it was not there. */
  topic(): Promise<string>;
  acquireLease(options: LeaseOptions): Promise<TopicLease>;
  /** Called with each coordinator when it begins to serve. */
  onServing?(coordinator: GroupCoordinator): void;
}

/** One attempt to hold the slice, from the first request to the loss. */
interface Holding {
  readonly coordinator: GroupCoordinator;
  readonly clock: PausableClock;
  readonly startedAt: number;
  lease: TopicLease | undefined;
  serving: boolean;
  ended: boolean;
}

interface Waiter {
  resolve(coordinator: GroupCoordinator): void;
  reject(error: KafkaError): void;
}

/** Between attempts, doubled from the one to the other. */
const retryMsMin = 100;
const retryMsMax = 5_000;
/** Requests that wait for the slice; the next are told that it is being loaded. */
const waitersMax = 1_000;
/** A farewell that Pulsar does not confirm is waited for so long. */
const releaseMsMax = 3_000;

/**
 * The right to serve one slice of a tenant's groups.
 *
 *   absent ──asked for──▶ opening ──lease serves, all replayed──▶ serving ◀──receipt── suspended
 *     ▲                      │                                       │  └──no receipt──▶  │
 *     └──(after a pause)─────┴──────────── lease lost ◀──────────────┴────────────────────┘
 *                              release(): another gateway is to hold it, nobody uses it, the process ends
 */
export class HeldSlice {
  #holding: Holding | undefined;
  #failures = 0;
  #retryAt = 0;
  #waiters: Waiter[] = [];
  #releasing: Promise<void> | undefined;
  /** Of the clock: when somebody last asked. */
  lastUsedAt: number;

  constructor(private readonly services: HeldSliceServices) {
    this.lastUsedAt = services.clock.now();
  }

  /** Asks for the slice, without using it, unless it has it or the pause after a failure lasts. */
  take(): void {
    if (this.#holding === undefined) this.#open();
  }

  /** The coordinator if it serves at this moment. @throws KafkaError, see `GroupCoordinators.coordinator` */
  coordinator(): GroupCoordinator {
    this.lastUsedAt = this.services.clock.now();
    const holding = this.#holding;
    if (holding?.serving) {
      if (holding.lease?.state === 'serving') return holding.coordinator;
      throw new KafkaError(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, 'Pulsar does not confirm the lease');
    }
    if (holding === undefined && !this.#open()) {
      throw new KafkaError(
        KafkaErrorCode.COORDINATOR_NOT_AVAILABLE,
        'the groups cannot be loaded at present',
      );
    }
    throw new KafkaError(KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 'the groups are being loaded');
  }

  /** The coordinator when it serves. Rejects with a KafkaError when it does not within `timeoutMs`. */
  acquired(timeoutMs: number): Promise<GroupCoordinator> {
    try {
      return Promise.resolve(this.coordinator());
    } catch (error) {
      if (this.#holding === undefined || this.#holding.serving) return Promise.reject(error);
    }
    const { promise, resolve, reject } = Promise.withResolvers<GroupCoordinator>();
    const waiter = { resolve, reject };
    this.#waiters.push(waiter);
    const timer = this.services.clock.after(timeoutMs, () => {
      this.#waiters = this.#waiters.filter((each) => each !== waiter);
      reject(new KafkaError(KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 'the groups are being loaded'));
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
  get served(): GroupCoordinator | undefined {
    return this.#holding?.serving ? this.#holding.coordinator : undefined;
  }

  /** Gives the slice to whoever asks next. Everybody who waits is answered. */
  release(): Promise<void> {
    const holding = this.#holding;
    if (holding === undefined) return this.#releasing ?? Promise.resolve();
    this.#end(holding);
    const farewell = holding.lease?.release() ?? Promise.resolve();
    const releasing = Promise.race([
      farewell,
      new Promise<void>((resolve) => {
        setTimeout(resolve, releaseMsMax).unref();
      }),
    ]).finally(() => {
      if (this.#releasing === releasing) this.#releasing = undefined;
    });
    this.#releasing = releasing;
    return releasing;
  }

  /** False while the pause after a failure lasts. */
  #open(): boolean {
    const { services } = this;
    if (services.clock.now() < this.#retryAt) return false;
    const clock = new PausableClock(services.clock);
    const holding: Holding = {
      coordinator: new GroupCoordinator({
        ...services,
        clock,
        store: {
          append: (records, done) => holding.lease?.append(records, done),
        },
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

  async #ask(holding: Holding): Promise<void> {
    const { services } = this;
    // The own farewell first: it would cut the next holding off.
    await this.#releasing;
    const topic = await services.topic();
    if (holding.ended) return;
    const lease = await services.acquireLease({
      topic,
      // The slice is the gateway's and not the tenant's: connections as the gateway itself.
      tenantKey: `pulsegate-groups ${services.tenant.name}`,
      owner: services.owner,
      eager: true,
      pendingEntriesMax: services.options.groupPendingRecordsMax,
      onRecord: ({ key, value }) => holding.coordinator.replay(key, value),
      onStateChange: (state, error) => this.#became(holding, state, error),
    });
    if (holding.ended) await lease.release();
    else holding.lease = lease;
  }

  #became(holding: Holding, state: LeaseState, error: PulsarError | undefined): void {
    if (holding.ended) return;
    if (state === 'lost') this.#failed(holding, error);
    else if (state === 'suspended') holding.clock.pause();
    else if (state === 'serving') {
      if (holding.serving) holding.clock.resume();
      else this.#serve(holding);
    }
  }

  #serve(holding: Holding): void {
    const { coordinator } = holding;
    const { clock } = this.services;
    holding.serving = true;
    this.#failures = 0;
    this.#log('info', 'group-slice-serving', 'groups of a slice are served', {
      count: coordinator.groupCount,
      durationMs: clock.now() - holding.startedAt,
    });
    coordinator.serve();
    this.services.onServing?.(coordinator);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(coordinator);
  }

  #failed(holding: Holding, error: unknown): void {
    if (holding.ended) return;
    this.#retryAt =
      this.services.clock.now() + Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#failures++, 10));
    this.#end(holding);
    this.#log('warn', 'group-slice-lost', 'groups of a slice are not served any more', { error });
  }

  #end(holding: Holding): void {
    holding.ended = true;
    if (this.#holding === holding) this.#holding = undefined;
    holding.clock.pause();
    holding.coordinator.close(KafkaErrorCode.NOT_COORDINATOR);
    const error = new KafkaError(KafkaErrorCode.NOT_COORDINATOR, 'this gateway does not hold the groups');
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #log(level: 'info' | 'warn', event: string, message: string, fields: object): void {
    const { tenant, slice, log } = this.services;
    log[level]({ event, tenant: tenant.name, slice, ...fields }, message);
  }
}
