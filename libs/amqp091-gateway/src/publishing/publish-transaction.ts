import { Amqp091Error } from '#libs/amqp091-codec';
import type { ChannelTransaction, TransactionWork } from '../channels/channel-transaction.js';

/** What one transaction may hold of what is to be done. */
const worksMax = 65_536;

/**
 * What a channel did since tx.select, kept until the commit as RabbitMQ does: a batch, which is not atomic over queues. What
 * was published is stored before anything is acknowledged, so that a commit that fails loses nothing.
 */
export class PublishTransaction implements ChannelTransaction {
  #published: TransactionWork[] = [];
  #works: TransactionWork[] = [];

  enlist(work: TransactionWork): void {
    this.#checkRoom();
    this.#works.push(work);
  }

  publish(work: TransactionWork): void {
    this.#checkRoom();
    this.#published.push(work);
  }

  /** Rejects where something of it is not done; the next transaction has begun all the same. */
  async commit(): Promise<void> {
    const published = this.#published;
    const works = this.#works;
    this.#begin();
    const done = await Promise.allSettled(published.map((work) => work.commit()));
    const failed = done.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed !== undefined) {
      for (const work of works) work.rollback();
      throw failed.reason;
    }
    await Promise.all(works.map((work) => work.commit()));
  }

  rollback(): void {
    const works = [...this.#published, ...this.#works];
    this.#begin();
    for (const work of works) work.rollback();
  }

  /** The channel is gone, and what it had to acknowledge with it. */
  close(): void {
    const published = this.#published;
    this.#begin();
    for (const work of published) work.rollback();
  }

  #begin(): void {
    this.#published = [];
    this.#works = [];
  }

  #checkRoom(): void {
    if (this.#published.length + this.#works.length < worksMax) return;
    throw new Amqp091Error(
      'resource-error',
      `a transaction of more than ${worksMax} messages and acknowledgements`,
    );
  }
}
