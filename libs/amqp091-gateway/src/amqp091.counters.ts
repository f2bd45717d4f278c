/** Counts of the AMQP 0-9-1 front: plain numbers, read on each scrape. */
export class Amqp091Counters {
  channelsOpen = 0;
  /** Exceptions that closed a channel and no more. */
  channelExceptions = 0;
  /** Times that a client was told that it is blocked. */
  connectionsBlocked = 0;
}
