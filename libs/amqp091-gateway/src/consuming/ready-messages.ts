import { ReadyQueue } from '#libs/pulsar';
import type { QueueMessage } from './queue-message.js';

/** Messages that wait for their consumer: the highest priority first, and in their order within it (RabbitMQ, "Priority Queues"). */
export class ReadyMessages {
  private readonly levels: ReadyQueue<QueueMessage>[] = [];
  private count = 0;

  /** @param priorityMax 0: all are of one priority */
  constructor(private readonly priorityMax: number) {}

  get length(): number {
    return this.count;
  }

  push(message: QueueMessage): void {
    const level = Math.min(message.priority, this.priorityMax);
    (this.levels[level] ??= new ReadyQueue()).push(message);
    this.count++;
  }

  shift(): QueueMessage | undefined {
    if (this.count === 0) return undefined;
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
