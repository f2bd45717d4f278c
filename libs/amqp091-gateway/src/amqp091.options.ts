import { z } from 'zod';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** The settings of the AMQP 0-9-1 front, with their defaults; the gateway's configuration embeds this schema. */
export const amqp091OptionsSchema = z
  .strictObject({
    frameBytesMax: z
      .int()
      .min(4 * kibibyte)
      .max(16 * mebibyte)
      .default(128 * kibibyte)
      .describe('The largest frame, either way: the frame-max that clients are told.'),
    channelsMax: z
      .int()
      .min(1)
      .max(65_535)
      .default(2_047)
      .describe('Channels of one connection: the channel-max that clients are told.'),
    channelsMaxPerProcess: z
      .int()
      .min(1)
      .default(200_000)
      .describe(
        'Channels of all connections, of about 1 KB each; beyond, a client that opens one is closed.',
      ),
    heartbeatSeconds: z
      .int()
      .min(0)
      .max(65_535)
      .default(60)
      .describe(
        'The heartbeat that clients are told; theirs counts. Silence of twice as long ends a connection.',
      ),
    waitingBytesMax: z
      .int()
      .min(64 * kibibyte)
      .default(mebibyte)
      .describe('What waits for its turn on the channels of one connection; at it, the client is not read.'),
    assemblyBytesMax: z
      .int()
      .min(mebibyte)
      .default(16 * mebibyte)
      .describe('Messages that have come in part, over the channels of one connection.'),
    assemblyBytesMaxPerProcess: z
      .int()
      .min(16 * mebibyte)
      .default(256 * mebibyte)
      .describe('The same over all connections.'),
    publishBytesInFlightMax: z
      .int()
      .min(64 * kibibyte)
      .default(4 * mebibyte)
      .describe('Bytes that a client published and Pulsar has not confirmed; at it, the client is not read.'),
    publishBytesInFlightMaxPerQueue: z
      .int()
      .min(64 * kibibyte)
      .default(32 * mebibyte)
      .describe('The same for one queue, over all clients.'),
    publishBytesInFlightMaxPerProcess: z
      .int()
      .min(mebibyte)
      .default(128 * mebibyte)
      .describe('The same over all queues; one tenant has half of it.'),
    publishTimeoutMs: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(60_000)
      .describe('A message that Pulsar did not confirm for so long is refused: basic.nack.'),
    transactionBytesMax: z
      .int()
      .min(64 * kibibyte)
      .default(16 * mebibyte)
      .describe('Messages that transactions of one connection hold until they are committed.'),
    transactionBytesMaxPerProcess: z
      .int()
      .min(mebibyte)
      .default(256 * mebibyte)
      .describe('The same over all connections.'),
    prefetchMessagesMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe('Messages that are asked of Pulsar ahead for one consumer, however much it may be given.'),
    idleGiveBackMs: z
      .int()
      .min(10)
      .max(3_600_000)
      .default(2_000)
      .describe(
        'A consumer that takes no more gives back to its queue, after so long, what it was sent ahead.',
      ),
    ackMemoryMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(10_000)
      .describe(
        'Acknowledgements are remembered so long: what a broker gives again nevertheless is not delivered again.',
      ),
    blockedNoticeMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(1_000)
      .describe('A client that is not read for so long is told that it is blocked.'),
  })
  .prefault({});

export type Amqp091Options = z.infer<typeof amqp091OptionsSchema>;
