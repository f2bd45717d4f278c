import { type Producer, type PulsarClient, PulsarError } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { producerIdleMs, producersMax } from './transaction-limits.js';

/** A producer, until it is given back. */
export interface LentProducer {
  readonly producer: Producer;
  giveBack(): void;
}

interface Lendable {
  readonly opening: Promise<Producer>;
  lent: number;
  usedAt: number;
}

/** Producers that entries of transactions are sent with: one per partition, shared, closed when nobody used it for long. */
export class TransactionalProducers {
  private readonly byTopic = new Map<string, Lendable>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param sendTimeoutMs no transaction ends before what was sent in it is stored or has failed */
  constructor(
    private readonly pulsar: Pick<PulsarClient, 'createProducer'>,
    private readonly sendTimeoutMs: number,
  ) {}

  /** Rejects with PulsarError, 'TooManyPending' when too many are lent. */
  async lend(tenant: Tenant, topic: string): Promise<LentProducer> {
    const lendable = this.lendable(tenant, topic);
    lendable.lent++;
    const giveBack = () => {
      lendable.lent--;
      lendable.usedAt = performance.now();
    };
    try {
      return { producer: await lendable.opening, giveBack };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  private lendable(tenant: Tenant, topic: string): Lendable {
    let lendable = this.byTopic.get(topic);
    if (lendable === undefined) {
      if (this.closed) throw new PulsarError('Closed', 'the gateway stops');
      if (this.byTopic.size >= producersMax && !this.closeOldest()) {
        throw new PulsarError('TooManyPending', `${producersMax} producers are in use`);
      }
      lendable = { opening: this.open(tenant, topic), lent: 0, usedAt: 0 };
      this.byTopic.set(topic, lendable);
    }
    return lendable;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    const all = [...this.byTopic.values()];
    this.byTopic.clear();
    await Promise.all(all.map(({ opening }) => opening.then((producer) => producer.close()).catch(() => {})));
  }

  private open(tenant: Tenant, topic: string): Promise<Producer> {
    this.timer ??= setInterval(() => this.sweep(), producerIdleMs / 2).unref();
    const { sendTimeoutMs } = this;
    const opening = this.pulsar.createProducer({
      topic,
      tenantKey: tenant.name,
      transactional: true,
      sendTimeoutMs,
    });
    const forget = () => {
      if (this.byTopic.get(topic)?.opening === opening) this.byTopic.delete(topic);
    };
    opening.then((producer) => producer.onClosed(forget), forget);
    return opening;
  }

  private sweep(): void {
    const since = performance.now() - producerIdleMs;
    for (const [topic, { lent, usedAt }] of this.byTopic) if (lent === 0 && usedAt < since) this.end(topic);
  }

  private closeOldest(): boolean {
    let oldest: [string, number] | undefined;
    for (const [topic, { lent, usedAt }] of this.byTopic) {
      if (lent === 0 && (oldest === undefined || usedAt < oldest[1])) oldest = [topic, usedAt];
    }
    if (oldest !== undefined) this.end(oldest[0]);
    return oldest !== undefined;
  }

  private end(topic: string): void {
    const lendable = this.byTopic.get(topic);
    this.byTopic.delete(topic);
    void lendable?.opening.then((producer) => producer.close()).catch(() => {});
  }
}
