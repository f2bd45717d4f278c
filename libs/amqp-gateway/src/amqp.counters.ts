/** How deliveries end (AMQP 3.4), as metrics name it. */
export const settledOutcomes = ['accepted', 'rejected', 'released', 'modified'] as const;
export type SettledOutcome = (typeof settledOutcomes)[number];

type OutcomeCounts = Record<SettledOutcome, number>;

function outcomeCounts(): OutcomeCounts {
  return { accepted: 0, rejected: 0, released: 0, modified: 0 };
}

/** Counts of the AMQP front: plain numbers, read on each scrape. */
export class AmqpCounters {
  sessionsOpen = 0;
  /** Links that clients send on. */
  receiverLinksOpen = 0;
  /** Links that clients receive on. */
  senderLinksOpen = 0;
  /** Deliveries of clients, whole ones. */
  deliveriesReceived = 0;
  deliveriesSent = 0;
  /** Of those, how many came settled, or were sent settled. */
  presettledReceived = 0;
  presettledSent = 0;
  /** What clients were told of their deliveries. */
  readonly settledToClients = outcomeCounts();
  /** What clients said of deliveries to them. */
  readonly settledByClients = outcomeCounts();
  /** Times that a link's credit was withheld: a rate limit, or too much in flight to Pulsar. */
  creditWithheld = 0;
  /** Messages that were past their expiry when a link could have had them. */
  expired = 0;
  /** Rejected, or delivered too often, and stored in a dead-letter topic; or dropped where the tenant has none. */
  deadLettered = 0;
  dropped = 0;
  /** Entries of Pulsar that are no message: encrypted, a chunk of one, or damaged. */
  unreadable = 0;
  /** Came again though they were accepted, and were acknowledged again. */
  acknowledgedAgain = 0;
  /** Times that an entry was given back because a link's filter, or its client, did not want it. */
  leftToOthers = 0;
}
