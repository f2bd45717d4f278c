/** Declared and not ended, of one connection and of one tenant in this process. */
export const transactionsPerConnectionMax = 16;
export const transactionsPerTenantMax = 1_000;

/**
 * Bytes of messages that wait here for their transaction's discharge; above, they go to Pulsar, whose readers of their
 * partitions then wait for the discharge too (docs/amqp.md).
 */
export const heldBytesMax = 256 * 1024;
/** The same over all transactions of the process; one tenant has half of it. */
export const heldBytesPerProcessMax = 32 * 1024 * 1024;

/** Messages and outcomes that one transaction may have enlisted and not sent. */
export const enlistedMax = 50_000;

/** Acknowledgements in one command. */
export const acknowledgementsPerCommandMax = 1_000;

/** Producers that transactions send with, of the process; and how long one that is not used stays open, in ms. */
export const producersMax = 1_000;
export const producerIdleMs = 60_000;
