import type { ClusterView } from '#libs/cluster';
import { type PulsarAdmin, PulsarAdminError } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { volatileKind, volatileMark } from './link-subscription.js';

export interface VolatileSubscriptionsServices {
  readonly admin: Pick<PulsarAdmin, 'deleteSubscription' | 'stats' | 'subscriptions' | 'topics'>;
  readonly cluster: Pick<ClusterView, 'self' | 'members' | 'nodeOf'>;
  readonly tenants: Iterable<Tenant>;
  readonly sweepMs: number;
  /** Between two topics. Default 20: nobody waits for it. */
  readonly paceMs?: number;
  /** One without consumers is not looked at again before that. Default 10 000: who was cut off is back by then. */
  readonly absentMs?: number;
  readonly log: Log;
}

interface Suspect {
  readonly partition: string;
  readonly subscription: string;
  readonly foundMs: number;
}

/** Sweeps from one look at all topics to the next where no gateway has gone: an hour by default. */
const sweepsPerLook = 60;
/** Partitions of one tenant in one look; the next look goes on behind the last of them. */
const partitionsMax = 20_000;
/** Those beyond it are found by the next look. */
const suspectsMax = 10_000;
/** Partitions that could not be looked at, and are with the next sweep; others are by the next look. */
const retriesMax = 1_000;
/** When a gateway has gone: the broker may take as long as from one sweep to the next to see that its consumers have. */
const looksAfterGone = 2;

/**
 * Deletes subscriptions that end with their last receiver (`SubscriptionPlan.endsWhen` left) where the gateway of the last
 * one was killed before it could.
 *
 * All topics are looked at when this gateway has begun, twice when another has gone, and every `sweepsPerLook` sweeps: those
 * of each tenant by one gateway, one after the other. A subscription of that kind without consumers is looked at again with the next
 * sweep, for its receivers may have been cut off for a moment, and is deleted when there are none then either.
 */
export class VolatileSubscriptions {
  private readonly suspects = new Map<string, Suspect>();
  /** Partitions, by tenant: behind it the next look begins, where there were too many for one. */
  private readonly resumeAfter = new Map<string, string>();
  private readonly retries = new Set<string>();
  private unlisted = new Set<Tenant>();
  private seen = new Set<string>();
  private looksDue = 1;
  private sweepsToLook = 0;
  private isSweeping = false;
  private isClosed = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly services: VolatileSubscriptionsServices) {
    this.timer = setInterval(() => void this.sweep(), services.sweepMs).unref();
  }

  /** Never rejects. Nothing while an earlier one runs. */
  async sweep(): Promise<void> {
    if (this.isSweeping || this.isClosed) return;
    this.isSweeping = true;
    await this.judgeSuspects();
    await this.lookAgain();
    if (this.isDue()) for (const tenant of this.services.tenants) await this.lookAt(tenant);
    this.isSweeping = false;
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
  }

  private isDue(): boolean {
    const { cluster } = this.services;
    const members = new Set([cluster.self, ...cluster.members()].map(({ instance }) => instance));
    const isGone = [...this.seen].some((instance) => !members.has(instance));
    this.seen = members;
    if (isGone) this.looksDue = looksAfterGone;
    else if (--this.sweepsToLook <= 0) this.looksDue = Math.max(1, this.looksDue);
    if (this.looksDue === 0) return false;
    this.looksDue--;
    this.sweepsToLook = sweepsPerLook;
    return true;
  }

  private async judgeSuspects(): Promise<void> {
    const { admin } = this.services;
    for (const [key, { partition, subscription, foundMs }] of this.suspects) {
      if (this.isClosed) return;
      // The look that found it took its time.
      if (performance.now() - foundMs < (this.services.absentMs ?? 10_000)) continue;
      this.suspects.delete(key);
      try {
        if (!(await this.abandoned(partition)).includes(subscription)) continue;
        await admin.deleteSubscription(partition, subscription);
        const fields = { event: 'amqp-volatile-swept', partition, subscription };
        this.services.log.debug(fields, 'deleted a subscription that a gateway left behind');
      } catch (error) {
        // Receivers are there again.
        if (!isStatus(error, 412)) this.failed(partition, error);
      }
      await this.pace();
    }
  }

  /** At what could not be looked at before. */
  private async lookAgain(): Promise<void> {
    const tenants = this.unlisted;
    const partitions = [...this.retries];
    this.unlisted = new Set();
    this.retries.clear();
    await this.lookAtEach(partitions);
    for (const tenant of tenants) await this.lookAt(tenant);
  }

  private async lookAt(tenant: Tenant): Promise<void> {
    const { cluster, admin, log } = this.services;
    if (this.isClosed) return;
    if (cluster.nodeOf(`amqp-volatile ${tenant.name}`).instance !== cluster.self.instance) return;
    let listed: readonly string[];
    try {
      listed = await admin.topics(tenant.pulsarNamespace);
    } catch (error) {
      if (isStatus(error, 404)) return;
      this.unlisted.add(tenant);
      const fields = { event: 'amqp-volatile-sweep', tenant: tenant.name, err: error };
      log.warn(fields, 'the topics of a tenant could not be looked at, the next sweep will');
      return;
    }
    await this.lookAtEach(this.nextOf(tenant, listed));
  }

  private async lookAtEach(partitions: readonly string[]): Promise<void> {
    for (const partition of partitions) {
      if (this.isClosed) return;
      await this.look(partition);
      await this.pace();
    }
  }

  /** What one look takes of a tenant's partitions, in the order of their names. */
  private nextOf({ name }: Tenant, listed: readonly string[]): readonly string[] {
    const after = this.resumeAfter.get(name) ?? '';
    const left = listed.filter((partition) => partition > after).sort();
    const next = left.slice(0, partitionsMax);
    const last = next.at(-1);
    if (left.length > next.length && last !== undefined) this.resumeAfter.set(name, last);
    else this.resumeAfter.delete(name);
    return next;
  }

  private async look(partition: string): Promise<void> {
    try {
      const names = await this.services.admin.subscriptions(partition);
      if (!names.some((name) => name.endsWith(volatileMark))) return;
      for (const subscription of await this.abandoned(partition)) {
        if (this.suspects.size >= suspectsMax) return;
        const foundMs = performance.now();
        this.suspects.set(`${partition}\n${subscription}`, { partition, subscription, foundMs });
      }
    } catch (error) {
      this.failed(partition, error);
    }
  }

  /** Subscriptions of the kind that have no consumers. */
  private async abandoned(partition: string): Promise<readonly string[]> {
    const { subscriptions } = await this.services.admin.stats(partition);
    return Object.entries(subscriptions)
      .filter(([name, { consumers, subscriptionProperties }]) => {
        const isVolatile =
          name.endsWith(volatileMark) && subscriptionProperties?.['pulsegate.kind'] === volatileKind;
        return isVolatile && consumers.length === 0;
      })
      .map(([name]) => name);
  }

  private failed(partition: string, error: unknown): void {
    // A topic that is gone has no subscriptions.
    if (isStatus(error, 404)) return;
    if (this.retries.size < retriesMax) this.retries.add(partition);
    const fields = { event: 'amqp-volatile-sweep', partition, err: error };
    this.services.log.debug(fields, 'a topic could not be looked at, the next sweep will');
  }

  private pace(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, this.services.paceMs ?? 20).unref();
    });
  }
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof PulsarAdminError && error.status === status;
}
