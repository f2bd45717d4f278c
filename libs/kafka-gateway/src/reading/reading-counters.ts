/** Plain numbers, for metrics; one object serves all partitions. */
export class ReadingCounters {
  /** Entries that Pulsar dispatched to this process. */
  entries = 0;
  /** Reads answered at once. */
  fromMemory = 0;
  /** Reads that waited for Pulsar. */
  waited = 0;
  /** Entries that could not be served to Kafka clients, each time they were met. */
  unreadable = 0;
  /** Readers that read behind the tail: opened so often. */
  catchUps = 0;
}
