import { z } from 'zod';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

const bytes = (min: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max);
const count = (max: number) => z.int().min(1).max(max);
const milliseconds = (min: number, max: number) => z.int().min(min).max(max);

/** The settings of the AMQP 1.0 front, with their defaults; the gateway's configuration embeds this schema. */
export const amqpOptionsSchema = z
  .strictObject({
    frameBytesMax: bytes(512, 16 * mebibyte)
      .default(128 * kibibyte)
      .describe('The largest frame that clients may send: the max-frame-size that they are told.'),
    sessionsMax: count(0x1_0000).default(64).describe('Sessions of one connection: what channel-max tells.'),
    linksPerSessionMax: count(0x1_0000).default(256).describe('Links of one session: what handle-max tells.'),
    sessionWindowFrames: count(0x7fff_ffff)
      .default(2_048)
      .describe('Transfer frames that a client may send before the session window is renewed.'),
    linkCreditMessages: count(0xffff)
      .default(1_000)
      .describe('Messages that a client may have in flight on one link.'),
    unsettledMax: count(1_000_000)
      .default(10_000)
      .describe('Deliveries to a client that one link leaves unsettled; at it, no more come.'),
    subscriptionsMaxPerTopic: count(100_000)
      .default(1_000)
      .describe('Subscriptions of a topic, of all protocols, up to which clients make new ones.'),
    suspendedLinkMsMax: milliseconds(0, 86_400_000)
      .default(60_000)
      .describe('A link that is not attached waits so long to be resumed, or shorter as its client says.'),
    prefetchMessagesMax: count(100_000)
      .default(1_000)
      .describe('Messages that are asked of Pulsar ahead for one link, however much credit it has.'),
    idleGiveBackMs: milliseconds(10, 3_600_000)
      .default(2_000)
      .describe(
        'A link without credit gives back to its shared subscription, after so long, what it was sent ahead.',
      ),
    redeliveryDelayMs: milliseconds(0, 3_600_000)
      .default(0)
      .describe('Before a message comes again that a client modified as failed.'),
    ackMemoryMs: milliseconds(0, 600_000)
      .default(10_000)
      .describe(
        'Acknowledgements are remembered so long: what a broker gives again nevertheless is not delivered again.',
      ),
    drainWaitMs: milliseconds(1, 60_000)
      .default(100)
      .describe('The longest wait for a first message when a client drains a link that may have one.'),
    publishBytesInFlightMax: bytes(64 * kibibyte)
      .default(4 * mebibyte)
      .describe('Bytes that a client sent and Pulsar has not confirmed; at it, its links get no credit.'),
    publishBytesInFlightMaxPerPartition: bytes(64 * kibibyte)
      .default(32 * mebibyte)
      .describe('The same for one partition, over all clients.'),
    publishBytesInFlightMaxPerProcess: bytes(mebibyte)
      .default(128 * mebibyte)
      .describe('The same over all partitions; one tenant has half of it.'),
    publishTimeoutMs: milliseconds(1_000, 3_600_000)
      .default(60_000)
      .describe('A message that Pulsar did not confirm for so long is rejected.'),
    idleTimeoutMs: milliseconds(1_000, 3_600_000)
      .default(60_000)
      .describe(
        'A client that is silent for so long is closed: the idle-time-out that it is told is half of it.',
      ),
    transactionTimeoutMsMax: milliseconds(100, 60_000)
      .default(10_000)
      .describe('How long a transaction may be open: it holds up every reader of what it writes.'),
    temporarySweepMs: milliseconds(1_000, 86_400_000)
      .default(60_000)
      .describe(
        'How often temporary queues, and shared subscriptions that are not durable, are looked for whose gateway is gone.',
      ),
  })
  .prefault({});

export type AmqpOptions = z.infer<typeof amqpOptionsSchema>;
