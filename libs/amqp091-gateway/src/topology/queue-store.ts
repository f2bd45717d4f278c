import type { CreationRefusal } from '#libs/rate-limit';
import type { Queue } from './queue.js';
import type { Amqp091Scope } from './scope.js';

/** What the topology asks of who keeps the queues' messages. */
export interface QueueStore {
  /** Whether there is a Pulsar topic of this name, for queues that nobody declared. */
  exists(scope: Amqp091Scope, name: string): Promise<boolean>;
  /** Why a new queue's topic may not be made now; undefined: it may, and is counted. */
  refusal(scope: Amqp091Scope, name: string): Promise<CreationRefusal | undefined>;
  /** For if-unused and if-empty. */
  use(scope: Amqp091Scope, queue: Queue): Promise<{ readonly messages: number; readonly consumers: number }>;
  /**
   * Deletes all that the queue holds, before its declaration goes. Its consumers are cancelled. Resolves to how many
   * messages were in it.
   */
  remove(scope: Amqp091Scope, queue: Queue): Promise<number>;
}
