import type { Tenant } from '#libs/tenancy';

/** A Pulsar topic that a client's messages go to. */
export interface TargetTopic {
  readonly tenant: Tenant;
  /** Inside the tenant's namespace. */
  readonly name: string;
  /** Full names; one of a topic without partitions. Read at each message: another array says that there are more by now. */
  readonly partitions: readonly string[];
  /** Pulsar's compaction needs a key, and takes an empty payload for a deletion: both are refused. */
  readonly compacted: boolean;
  /** Queues: one message per entry, so that each is given to another and comes again alone. */
  readonly queue: boolean;
}
