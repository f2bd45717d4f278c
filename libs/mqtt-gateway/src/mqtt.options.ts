import { z } from 'zod';
import { clientIdRules } from './authentication/client-id.js';
import { retainedDefaults } from './retained/retained.options.js';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

const bytes = (min: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max);
const count = (max: number) => z.int().min(1).max(max);
const milliseconds = (min: number, max: number) => z.int().min(min).max(max);

/** The settings of the MQTT front, with their defaults; the gateway's configuration embeds this schema. */
export const mqttOptionsSchema = z
  .strictObject({
    connectBytesMax: bytes(kibibyte, mebibyte)
      .default(64 * kibibyte)
      .describe('The largest CONNECT, with its will.'),
    packetBytesMax: bytes(4 * kibibyte, 256 * mebibyte)
      .default(mebibyte)
      .describe('The largest packet after CONNECT: the Maximum Packet Size that MQTT 5 clients are told.'),
    receiveMaximum: count(0xffff)
      .default(1_024)
      .describe(
        'QoS 1 and 2 publishes of a client that are not answered. MQTT 5 clients are told; others are not read at it.',
      ),
    publishBytesInFlightMax: bytes(64 * kibibyte)
      .default(4 * mebibyte)
      .describe('Bytes that a client published and Pulsar has not confirmed; at it, the client is not read.'),
    publishBytesInFlightMaxPerPartition: bytes(64 * kibibyte)
      .default(32 * mebibyte)
      .describe(
        'The same for one partition, over all clients; above it, who publishes there is not read, beyond twice it refused.',
      ),
    publishBytesInFlightMaxPerProcess: bytes(mebibyte)
      .default(128 * mebibyte)
      .describe('The same over all partitions; one tenant has half of it.'),
    publishTimeoutMs: milliseconds(1_000, 3_600_000)
      .default(60_000)
      .describe('A QoS 0 or 1 publish that Pulsar did not confirm for so long fails.'),
    topicAliasMaximum: z
      .int()
      .min(0)
      .max(0xffff)
      .default(32)
      .describe('Topic aliases that a client may use, and how many are used towards it.'),
    topicLevelsMax: count(0xffff).default(128).describe('Levels of a topic name or filter.'),
    clientIdCharsMax: count(0xffff).default(256).describe('Characters of a client identifier.'),
    clientIdRule: z
      .enum(clientIdRules)
      .default('any')
      .describe(
        'Client identifiers that a user may have: `any`; `user`: its name; `user-prefix`: that, or that with `/` and more.',
      ),
    keepAliveSecondsMax: count(0xffff)
      .default(0xffff)
      .describe('MQTT 5 clients that ask for a longer keep alive, or none, are told to use this one.'),
    sessionExpirySecondsMax: z
      .int()
      .min(0)
      .max(0xffffffff)
      .default(30 * 86_400)
      .describe(
        'How long a session outlives its connection at most; also what a 3.1.1 client without Clean Session gets.',
      ),
    sessionsMax: count(100_000_000)
      .default(1_000_000)
      .describe('Sessions of one tenant that outlive their connections, over all gateways; about.'),
    sessionQueueMessagesMax: count(1_000_000)
      .default(1_000)
      .describe(
        'QoS 1 and 2 messages that wait for one persistent session, connected or not; newer ones are dropped and counted.',
      ),
    sessionQueueBytesMax: bytes(64 * kibibyte)
      .default(mebibyte)
      .describe('Their bytes.'),
    sliceQueueBytesMax: bytes(mebibyte)
      .default(64 * mebibyte)
      .describe(
        'Bytes of messages that wait for the sessions of one slice, a quarter of the sessions of a tenant, each message once.',
      ),
    checkpointMs: milliseconds(10, 60_000)
      .default(1_000)
      .describe(
        'How often it is stored how far persistent sessions have come: after a crash, that is done again.',
      ),
    sessionSliceIdleMs: milliseconds(1_000, 0x7fffffff)
      .default(600_000)
      .describe('A slice without sessions that nobody asked for so long is given back.'),
    subscriptionsMax: count(1_000_000)
      .default(10_000)
      .describe(
        'Subscriptions of one session; their filters have ten times as many levels together at most.',
      ),
    outboundWindowMax: count(0xffff)
      .default(1_024)
      .describe('QoS 1 and 2 messages on their way to a client, whatever Receive Maximum it allows.'),
    outboundQueueMessagesMax: count(1_000_000)
      .default(1_000)
      .describe('Messages that wait for a connected client; what comes beyond is dropped and counted.'),
    outboundQueueBytesMax: bytes(64 * kibibyte)
      .default(mebibyte)
      .describe('Their bytes, with those on their way.'),
    partitionsReadMax: count(1_000_000)
      .default(5_000)
      .describe(
        'Partitions of Pulsar topics that a gateway reads for subscribers; a filter that needs more gets 0x97.',
      ),
    sharedSubscriptionsMax: count(1_000_000)
      .default(1_000)
      .describe(
        'Shared subscriptions (groups with a filter) of a tenant on one gateway; one more gets 0x97.',
      ),
    sharedSubscriptionIdleMs: milliseconds(1_000, 30 * 86_400_000)
      .default(300_000)
      .describe(
        'A shared subscription without a member, and that no persistent session has, is deleted after so long.',
      ),
    retainedMessagesMax: count(1_000_000)
      .default(retainedDefaults.retainedMessagesMax)
      .describe(
        'Topics of a tenant that have a retained message; a publish that would retain one more gets 0x97.',
      ),
    retainedBytesMax: bytes(64 * kibibyte)
      .default(retainedDefaults.retainedBytesMax)
      .describe('What they take in memory, about; the same beyond.'),
    retainedMessageBytesMax: bytes(kibibyte, 1_000_000)
      .default(retainedDefaults.retainedMessageBytesMax)
      .describe('Payload and properties of one retained message; the same beyond.'),
    systemTopicsIntervalMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(10_000)
      .describe(
        'How often the values of `$SYS/` topics are sent to subscribers; 0: there are no such topics.',
      ),
    willDelaySecondsMax: z
      .int()
      .min(0)
      .max(0xffffffff)
      .default(86_400)
      .describe('The longest will delay; a longer one is cut.'),
    unauthorizedPublish: z
      .enum(['drop', 'disconnect'])
      .default('disconnect')
      .describe(
        'A 3.1 or 3.1.1 client that publishes without permission: the message is dropped, or it is closed.',
      ),
    responseInformation: z
      .string()
      .max(1_024)
      .regex(/^(?!\$)[^+#\0]*$/, 'the beginning of a topic: without "+" and "#", and not with "$" first')
      .default('responses/%c/')
      .describe(
        'What MQTT 5 clients that ask are told to begin response topics with; %c is the client id; empty: nothing.',
      ),
    serverReference: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .describe('Other servers that MQTT 5 clients are told of when this one stops: `host:port`, by spaces.'),
    connectTimeoutMs: milliseconds(100, 120_000)
      .default(10_000)
      .describe('How long a CONNECT may wait for its session; then it is refused with 0x88.'),
  })
  .readonly();

export type MqttOptions = z.infer<typeof mqttOptionsSchema>;
