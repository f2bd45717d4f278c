import type { EntryPosition } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { StoreDone } from '../session/session-store.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import type { TailSubscriber } from './tail-subscriber.js';
import { TenantTails, type TenantTailsParts } from './tenant-tails.js';

/** The subscriptions of sessions that end with their connection: what is published reaches them, and nothing is kept. */
export class TailSubscriptions {
  private readonly tenants = new Map<string, TenantTails>();

  constructor(private readonly parts: TenantTailsParts) {}

  /**
   * Adds, or replaces the subscriber's subscription with the same filter, which must not be a shared one. `done` when what
   * is published from now on is delivered, perhaps before this returns; with an error there is no such subscription.
   */
  subscribe(
    tenant: Tenant,
    subscriber: TailSubscriber,
    subscription: MqttSubscription,
    done: StoreDone,
  ): void {
    let tails = this.tenants.get(tenant.name);
    if (tails === undefined) {
      tails = new TenantTails(this.parts, tenant);
      this.tenants.set(tenant.name, tails);
    }
    tails.subscribe(subscriber, subscription, done);
  }

  /** False: there was none with this filter. */
  unsubscribe(tenant: Tenant, subscriber: TailSubscriber, filter: string): boolean {
    return this.tenants.get(tenant.name)?.unsubscribe(subscriber, filter) ?? false;
  }

  /** All of the subscriber's: its session has ended. */
  drop(tenant: Tenant, subscriber: TailSubscriber): void {
    this.tenants.get(tenant.name)?.drop(subscriber);
  }

  /**
   * This gateway published, and Pulsar has confirmed an entry: who subscribes from now on does not get it, though it may not
   * have been read back yet. To be called before the publisher hears of it.
   */
  noteStored(tenant: Tenant, partition: string, position: EntryPosition): void {
    this.tenants.get(tenant.name)?.noteStored(partition, position);
  }

  /** Of all tenants. */
  get totals(): { subscriptions: number; deliveries: number } {
    const totals = { subscriptions: 0, deliveries: 0 };
    for (const { subscriptions, fanOut } of this.tenants.values()) {
      totals.subscriptions += subscriptions;
      totals.deliveries += fanOut.deliveries;
    }
    return totals;
  }

  /** Subscriptions of a tenant's sessions. */
  subscriptions(tenant: string): number {
    return this.tenants.get(tenant)?.subscriptions ?? 0;
  }

  close(): void {
    for (const tails of this.tenants.values()) tails.close();
  }
}
