/** Counts of what is read of Pulsar for MQTT: plain numbers, read on each scrape. */
export class ReadingCounters {
  /** Partitions that are read at their end. */
  tails = 0;
  /** Readers of listeners that are behind. */
  catchUps = 0;
  entries = 0;
  /** Entries that are, or end in, no messages: encrypted, chunks, damaged. */
  undecodable = 0;
  /** Messages of shared subscriptions that none of the members here might receive. */
  sharedDenied = 0;
}
