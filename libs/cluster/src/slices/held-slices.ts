import { PulsarAdminError, type PulsarClient, partitionTopicName } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import { HeldSlice, type SliceGround, type SliceState } from './held-slice.js';
import type { ClockTimer, SliceClock } from './slice-clock.js';
import { type SliceCluster, sliceKey, slicesTopic } from './slice-place.js';
import { SliceUnavailable } from './slice-unavailable.js';

export type SliceTenants = Iterable<Tenant> & Partial<Pick<TenantDirectory, 'has' | 'onChange'>>;

export interface HeldSlicesServices<State extends SliceState> {
  /** Part of the slices' keys and topics: `kafka-groups`. */
  readonly kind: string;
  /** What is in them, for logs and errors: `groups`. */
  readonly things: string;
  /** Into how many parts a tenant's state is divided: fixed, since it says where a record is. */
  readonly slicesPerTenant: number;
  readonly pulsar: Pick<PulsarClient, 'acquireLease' | 'admin'>;
  readonly cluster: SliceCluster;
  /** `<tenant>/<namespace>` of the gateway's own state. */
  readonly stateNamespace: string;
  /** Whose slices are taken up before anybody asks for them, and given back when they are not there any more. */
  readonly tenants?: SliceTenants;
  /** Appends of one slice without a receipt. */
  readonly pendingEntriesMax: number;
  /** An empty slice that nobody asked for so long is given back. */
  readonly idleMs: number;
  readonly log: Log;
  readonly clock: SliceClock;
  makeState(ground: SliceGround): State;
  onServing?(state: State): void;
}

/** Between two looks for slices that nobody uses, and for those that nobody holds. */
const checkMs = 30_000;
/** Until the others are known, this gateway is alone: what it took up then, it would have to give away. */
const firstCheckMs = 3_000;

/**
 * The slices of all tenants that this gateway serves. One is taken up by the first request for it, and, where there are
 * records of it, when it becomes this gateway's: time passes for what is in it though nobody asks.
 */
export class HeldSlices<State extends SliceState> {
  readonly #slices = new Map<string, HeldSlice<State>>();
  readonly #topics = new Map<string, Promise<string>>();
  readonly #stopWatching: (() => void)[];
  /** Given back since there was nothing in them and nobody asked. */
  readonly #unused = new Set<string>();
  #timer: ClockTimer;
  #closed = false;

