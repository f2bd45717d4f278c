/** Something that a client did on a transactional channel and that is not done before the commit (0-9-1 section 1.9). */
export interface TransactionWork {
  /** Does it. Resolves when it is done for good. */
  commit(): void | Promise<void>;
  /** It is as if the client had not done it. */
  rollback(): void;
}

/** What the client did since tx.select, or since the last commit or rollback. */
export interface ChannelTransaction {
  /** In the order in which it is to be done. @throws Amqp091Error: there is too much of it */
  enlist(work: TransactionWork): void;
}
