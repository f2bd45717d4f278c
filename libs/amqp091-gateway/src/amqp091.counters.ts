/** Counts of the AMQP 0-9-1 front: plain numbers, read on each scrape. */
export class Amqp091Counters {
  channelsOpen = 0;
  /** Exceptions that closed a channel and no more. */
  channelExceptions = 0;
  /** Stored where the dead letters of their queues go. */
  messagesDeadLettered = 0;
  /** Rejected, expired, too many or delivered too often, and no dead letters. */
  messagesDropped = 0;
  /** Entries of queues that could not be read. */
  messagesUnreadable = 0;
  /** Times that a client was told that it is blocked. */
  connectionsBlocked = 0;
}
