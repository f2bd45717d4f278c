import type { PulsarError } from '#libs/pulsar';
import type { ReadyCount } from '../queues/queues.js';
import type { ConsumingServices } from './consuming-services.js';
import type { QueueMessage } from './queue-message.js';
import { type QueueSink, QueueSource } from './queue-source.js';
import type { QueueSourcePlan } from './queue-source-plan.js';

/** What the queue holds and nobody was given, and what Pulsar has sent to this one and was not settled. */
export type CountReady = () => Promise<Pick<ReadyCount, 'messages' | 'given'>>;

/** Between two looks whether there is still something to wait for. */
const lookMs = 50;
/** The longest wait for a message that is there, as Pulsar says. */
const waitMsMax = 5_000;
/** Without a basic.get for so long, nothing is kept from others any more. */
const idleMs = 250;
/** How long a count is taken as true, less what was given since. */
const countMs = 1_000;

/**
 * Gives a channel messages of a queue one by one, when it asks for them (basic.get). Pulsar is asked for one only where there
 * may be one: what it was asked for and did not have, it would give this channel later, out of the others' order.
 */
export class QueueGetter implements QueueSink {
  private readonly source: QueueSource;
  private waiting: ((message: QueueMessage | undefined) => void) | undefined;
  private isAsked = false;
  private isRetired = false;
  private idle: NodeJS.Timeout | undefined;
  private counted = 0;
  private countedAt = -Infinity;

  constructor(
    services: ConsumingServices,
    plan: QueueSourcePlan,
    private readonly countReady: CountReady,
    /** It is not to be asked any more. */
    private readonly onOver: (getter: QueueGetter) => void,
  ) {
    this.source = new QueueSource(services, plan, this);
  }

  get room(): number {
    return this.waiting !== undefined && this.isAsked ? 1 : 0;
  }

  /** Rejects with PulsarError. */
  open(): Promise<void> {
    return this.source.open();
  }

  /** Resolves to undefined when there is none. Not to be called before the last one has resolved. */
  async next(): Promise<QueueMessage | undefined> {
    clearTimeout(this.idle);
    const found = Promise.withResolvers<QueueMessage | undefined>();
    this.waiting = found.resolve;
    this.isAsked = false;
    void this.seek(found.resolve);
    const message = await found.promise;
    if (!this.isRetired) this.idle = setTimeout(() => this.retire(), idleMs).unref();
    return message;
  }

  /** How many are left, about. */
  async left(): Promise<number> {
    if (this.isCounted && this.counted > 1) return --this.counted;
    const now = performance.now();
    this.counted = (await this.countReady()).messages;
    this.countedAt = now;
    return this.counted;
  }

  private get isCounted(): boolean {
    return performance.now() - this.countedAt < countMs;
  }

  onMessage(message: QueueMessage): void {
    this.found(message);
  }

  onEnded(_error: PulsarError): void {
    this.found(undefined);
    this.retire();
  }

  /** The channel is closed, and has given back what it had. */
  close(): void {
    this.isRetired = true;
    clearTimeout(this.idle);
    this.found(undefined);
    void this.source.close();
  }

  /** What the client has of it can still be settled. */
  retire(): void {
    if (this.isRetired) return;
    this.isRetired = true;
    clearTimeout(this.idle);
    this.source.stop();
    this.onOver(this);
  }

  private found(message: QueueMessage | undefined): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(message);
  }

  private async seek(asked: (message: QueueMessage | undefined) => void): Promise<void> {
    const isOver = () => this.waiting !== asked;
    try {
      if ((this.isCounted && this.counted > 0) || !(await this.source.hasNothing())) {
        if (isOver()) return;
        this.isAsked = true;
        this.source.roomChanged();
        await this.untilEmpty(isOver);
      }
    } catch {
      // Nobody knows: there was none in time.
    }
    if (isOver()) return;
    this.found(undefined);
    if (this.isAsked) this.retire();
  }

  /** A broker does not say that it has nothing: all is acknowledged, or others have the rest. */
  private async untilEmpty(isOver: () => boolean): Promise<void> {
    const until = performance.now() + waitMsMax;
    while (!isOver()) {
      await pause(lookMs);
      if (isOver() || performance.now() >= until || !(await this.isExpected())) break;
    }
    // What was on its way when it was counted.
    if (!isOver()) await pause(lookMs);
  }

  private async isExpected(): Promise<boolean> {
    const { held } = this.source;
    const { messages, given } = await this.countReady();
    return messages > 0 || given > held;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
