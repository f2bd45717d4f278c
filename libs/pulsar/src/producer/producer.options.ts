import type { BackoffOptions } from '../backoff.js';
import type { KeyValue } from '../wire/commands.js';

export type AccessMode = 'shared' | 'exclusive' | 'wait-for-exclusive' | 'exclusive-with-fencing';

export interface ProducerOptions {
  /** One partition, or a topic without partitions: `persistent://tenant/namespace/topic`. */
  readonly topic: string;
  /** Connections are shared only between equal keys. */
  readonly tenantKey: string;
  /** Unique on the topic; deduplication remembers it. The broker makes one up when absent. */
  readonly name?: string;
  /** Default shared. All others get a connection away from other producers (see `ConnectionUse`). */
  readonly accessMode?: AccessMode;
  /** Bytes of frames without a receipt. Default 16 MiB. */
  readonly pendingBytesMax?: number;
  /** Entries without a receipt. Default 10 000. */
  readonly pendingEntriesMax?: number;
  readonly properties?: readonly KeyValue[];
  /** Entries of transactions will be sent: the topic is ready for them when the producer is. Default false. */
  readonly transactional?: boolean;
  /** Of the first message, when the producer numbers. Default: after the last that the broker knows of this name. */
  readonly initialSequenceId?: number;
  /** From `send` to the receipt, over all resends, in ms. Default 30 000; 0 = no limit. */
  readonly sendTimeoutMs?: number;
  readonly backoff?: BackoffOptions;
  /** Wait-for-exclusive: another producer holds the topic and this one waits for its turn. */
  onQueued?(): void;
}

export const producerDefaults = {
  accessMode: 'shared' as AccessMode,
  pendingBytesMax: 16 * 1024 * 1024,
  pendingEntriesMax: 10_000,
  sendTimeoutMs: 30_000,
};
