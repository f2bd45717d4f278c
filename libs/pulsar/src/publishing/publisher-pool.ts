import { randomUUID } from 'node:crypto';
import type { Log } from '#libs/telemetry';
import type { Producer } from '../producer/producer.js';
import type { PulsarClient } from '../client.js';
import { PublishBudget } from './publish-budget.js';
import { TurnEnd } from './turn-end.js';

const sweepIntervalMs = 30_000;
/** A publisher that nobody has used for so long is ended: it has no producer any more. */
const idleMsMax = 300_000;
/** One tenant has this of the process's bytes. */
const tenantShare = 0.5;
/** Of Pulsar's producers, above the bounds here: they never refuse first. */
const pendingBytesMax = 256 * 1024 * 1024;

/** Stores what is published to one topic, partition or queue. */
export interface PooledPublisher {
  readonly idle: boolean;
  /** Of the last message, in milliseconds since 1970. */
  readonly lastUsedMs: number;
  end(): Promise<void>;
}

/** What publishing has of one tenant. */
export class TenantPublishers<P extends PooledPublisher> {
  readonly byName = new Map<string, P>();

  constructor(readonly budget: PublishBudget) {}
}

export interface PublisherPoolOptions<P extends PooledPublisher, T extends TenantPublishers<P>> {
  readonly pulsar: Pick<PulsarClient, 'createProducer'>;
  /** In the names of producers and events, e.g. `mqtt`. */
  readonly protocol: string;
  /** Of the process, in bytes. */
  readonly bytesInFlightMax: number;
  readonly publishTimeoutMs: number;
  readonly log: Log;
  newTenant(budget: PublishBudget): T;
  /** Told now and then of each publisher that is in use. */
  onUsed?(publisher: P): void;
}

/** All publishers of one protocol in this process, by tenant and name, and the bounds of what they have in flight. */
export class PublisherPool<P extends PooledPublisher, T extends TenantPublishers<P> = TenantPublishers<P>> {
  /** Of this start of this process: a producer's name that comes back would make deduplication drop data. */
  readonly instance = randomUUID();
  private producers = 0;
  private readonly tenants = new Map<{ readonly name: string }, T>();
  private readonly budget: PublishBudget;
  private readonly turnEnd = new TurnEnd();
  private readonly sweep: NodeJS.Timeout;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: PublisherPoolOptions<P, T>) {
    this.budget = new PublishBudget(options.bytesInFlightMax);
    this.sweep = setInterval(() => this.endIdle(), sweepIntervalMs).unref();
  }

  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  get bytesInFlight(): number {
    return this.budget.bytes;
  }

  get count(): number {
    let count = 0;
    for (const { byName } of this.tenants.values()) count += byName.size;
    return count;
  }

  readonly schedule = this.turnEnd.schedule;

  readonly onThrown = (error: unknown): void => {
    const { log, protocol } = this.options;
    log.error({ event: `${protocol}.publish-callback-threw`, error }, 'a callback threw');
  };

  of(tenant: { readonly name: string }): T {
    let found = this.tenants.get(tenant);
    if (found === undefined) {
      const bytesMax = this.options.bytesInFlightMax * tenantShare;
      found = this.options.newTenant(new PublishBudget(bytesMax, this.budget));
      this.tenants.set(tenant, found);
    }
    return found;
  }

  /** After the end nothing is opened: such a publisher refuses. */
  add({ byName }: T, name: string, publisher: P): P {
    if (this.isClosed) void publisher.end();
    else byName.set(name, publisher);
    return publisher;
  }

  open(tenant: { readonly name: string }, topic: string): Promise<Producer> {
    const { pulsar, protocol, publishTimeoutMs } = this.options;
    return pulsar.createProducer({
      topic,
      tenantKey: tenant.name,
      name: `pulsegate.${this.instance}.${protocol}.${this.producers++}`,
      pendingBytesMax,
      sendTimeoutMs: publishTimeoutMs,
    });
  }

  /** The tenant is not there any more: what it has in flight has a moment, then it has no producer. */
  endTenant(tenant: { readonly name: string }): void {
    const publishers = [...(this.tenants.get(tenant)?.byName.values() ?? [])];
    this.tenants.delete(tenant);
    for (const publisher of publishers) void publisher.end();
  }

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  close(): Promise<void> {
    this.closing ??= this.endAll();
    return this.closing;
  }

  private async endAll(): Promise<void> {
    clearInterval(this.sweep);
    this.turnEnd.flush();
    const publishers = [...this.tenants.values()].flatMap(({ byName }) => [...byName.values()]);
    await Promise.all(publishers.map((publisher) => publisher.end()));
  }

  private endIdle(): void {
    const idleSince = Date.now() - idleMsMax;
    for (const { byName } of this.tenants.values()) {
      for (const [name, publisher] of byName) {
        if (!publisher.idle || publisher.lastUsedMs > idleSince) this.options.onUsed?.(publisher);
        else {
          byName.delete(name);
          void publisher.end();
        }
      }
    }
  }
}
