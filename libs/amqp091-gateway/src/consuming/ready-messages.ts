import { ReadyQueue } from '#libs/pulsar';
import type { QueueMessage } from './queue-message.js';

/** Messages that wait for their consumer: the highest priority first, and in their order within it (RabbitMQ, "Priority Queues"). */
export class ReadyMessages {
  private readonly levels: ReadyQueue<QueueMessage>[] = [];
  private count = 0;
  private isHeld = false;

  /**
   * @param priorityMax 0: all are of one priority
   * @param onReady of priorities: what came while there was none is given out after the turn in which it came, so that
   *   what came with it is compared
   */
  constructor(
    private readonly priorityMax: number,
    private readonly onReady: () => void,
  ) {}

  get length(): number {
    return this.count;
  }

  push(message: QueueMessage): void {
    const level = Math.min(message.priority, this.priorityMax);
    (this.levels[level] ??= new ReadyQueue()).push(message);
    if (this.count++ > 0 || this.priorityMax === 0 || this.isHeld) return;
    this.isHeld = true;
    setImmediate(() => {
      this.isHeld = false;
      this.onReady();
    });
  }

  shift(): QueueMessage | undefined {
    if (this.count === 0 || this.isHeld) return undefined;
    for (let level = this.levels.length - 1; level >= 0; level--) {
      const message = this.levels[level]?.shift();
      if (message === undefined) continue;
      this.count--;
      return message;
    }
    return undefined;
  }

  takeAll(): QueueMessage[] {
    this.count = 0;
    return this.levels.flatMap((level) => level?.takeAll() ?? []);
  }
}
