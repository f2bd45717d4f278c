import { z } from 'zod';
import { parseRate, RateTextError, type RateUnit } from '#libs/rate-limit';
import { everyName } from '#libs/tenancy';
import { type ConfigFault, type ConfigPath, duplicates } from './config-fault.js';
import { count, milliseconds } from './field.schema.js';

/** A rate as text: `10MB/s`, `1000/10s`, `5MB/s burst 20MB`. */
function rate(unit: RateUnit, what: string) {
  const example = unit === 'bytes' ? '10MB/s burst 20MB' : '1000/10s';
  return z
    .string()
    .transform((text, context) => {
      try {
        return parseRate(text, unit);
      } catch (error) {
        if (!(error instanceof RateTextError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .optional()
    .describe(`${what}: ${example}.`);
}

const traffic = {
  bytesIn: rate('bytes', 'Bytes of messages from clients'),
  bytesOut: rate('bytes', 'Bytes of messages to clients'),
  messagesIn: rate('count', 'Messages from clients'),
  messagesOut: rate('count', 'Messages to clients'),
  requests: rate('count', 'Requests, packets, frames or methods of any kind'),
};

const connections = {
  connections: count.optional().describe('Connections that are open at once.'),
  connectionRate: rate('count', 'New connections'),
};

const dryRun = z.boolean().default(false).describe('Nothing is slowed or refused; what would be is counted.');

const clientName = z.string().min(1).max(512);

const client = z.strictObject({
  user: clientName.optional().describe('A user, or `*`: each user without a setting of its own.'),
  clientId: clientName.optional().describe('A client id, or `*`: each one without a setting of its own.'),
  ...traffic,
  ...connections,
});

export const tenantLimits = z.strictObject({
  ...traffic,
  ...connections,
  sessions: count.optional().describe('MQTT sessions that outlive their connection, of this gateway.'),
  subscriptions: count
    .optional()
    .describe('Subscriptions of the MQTT clients that are connected to this gateway.'),
  groups: count.optional().describe('Kafka groups that this gateway coordinates.'),
  queues: count.optional().describe('AMQP 0-9-1 queues, over all gateways.'),
  topics: count.default(10_000).describe('Topics that the tenant may have; clients create none beyond.'),
  topicCreations: rate('count', 'Topics and partitions that clients create'),
  clients: z
    .array(client)
    .max(10_000)
    .default([])
    .describe('Limits of single users and client ids. For each kind the most specific counts, as in Kafka.'),
  throttleMsMax: milliseconds.optional().describe('Longest time that a client is slowed by at once.'),
  dryRun,
});

export const gatewayLimits = z.strictObject({
  ...traffic,
  ...connections,
  addresses: z.strictObject(connections).prefault({}).describe('Of each address, before TLS and login.'),
  dryRun,
});

/** What is wrong between the limits of one tenant. */
export function limitFaults({ clients }: z.output<typeof tenantLimits>, path: ConfigPath): ConfigFault[] {
  const faults = duplicates(
    clients.map(({ user, clientId }, at) => ({
      path: [...path, 'clients', at],
      value: [user && `user ${user}`, clientId && `client id ${clientId}`].filter(Boolean).join(', '),
    })),
  );
  for (const [at, { user, clientId, ...limits }] of clients.entries()) {
    const here = [...path, 'clients', at];
    if (user === undefined && clientId === undefined) {
      faults.push({
        path: here,
        message: `say whose limits these are: user, clientId or both; everyone is "${everyName}"`,
      });
    }
    if (Object.values(limits).every((each) => each === undefined)) {
      faults.push({ path: here, message: 'nothing is limited here' });
    }
  }
  return faults;
}