  constructor(private readonly services: HeldSlicesServices<State>) {
    const stopWatching = services.cluster.onChange(() => {
      this.#handOver();
      this.#unused.clear();
      void this.#takeUp();
    });
    const stopHearing = services.tenants?.onChange?.(({ added, removed }) => {
      for (const tenant of removed) this.#giveBack(tenant);
      if (added.length > 0) void this.#takeUp();
    });
    this.#stopWatching = [stopWatching, stopHearing ?? (() => {})];
    this.#timer = this.#check(firstCheckMs);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The node that holds a slice, or is to. */
  nodeOf(tenant: Tenant, slice: number): number {
    return this.services.cluster.nodeOf(sliceKey(this.services.kind, tenant.name, slice));
  }

  isOwn(tenant: Tenant, slice: number): boolean {
    const { tenants, cluster } = this.services;
    if (this.#closed || tenants?.has?.(tenant) === false) return false;
    return this.nodeOf(tenant, slice) === cluster.nodeId;
  }

  /** The right to a slice that is to be this gateway's. @throws SliceUnavailable `elsewhere` */
  own(tenant: Tenant, slice: number): HeldSlice<State> {
    if (!this.isOwn(tenant, slice)) {
      throw new SliceUnavailable('elsewhere', `another gateway holds the ${this.services.things}`);
    }
    const key = sliceKey(this.services.kind, tenant.name, slice);
    this.#unused.delete(key);
    let held = this.#slices.get(key);
    if (held === undefined) this.#slices.set(key, (held = this.#make(tenant, slice)));
    return held;
  }

  /** Asks for nothing: undefined unless it serves here. */
  servedSlice(tenant: Tenant, slice: number): State | undefined {
    return this.#slices.get(sliceKey(this.services.kind, tenant.name, slice))?.served;
  }

  /** All that serve at this moment. */
  served(): State[] {
    return [...this.#slices.values()].flatMap(({ served }) => served ?? []);
  }

  /** All that this gateway is to hold of a tenant, replayed. Rejects with SliceUnavailable when one cannot be had. */
  async all(tenant: Tenant, timeoutMs: number): Promise<State[]> {
    const slices = Array.from({ length: this.services.slicesPerTenant }, (_, slice) => slice);
    const own = slices.filter((slice) => this.isOwn(tenant, slice));
    return Promise.all(own.map((slice) => this.own(tenant, slice).acquired(timeoutMs)));
  }

  /** Hands all slices over. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stopWatching) stop();
    this.#timer.cancel();
    await Promise.all([...this.#slices.values()].map((slice) => slice.release()));
  }

  #make(tenant: Tenant, slice: number): HeldSlice<State> {
    const { services } = this;
    return new HeldSlice<State>({
      tenant,
      slice,
      things: services.things,
      pendingEntriesMax: services.pendingEntriesMax,
      log: services.log,
      clock: services.clock,
      owner: `node ${services.cluster.nodeId}`,
      topic: async () => partitionTopicName(await this.#topic(tenant), slice),
      acquireLease: (lease) => services.pulsar.acquireLease(lease),
      makeState: (ground) => services.makeState(ground),
      onServing: (state) => services.onServing?.(state),
    });
  }

  #topicName({ name }: Tenant): string {
    return slicesTopic(this.services.stateNamespace, this.services.kind, name);
  }

  /** The partitioned topic of a tenant's records: made when it is not there, each time a slice is asked for. */
  #topic(tenant: Tenant): Promise<string> {
    let made = this.#topics.get(tenant.name);
    if (made === undefined) {
      made = this.#makeTopic(this.#topicName(tenant));
      this.#topics.set(tenant.name, made);
      const forget = () => this.#topics.delete(tenant.name);
      made.then(forget, forget);
    }
    return made;
  }

  async #makeTopic(topic: string): Promise<string> {
    const { pulsar, slicesPerTenant } = this.services;
    try {
      await pulsar.admin.createPartitionedTopic(topic, slicesPerTenant);
    } catch (error) {
      // Another gateway, or an earlier run, made it.
      if (!(error instanceof PulsarAdminError && error.status === 409)) throw error;
    }
    return topic;
  }

  /** Other gateways came or went: what is to be theirs goes to them. */
  #handOver(): void {
    const { cluster } = this.services;
    for (const [key, slice] of this.#slices)
      if (cluster.nodeOf(key) !== cluster.nodeId) this.#drop(key, slice);
  }

  /** The tenant was removed. */
  #giveBack(tenant: Tenant): void {
    for (let slice = 0; slice < this.services.slicesPerTenant; slice++) {
      const key = sliceKey(this.services.kind, tenant.name, slice);
      const held = this.#slices.get(key);
      if (held !== undefined) this.#drop(key, held);
    }
  }

  #check(afterMs: number): ClockTimer {
    const { idleMs, clock } = this.services;
    return clock.after(Math.min(afterMs, idleMs), () => {
      for (const [key, slice] of this.#slices) {
        const idle = slice.lastUsedAt + idleMs <= clock.now();
        if (!idle || slice.served?.count !== 0) continue;
        this.#unused.add(key);
        this.#drop(key, slice);
      }
      void this.#takeUp();
      this.#timer = this.#check(checkMs);
    });
  }

  /** Takes what is this gateway's and has a log. */
  async #takeUp(): Promise<void> {
    const { tenants, pulsar, stateNamespace, slicesPerTenant, kind } = this.services;
    if (tenants === undefined) return;
    // 404: no gateway has kept anything yet. Any other trouble: the next look tells.
    const topics = new Set(await pulsar.admin.partitionedTopics(stateNamespace).catch(() => []));
    for (const tenant of tenants) {
      if (!topics.has(this.#topicName(tenant))) continue;
      for (let slice = 0; slice < slicesPerTenant; slice++) {
        const isUnused = this.#unused.has(sliceKey(kind, tenant.name, slice));
        if (this.isOwn(tenant, slice) && !isUnused) this.own(tenant, slice).take();
      }
    }
  }

  #drop(key: string, slice: HeldSlice<State>): void {
    // The object stays: it knows of its own farewell, which the next holding waits for.
    void slice.release().catch((error: unknown) => {
      const fields = { event: 'slice-release-failed', slice: key, error };
      this.services.log.warn(fields, 'a slice was not handed over in order');
    });
  }
}
