import type { FieldTable } from '#libs/amqp091-codec';

/** Who holds what does not outlive its holder. */
export interface QueueOwner {
  /** Of the gateway: `Member.nodeId` and `Member.instance`. */
  readonly nodeId: number;
  readonly instance: string;
  /** Of an exclusive queue: the connection, unique in its gateway's life. Absent: the gateway. */
  readonly connectionId?: string;
}

/** What the arguments of a queue say; absent: not limited, not asked for. */
export interface QueueSettings {
  readonly type: 'classic' | 'quorum';
  readonly messageTtlMs?: number;
  readonly expiresMs?: number;
  readonly maxLength?: number;
  readonly maxLengthBytes?: number;
  readonly overflow: 'drop-head' | 'reject-publish' | 'reject-publish-dlx';
  /** Empty: the default exchange. */
  readonly deadLetterExchange?: string;
  /** Absent: the message's own. */
  readonly deadLetterRoutingKey?: string;
  /** 1 to 255. */
  readonly maxPriority?: number;
  readonly singleActiveConsumer: boolean;
  /** Deliveries of a message beyond the first; negative: not limited. */
  readonly deliveryLimit?: number;
}

/** A queue as it was declared; the same object as long as it is not deleted. */
export interface Queue {
  readonly name: string;
  /** Of this declaration: one that is deleted and declared again is another. */
  readonly uid: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
  readonly settings: QueueSettings;
  /** Of an exclusive queue, and of one that is not durable. */
  readonly owner: QueueOwner | undefined;
}
